"""What a page is told: records in, frames out. A plain object: no I/O, no clock, the same input gives the same bytes.

    chunks, records, snapshots of all pairs -> Feed -> frame (what is new) or whole (for a page that has just come)

Bounded in everything: wearers, samples and pictures. A picture comes at most `PICTURE_HZ` times a second, and again
every `AGAIN_S`, because a page may have lost the frame that it came with.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from somatone.records import Chunk, Control, Gate, Level, Note, Picture, Record, Status
from somatone.sinks.page.frame import (
    DECIMALS,
    GateView,
    Header,
    LevelView,
    PairLine,
    PictureView,
    SignalView,
    pack,
    pair_lines,
)
from somatone.timeline.correlation.snapshot import Snapshot

FRAME_HZ = 30
PICTURE_HZ = 15
AGAIN_S = 2.0
BACKLOG_S = 8.0  # of samples, for a page that has just come
MOST_WEARERS = 8
MOST_IMAGE_BYTES = 1 << 18  # a picture beyond it is left out and counted

Item = Record | Chunk | Snapshot


@dataclass(slots=True)
class _Gate:
    open: int = 0
    count: int = 0
    opened_s: float = -math.inf
    strength: int = 0

    def view(self, now_s: float) -> GateView:
        age_s = round(now_s - self.opened_s, DECIMALS) if self.count else -1.0
        return GateView(self.open, self.count, age_s, self.strength)


@dataclass(slots=True)
class _Signal:
    rate_hz: float
    width: int
    validity: str = ""
    source: str = ""
    new: list[int] = field(default_factory=list)
    backlog: deque[int] = field(default_factory=deque)

    def add(self, chunk: Chunk) -> None:
        self.validity, self.source = chunk.validity.value, chunk.source
        self.new += chunk.samples
        self.backlog += chunk.samples
        most = int(BACKLOG_S * self.rate_hz) * self.width
        while len(self.backlog) > most:
            self.backlog.popleft()
        del self.new[: max(0, len(self.new) - most)]

    def view(self, samples: list[int]) -> SignalView:
        return SignalView(self.rate_hz, self.width, self.validity, self.source, samples)


@dataclass(slots=True)
class _Picture:
    picture: Picture
    came_s: float
    serial: int = 0
    said: int = -1
    said_s: float = -math.inf

    def due(self, now_s: float) -> bool:
        least_s = 1 / PICTURE_HZ if self.serial != self.said else AGAIN_S
        return now_s - self.said_s >= least_s - 1e-6

    def view(self, now_s: float) -> PictureView:
        p = self.picture
        age_s = round(now_s - self.came_s, DECIMALS)
        return PictureView(p.wearer, p.name, p.width, p.height, p.count, self.serial, age_s)


class Feed:
    """Takes everything that leaves the path, and says on demand how it stands. `left_out` counts what is too much."""

    def __init__(self, stage: str, piece: str) -> None:
        self._stage, self._piece = stage, piece
        self._gates: dict[str, _Gate] = {}
        self._notes: dict[str, _Gate] = {}
        self._levels: dict[str, LevelView] = {}
        self._controls: dict[str, float] = {}
        self._signals: dict[str, _Signal] = {}
        self._pictures: dict[str, _Picture] = {}
        self._pairs: list[PairLine] = []
        self._pairs_new = False
        self._wearers: set[str] = set()
        self._number = 0
        self.left_out = 0

    def take(self, item: Item, emitted_s: float) -> None:
        """One thing that was emitted at `emitted_s` on the path's clock."""
        match item:
            case Control():
                self._controls[f"{item.voice}.{item.control}"] = round(item.value, DECIMALS)
            case Note():
                _open(self._notes.setdefault(item.voice, _Gate()), 1, emitted_s, 0)
                self._notes[item.voice].open = 0  # a note has no end that is told
            case Snapshot():
                self._pairs, self._pairs_new = pair_lines(item), True
            case Status():
                self._status(item)
            case _ if not self._known(item.wearer):
                self.left_out += 1
            case Chunk():
                self._chunk(item)
            case Gate():
                gate = self._gates.setdefault(f"{item.wearer}/{item.name}", _Gate())
                _open(gate, item.value, emitted_s, item.strength)
            case Level():
                view = LevelView(round(item.value, DECIMALS), item.validity.value)
                self._levels[f"{item.wearer}/{item.name}"] = view
            case Picture():
                self._picture(item, emitted_s)

    def frame(self, now_s: float) -> bytes:
        """What has changed and how all stands at `now_s`: for every page that has had the frame before."""
        self._number += 1
        due = [picture for picture in self._pictures.values() if picture.due(now_s)]
        for picture in due:
            picture.said, picture.said_s = picture.serial, now_s
        signals = {key: signal.view(signal.new) for key, signal in self._signals.items()}
        pairs = self._pairs if self._pairs_new else None
        data = self._packed(now_s, signals, due, pairs)
        for signal in self._signals.values():
            signal.new = []
        self._pairs_new = False
        return data

    def whole(self, now_s: float) -> bytes:
        """All there is, the last seconds of every signal too: for a page that has just come."""
        signals = {key: s.view(list(s.backlog)[: len(s.backlog) - len(s.new)]) for key, s in self._signals.items()}
        return self._packed(now_s, signals, list(self._pictures.values()), self._pairs)

    def _packed(
        self, now_s: float, signals: dict[str, SignalView], pictures: list[_Picture], pairs: list[PairLine] | None
    ) -> bytes:
        header = Header(
            self._number,
            round(now_s, DECIMALS),
            self._stage,
            self._piece,
            {key: gate.view(now_s) for key, gate in self._gates.items()},
            self._levels,
            signals,
            self._controls,
            {key: note.view(now_s) for key, note in self._notes.items()},
            [picture.view(now_s) for picture in pictures],
            pairs,
        )
        return pack(header, [picture.picture for picture in pictures])

    def _known(self, wearer: str) -> bool:
        """Whether this wearer is shown: the first few that come are."""
        if wearer not in self._wearers and len(self._wearers) < MOST_WEARERS:
            self._wearers.add(wearer)
        return wearer in self._wearers

    def _chunk(self, chunk: Chunk) -> None:
        if not chunk.leads:
            return
        key = f"{chunk.wearer}/{chunk.signal}"
        self._signals.setdefault(key, _Signal(chunk.rate_hz, chunk.width)).add(chunk)

    def _picture(self, picture: Picture, emitted_s: float) -> None:
        if not 0 < len(picture.pixels) <= MOST_IMAGE_BYTES or len(picture.pixels) % (picture.width * picture.height):
            self.left_out += 1
            return
        key = f"{picture.wearer}/{picture.name}"
        before = self._pictures.get(key)
        if before:
            before.picture, before.came_s, before.serial = picture, emitted_s, before.serial + 1
        else:
            self._pictures[key] = _Picture(picture, emitted_s)

    def _status(self, status: Status) -> None:
        signal, _, rest = status.name.rpartition(".")
        if rest == "validity" and (known := self._signals.get(f"{status.wearer}/{signal}")):
            known.validity = status.validity.value


def _open(gate: _Gate, value: int, emitted_s: float, strength: int) -> None:
    """An edge; a gate that is said to be open again has not opened."""
    if value and not gate.open:
        gate.count += 1
        gate.opened_s, gate.strength = emitted_s, strength
    gate.open = value
