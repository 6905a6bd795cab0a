"""A piece: which voices sound, and which gate or level moves which of their controls. Read strictly from `piece.toml`.

Every name is checked against the tables of voices and rules before anything sounds; an unknown key, control or wrong
range is one sentence that names the file, the key and the nearest valid name.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from somatone import paths
from somatone.errors import PieceError, SomatoneError, UsageError
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings
from somatone.pieces.check import check_file
from somatone.pieces.check_sections import check_sections
from somatone.pieces.layer import NO_LAYER, Layer, over, read_layer
from somatone.pieces.outside import NOTHING_OUTSIDE, Outside, notes_of, outside_of, routes_of
from somatone.pieces.schema import TABLES, File, Follow, GateRoute, NoteRoute, Route, Section
from somatone.pieces.stages import DEFAULT_STAGE, stage_of


class Piece(msgspec.Struct, frozen=True):
    """A checked piece. `voices` are its sources, its space and its `inserts`, which those of `through` pass in that
    order. `rest` holds where a control stands before any route has moved it.

    `rules` are the piece's settings with the artist's `layer` over them.
    """

    folder: Path
    name: str
    about: str
    voices: tuple[str, ...]
    routes: tuple[Route, ...]
    rest: Mapping[str, float]
    notes: tuple[NoteRoute, ...]
    gates: tuple[GateRoute, ...] = ()
    rules: RuleSettings = NO_SETTINGS
    seed: int = 1
    layer: Layer = NO_LAYER
    outside: Outside = NOTHING_OUTSIDE
    layout: str | list[tuple[float, float]] = "stereo"
    inserts: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    library: str = ""  # whose kept gestures it plays
    bed: Path | None = None  # the long recording that a voice plays from the disk; without it the library's longest
    stage: str = DEFAULT_STAGE  # what the wall shows
    loudness: tuple[float, float] | None = None  # least and most rms of a minute, dBFS; a promise that is measured
    sections: tuple[Section, ...] = ()  # what the source `training` moves through


def find_piece(name_or_path: str) -> Piece:
    """A shipped piece by name, or any folder (or file) that holds a `piece.toml`."""
    shipped = paths.pieces_dir() / name_or_path
    if "/" not in name_or_path and (shipped / "piece.toml").is_file():
        return load_piece(shipped / "piece.toml")
    given = Path(name_or_path)
    for candidate in (given / "piece.toml", given):
        if candidate.is_file():
            return load_piece(candidate)
    names = sorted(p.parent.name for p in paths.pieces_dir().glob("*/piece.toml"))
    raise UsageError(
        f"there is no piece {name_or_path!r}: give one of {', '.join(names)}, or a folder with a piece.toml."
    )


def load_piece(path: Path) -> Piece:
    """Read and check one `piece.toml`, with its layer. Raises `PieceError`, one sentence; a broken layer does not."""
    try:
        text = path.read_text(encoding="utf-8")
        file = msgspec.convert(tomllib.loads(text), File)
    except OSError as error:
        raise PieceError(f"{path} cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PieceError(f"{path}: {error}.") from None
    except msgspec.ValidationError as error:
        raise PieceError(f"{path}: {_explained(str(error))}.") from None
    try:
        check_file(file)
        check_sections(file.sections)
    except SomatoneError as error:
        raise PieceError(f"{path}: {error}") from None
    layer = read_layer(path)
    return Piece(
        path.parent,
        file.name,
        file.about,
        (*file.voices, *file.inserts),
        (*file.routes, *(route for _, route in routes_of(file))),
        file.rest,
        (*file.notes, *(note for _, note in notes_of(file))),
        tuple(file.gates),
        over(file.rules, layer),
        file.seed,
        layer,
        outside_of(file),
        file.layout,
        tuple(file.inserts),
        tuple(file.through),
        file.library,
        path.parent / file.bed if file.bed else None,
        sections=tuple(file.sections),
        stage=stage_of(file),
        loudness=file.loudness,
    )


_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.+?)`(?: - at `\$\.?(.*?)`)?$")


def _explained(message: str) -> str:
    """msgspec's sentence in our words: the place in the file, and for an unknown key the nearest valid one."""
    match = _UNKNOWN_FIELD.match(message)
    if not match:
        return message.replace(" - at `$.", ", at `").replace(" - at `$", ", at `")
    key, place = match.group(1), match.group(2) or ""
    known = _keys(place)
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    return f"{place or 'the file'} has the unknown key {key!r}: {hint}".rstrip("?") + ("?" if near else "")


def _keys(place: str) -> list[str]:
    kind = Follow if "follow" in place or "density" in place else TABLES.get(place.split("[", maxsplit=1)[0], File)
    return [field.encode_name for field in msgspec.structs.fields(kind)]
