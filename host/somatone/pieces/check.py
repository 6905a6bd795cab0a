"""Whether a piece's names exist and its numbers lie in range: one sentence with the place and the nearest name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from somatone.errors import PieceError, SomatoneError
from somatone.gating.names import GATES, LEVELS
from somatone.gating.parameters import check_settings
from somatone.pieces.check_outside import check_outside
from somatone.pieces.outside import notes_of, outside_of, routes_of
from somatone.pieces.schema import File, Follow, GateRoute, NoteRoute, Route
from somatone.space.layouts import find_layout
from somatone.voices import ControlSpec, Voice, load_voices, unknown

DENSEST_PER_S = 50.0


def check_file(file: File) -> None:
    """Raise `SomatoneError` for the first thing in the file that cannot be played."""
    voices = load_voices()
    for name in file.voices:
        if name not in voices:
            raise unknown("voice", name, voices)
    _check_space(file, voices)
    if file.bed and not any(voices[name].disk for name in file.voices):
        raise PieceError("bed: name the voice that plays it in voices, or leave it out.")
    if file.loudness and not file.loudness[0] < file.loudness[1] <= 0:
        raise PieceError("loudness: give the least and the most, in dBFS, as [-30.0, -16.0]; neither is above 0.")
    present = {name: voices[name] for name in (*file.voices, *file.inserts, "master")}
    for key, value in file.rest.items():
        _in_range(f"rest: {key}", _control(f"rest: {key}", key, present), value)
    check_settings(file.rules)
    gates = list(GATES)
    for number, gate in enumerate(file.gates):
        _check_gate(f"gates[{number}]", gate, gates)
        gates.append(gate.name)
    for number, route in enumerate(file.routes):
        _check_route(f"routes[{number}]", route, present, gates)
    for number, note in enumerate(file.notes):
        _check_note(f"notes[{number}]", note, present, gates)
    check_outside(file)
    outside = {voice.name: voice for voice in outside_of(file).voices}
    for place, route in routes_of(file):
        _check_route(place, route, outside, gates)
    for place, note in notes_of(file):
        _check_note(place, note, outside, gates)


def _check_space(file: File, voices: Mapping[str, Voice]) -> None:
    """The room, and the chain of inserts that some voices pass through on their way into it."""
    try:
        find_layout(file.layout)
    except SomatoneError as error:
        raise PieceError(f"layout: {error}") from None
    inserts = [name for name, voice in voices.items() if voice.stage == "insert"]
    for name in file.inserts:
        if name not in inserts:
            raise _placed("inserts", "insert", name, inserts)
    for name in file.voices:
        if name in inserts:
            raise PieceError(f"voices: {name!r} is an insert: name it in inserts, and in through what passes it.")
    sources = [name for name in file.voices if voices[name].stage == "source"]
    for name in file.through:
        if name not in sources:
            raise _placed("through", "source among this piece's voices", name, sources)
    if len(set(file.inserts)) < len(file.inserts) or (file.through and not file.inserts):
        raise PieceError("inserts: name each insert once, and at least one where voices go through.")


def _check_gate(place: str, gate: GateRoute, known: list[str]) -> None:
    """Only gates that stand above it in the file, so that there are no circles."""
    if gate.name in known or gate.name in LEVELS or not gate.name.isidentifier():
        raise PieceError(f"{place}.name: {gate.name!r} must be a new name of letters, digits and underscores.")
    if sum(map(bool, (gate.either, gate.both, gate.latch))) != 1:
        raise PieceError(f"{place}: give exactly one of either, both and latch.")
    if gate.until and not gate.latch:
        raise PieceError(f"{place}.until belongs to a latch.")
    _number(f"{place}.longest_s", gate.longest_s, 0, 86_400)
    for name in (*gate.either, *gate.both, gate.latch, gate.until):
        if name:
            _known_source(place, name, known)


def _check_route(place: str, route: Route, voices: Mapping[str, Voice], gates: list[str]) -> None:
    _known_source(f"{place}.from", route.source, (*gates, *LEVELS))
    spec = _control(f"{place}.to", route.to, voices)
    for value in route.range or ():
        _in_range(f"{place}.range", spec, value)
    for key in ("curve", "up_s", "down_s", "fade_s"):
        value = getattr(route, key)
        if not 0 <= value <= 3600 or (key == "curve" and value == 0):
            raise PieceError(f"{place}.{key} is {value}: give a number above 0 and at most 3600.")
    _number(f"{place}.probability", route.probability, 0, 1)
    if route.probability != 1 and route.source in LEVELS:
        raise PieceError(f"{place}.probability: {route.source!r} is a level; only a gate's openings can be drawn for.")


def _check_note(place: str, note: NoteRoute, voices: Mapping[str, Voice], gates: list[str]) -> None:
    _known_source(f"{place}.from", note.source, gates)
    if note.voice not in voices or voices[note.voice].kind != "note":
        raise _placed(f"{place}.voice", "voice that plays notes", note.voice, _note_voices(voices))
    for name, value in note.values.items():
        _in_range(f"{place}.values", _control(f"{place}.values", f"{note.voice}.{name}", voices), value)
    for name, follow in note.follow.items():
        _known_source(f"{place}.follow.{name}.from", follow.source, LEVELS)
        spec = _control(f"{place}.follow", f"{note.voice}.{name}", voices)
        for value in follow.range:
            _in_range(f"{place}.follow.{name}.range", spec, value)
    _number(f"{place}.probability", note.probability, 0, 1)
    _number(f"{place}.apart_s", note.apart_s, 0, 3600)
    if isinstance(note.density, Follow):
        _known_source(f"{place}.density.from", note.density.source, LEVELS)
        for value in note.density.range:
            _number(f"{place}.density.range", value, 0, DENSEST_PER_S)
    elif note.density is not None:
        _number(f"{place}.density", note.density, 0, DENSEST_PER_S)


def _number(place: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise PieceError(f"{place} is {value:g}: give a number from {low:g} to {high:g}.")


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
