"""What those who are listed may do to a run by OSC: move a control, silence it, have the piece read again."""

from __future__ import annotations

from collections.abc import Callable

from somatone.errors import SomatoneError
from somatone.path import Path
from somatone.pieces.piece import Piece, load_piece
from somatone.records import Action, Control, Record, Status
from somatone.sinks.osc.allow import Order, Panic, Reload


class Orders:
    """`obey` orders; `silences` says what is not to be heard. A control stays as told until a route moves it again."""

    def __init__(
        self,
        piece: Piece,
        path: Path,
        dispatch: Callable[[Record, float], None],
        say: Callable[[Status], None],
    ) -> None:
        self._piece = piece
        self._path = path
        self._dispatch = dispatch
        self._say = say
        self._silenced = False

    def obey(self, order: Order, now_s: float) -> None:
        match order:
            case Control():
                self._dispatch(order, now_s)
            case Panic():
                self._silence(order.on, now_s)
            case Reload():
                self._reload(now_s)

    def silences(self, action: Action) -> bool:
        """Whether this would make sound again that somebody stopped."""
        return self._silenced and isinstance(action, Control) and (action.voice, action.control) == ("master", "level")

    def _silence(self, on: bool, now_s: float) -> None:
        """Nothing is heard until somebody says otherwise, whatever the routes do."""
        self._silenced = False
        level = 0.0 if on else self._path.value("master.level")
        self._dispatch(Control("master", "level", level, now_s), now_s)
        self._silenced = on
        said = "Somebody silenced the sound by OSC." if on else "The sound is let go on by OSC."
        self._say(Status("panic", int(on), now_s, said))

    def _reload(self, now_s: float) -> None:
        """The piece and its layer as they are now on the disk; without their voices, which were made at the start."""
        old = self._piece
        try:
            piece = load_piece(old.folder / "piece.toml")
        except SomatoneError as error:
            self._say(Status("piece", "wrong", now_s, f"The piece was not read again: {error}"))
            return
        if (piece.voices, piece.outside) != (old.voices, old.outside):
            self._say(Status("piece", "old", now_s, "The piece's voices or targets changed: start somatone again."))
            return
        self._piece = piece
        for record in self._path.reload(piece, now_s):
            self._dispatch(record, now_s)
        self._say(Status("piece", "new", now_s, f"The piece {piece.name} was read again."))
