"""A piece: which voices sound, and which gate or level moves which of their controls. Read strictly from `piece.toml`.

Every name is checked against the tables of voices and rules before anything sounds; an unknown key, control or wrong
range is one sentence that names the file, the key and the nearest valid name.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from somatone import paths
from somatone.errors import PieceError, SomatoneError, UsageError
from somatone.gating.names import GATES, LEVELS
from somatone.gating.parameters import check_settings
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings
from somatone.voices import ControlSpec, Voice, load_voices, unknown

WhenInvalid = Literal["hold", "fade", "rest"]


class Route(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"source": "from"}):
    """One gate or level moves one control.

    The source's 0..1 is bent by `curve` (an exponent) and spread over `range`, in the control's own unit and warp.
    `up_s` and `down_s` are the times in which it covers 63 % of a change. When the source is not to be trusted it
    holds, fades to the low end over `fade_s`, or goes to rest at once. Several routes to one control add up.
    """

    source: str
    to: str
    range: tuple[float, float] | None = None
    curve: float = 1.0
    up_s: float = 0.0
    down_s: float = 0.0
    when_invalid: WhenInvalid = "fade"
    fade_s: float = 4.0


class Follow(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"source": "from"}):
    """A note's control takes its value from a level at the moment of the note."""

    source: str
    range: tuple[float, float]


class NoteRoute(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"source": "from"}):
    """Each opening of a gate plays one note of a voice."""

    source: str
    voice: str
    values: dict[str, float] = {}
    follow: dict[str, Follow] = {}


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    name: str
    about: str
    voices: list[str]
    routes: list[Route] = []
    rest: dict[str, float] = {}
    notes: list[NoteRoute] = []
    rules: dict[str, dict[str, int]] = {}


class Piece(msgspec.Struct, frozen=True):
    """A checked piece. `rest` holds where a control stands before any route has moved it."""

    folder: Path
    name: str
    about: str
    voices: tuple[str, ...]
    routes: tuple[Route, ...]
    rest: Mapping[str, float]
    notes: tuple[NoteRoute, ...]
    rules: RuleSettings = NO_SETTINGS


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
    """Read and check one `piece.toml`. Raises `PieceError` with one sentence."""
    try:
        text = path.read_text(encoding="utf-8")
        file = msgspec.convert(tomllib.loads(text), _File)
    except OSError as error:
        raise PieceError(f"{path} cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PieceError(f"{path}: {error}.") from None
    except msgspec.ValidationError as error:
        raise PieceError(f"{path}: {_explained(str(error))}.") from None
    try:
        _check(file)
    except SomatoneError as error:
        raise PieceError(f"{path}: {error}") from None
    return Piece(
        path.parent,
        file.name,
        file.about,
        tuple(file.voices),
        tuple(file.routes),
        file.rest,
        tuple(file.notes),
        file.rules,
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
    table: dict[str, type[msgspec.Struct]] = {"routes": Route, "notes": NoteRoute}
    kind = Follow if "follow" in place else table.get(place.split("[", maxsplit=1)[0], _File)
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def _check(file: _File) -> None:
    voices = load_voices()
    for name in file.voices:
        if name not in voices:
            raise unknown("voice", name, voices)
    present = {name: voices[name] for name in (*file.voices, "master")}
    for key, value in file.rest.items():
        _in_range(f"rest: {key}", _control(f"rest: {key}", key, present), value)
    check_settings(file.rules)
    for number, route in enumerate(file.routes):
        _check_route(f"routes[{number}]", route, present)
    for number, note in enumerate(file.notes):
        _check_note(f"notes[{number}]", note, present)


def _check_route(place: str, route: Route, voices: Mapping[str, Voice]) -> None:
    _known_source(f"{place}.from", route.source, (*GATES, *LEVELS))
    spec = _control(f"{place}.to", route.to, voices)
    for value in route.range or ():
        _in_range(f"{place}.range", spec, value)
    for key in ("curve", "up_s", "down_s", "fade_s"):
        value = getattr(route, key)
        if not 0 <= value <= 3600 or (key == "curve" and value == 0):
            raise PieceError(f"{place}.{key} is {value}: give a number above 0 and at most 3600.")


def _check_note(place: str, note: NoteRoute, voices: Mapping[str, Voice]) -> None:
    _known_source(f"{place}.from", note.source, GATES)
    if note.voice not in voices or voices[note.voice].kind != "note":
        raise _placed(f"{place}.voice", "voice that plays notes", note.voice, _note_voices(voices))
    for name, value in note.values.items():
        _in_range(f"{place}.values", _control(f"{place}.values", f"{note.voice}.{name}", voices), value)
    for name, follow in note.follow.items():
        _known_source(f"{place}.follow.{name}.from", follow.source, LEVELS)
        spec = _control(f"{place}.follow", f"{note.voice}.{name}", voices)
        for value in follow.range:
            _in_range(f"{place}.follow.{name}.range", spec, value)


def _note_voices(voices: Mapping[str, Voice]) -> list[str]:
    return [name for name, voice in voices.items() if voice.kind == "note"]


def _placed(place: str, what: str, name: str, known: Iterable[str]) -> SomatoneError:
    return PieceError(f"{place}: {unknown(what, name, known)}")


def _known_source(place: str, name: str, known: Iterable[str]) -> None:
    if name not in (names := list(known)):
        raise _placed(place, "gate or level", name, names)


def _control(place: str, key: str, voices: Mapping[str, Voice]) -> ControlSpec:
    voice, _, control = key.partition(".")
    if voice not in voices or control not in voices[voice].controls:
        names = [f"{v.name}.{c}" for v in voices.values() for c in v.controls]
        raise _placed(place, "control of this piece's voices", key, names)
    return voices[voice].controls[control]


def _in_range(place: str, spec: ControlSpec, value: float) -> None:
    if not spec.minimum <= value <= spec.maximum:
        raise PieceError(
            f"{place}: {value} lies outside {spec.minimum} .. {spec.maximum} {spec.unit} of {spec.name!r}."
        )
