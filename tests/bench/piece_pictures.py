"""The piece from two real wearers and a simulated one: 60 s of sound drawn under gates and controls, and each route's
claim checked: the same stretch is rendered again with one control standing still, and what differs must follow it.

Pictures go to build/piece-NAME.png. Random choices are the same in both renders, so what differs is the control's.
"""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bench.descriptors import Sound, describe, times_s
from bench.figures import SHARED, Figure
from bench.marked import marked
from bench.piece_window import Timed, Window, liveliest, liveliest_for, simulated_records, window
from bench.sound_plot import BUILD, Row, draw
from bench.voice_claims import claimed
from somatone.library.synthesise import ensure_library
from somatone.pieces.piece import Piece, find_piece
from somatone.recorded import open_session, session_records
from somatone.records import Control, Note
from somatone.sinks.sound.score import RenderReport, render
from somatone.sinks.sound.wiring import wire_piece
from somatone.voices import load_voices

SECONDS = 60.0
BAR = "follows, >= 0.7 in amount"
MOVES = 0.02  # of its range; less is no movement
SCORED = os.environ.get("ROUTES_OF", "S06")  # routes are tuned on the others
SEED = int(os.environ.get("SEED", "11"))


@dataclass(frozen=True, slots=True)
class Heard:
    report: RenderReport
    measured: Mapping[str, Mapping[str, Sound]]  # stem -> descriptor -> over time; "" is the mix
    cpu_s: float


def piece_pictures() -> Iterator[Figure]:
    """Three pictures, and for the first a row for each control that a route moves."""
    piece = find_piece("correlations")
    with tempfile.TemporaryDirectory() as folder:
        library = ensure_library(Path(folder) / "library")
        for name, records in _wearers(piece):
            begin_s = liveliest(records, SECONDS)
            cut = window(records, begin_s, SECONDS)
            heard = _heard(piece, cut, cut.actions, library, Path(folder))
            _draw(name, cut, heard)
            r = heard.report
            speeds = f"{SECONDS / r.elapsed_s:.0f} x by the wall, {SECONDS / heard.cpu_s:.0f} x by CPU"
            loud = f"rms {20 * np.log10(r.rms):.1f}, peak {20 * np.log10(r.peak):.1f} dBFS"
            yield Figure(f"60 s of {name} from {begin_s:.0f} s", ">= 10 x real time", f"{loud}; {speeds}")
            if name == SCORED:
                yield from _routes(piece, records, cut, heard, library, Path(folder))


def _wearers(piece: Piece) -> Iterator[tuple[str, list[Timed]]]:
    for name in ("S06", "S17"):
        path = SHARED / "stress-predict" / name
        if path.is_dir():
            yield name, list(session_records(open_session(path), piece))
    yield "simulated", list(simulated_records(piece, seed=6, seconds=420))


def _heard(
    piece: Piece,
    cut: Window,
    actions: list[Control | Note],
    library: Mapping[str, Path],
    folder: Path,
    only: str | None = None,
) -> Heard:
    """Renders, and measures the mix and every stem, or only one."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    out = folder / "piece.wav"
    report = render(
        actions, cut.seconds, out, piece.voices, library, SEED, wiring=wire_piece(piece, "stereo"), stems=True
    )
    cpu_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    stems = {"": out} | {path.stem.removeprefix("piece-"): path for path in report.stems}
    chosen = {name: path for name, path in stems.items() if only in (None, name)}
    measured = {name: describe(_read(path)) for name, path in chosen.items()}
    if "space" in chosen:
        dry = sum(_read(path) for name, path in stems.items() if name not in ("", "space"))
        measured["space"] = dict(measured["space"]) | {"room dB": _loud(_read(stems["space"])) - _loud(dry)}
    return Heard(report, measured, cpu_s)


def _read(path: Path) -> Sound:
    sound: Sound = soundfile.read(path, always_2d=True)[0]
    return sound


def _loud(sound: Sound) -> Sound:
    at = (times_s(sound) * 48_000).astype(int)
    total = np.concatenate([[0.0], np.cumsum(np.square(sound).sum(axis=1))])
    first, last = np.maximum(at - 24_000, 0), np.minimum(at + 24_000, len(sound))
    loud: Sound = 10 * np.log10((total[last] - total[first]) / (last - first) + 1e-12)
    return loud


def _routes(
    piece: Piece, records: list[Timed], liveliest_cut: Window, heard: Heard, library: Mapping[str, Path], folder: Path
) -> Iterator[Figure]:
    """One control at a time stands still at its middle; what then differs, against how far it was from there. It is the
    liveliest stretch, or where this one control moves furthest, if that is more than twice as far."""
    stretches = {liveliest_cut.begin_s: (liveliest_cut, heard)}
    for key in dict.fromkeys(route.to for route in piece.routes):
        voice, control = key.split(".")
        spec = load_voices()[voice].controls[control]
        sources = ", ".join(route.source for route in piece.routes if route.to == key)
        begin_s = liveliest_for(records, voice, control, SECONDS, liveliest_cut.begin_s)
        if begin_s not in stretches:
            cut = window(records, begin_s, SECONDS)
            stretches[begin_s] = cut, _heard(piece, cut, cut.actions, library, folder)
        cut, whole = stretches[begin_s]
        place = np.array([spec.unmap(v) for v in cut.values(voice, control, _frames_s(cut))])
        if np.ptp(place) <= MOVES:
            yield Figure(f"{key} <- {sources}", BAR, "stands still in the whole session")
            continue
        acts = cut.frozen(voice, control, spec.map(float((place.min() + place.max()) / 2)))
        other = _heard(piece, cut, acts, library, folder, voice)
        said = _best(voice, control, place, whole, other)
        where = marked(folder, control)
        if where:  # recordings are as they are; in these one hears which it is, and where in it
            pair = [_heard(piece, cut, actions, where, folder, voice) for actions in (cut.actions, acts)]
            said = f"{_best(voice, control, place, *pair)} in marked recordings, {said} in the piece's own"
        moved = f"moved {np.ptp(place):.2f} of its range from {begin_s:.0f} s"
        yield Figure(f"{key} <- {sources}", BAR, f"{said}; {moved}")
    yield _strokes(liveliest_cut, folder, piece, library)


def _best(voice: str, control: str, place: Sound, whole: Heard, other: Heard) -> str:
    """What of the claimed followed the control best."""
    one, still = whole.measured[voice], other.measured[voice]
    found = {name: _follows(place, one[name] - still[name]) for name in claimed(voice, control) if name in one}
    best = max(found, key=lambda name: abs(found[name]))
    return f"{best} {found[best]:+.2f}"


def _frames_s(cut: Window) -> Sound:
    at_s: Sound = np.arange(int((cut.seconds - 0.2) / 0.1) + 1) * 0.1 + 0.1
    return at_s


def _follows(place: Sound, difference: Sound) -> float:
    """Correlation of control and difference; descriptors look 2 s around, so both are looked at over 1.5 s."""
    place = place[: len(difference)]
    fine = np.isfinite(difference[: len(place)])
    difference = difference[: len(place)]
    if fine.sum() < 50 or np.ptp(place[fine]) < 1e-3 or np.ptp(difference[fine]) == 0:
        return 0.0
    smooth = np.hanning(17) / np.hanning(17).sum()
    values = np.interp(np.arange(len(place)), np.flatnonzero(fine), difference[fine])
    a, b = (np.convolve(x, smooth, "valid") for x in (place, values))
    return float(np.corrcoef(a, b)[0, 1])


def _strokes(cut: Window, folder: Path, piece: Piece, library: Mapping[str, Path]) -> Figure:
    """Each note of the pulse: how loud it is, and how high, against what the note says."""
    _heard(piece, cut, cut.actions, library, folder, "pulse")
    sound = soundfile.read(folder / "piece-pulse.wav", always_2d=True)[0].mean(axis=1)
    notes = [a for a in cut.actions if isinstance(a, Note) and a.voice == "pulse" and a.at_s < cut.seconds - 0.5]
    strength, height = [], []
    for note in notes:
        at = int((note.at_s + 0.1) * 48_000)
        part = sound[at : at + 9600] * np.hanning(9600)
        power = np.square(np.abs(np.fft.rfft(part, 65_536)))
        strength.append(float(np.sqrt(np.square(part).mean())))
        height.append(float(np.fft.rfftfreq(65_536, 1 / 48_000)[power.argmax()]))
    said = [[note.values[name] for note in notes] for name in ("level", "pitch")]
    level, pitch = (float(np.corrcoef(a, b)[0, 1]) for a, b in zip(said, (strength, height), strict=True))
    return Figure("notes of pulse <- pulse.beat", BAR, f"{len(notes)} notes: level {level:+.2f}, pitch {pitch:+.2f}")


def _draw(name: str, cut: Window, heard: Heard) -> None:
    mix, grains, drone, breath = (heard.measured[k] for k in ("", "grains", "drone", "breath"))
    at_s = np.arange(len(mix["loudness dB"])) * 0.1 + 0.1
    table = load_voices()

    def places(*keys: str) -> dict[str, tuple[Sound, Sound]]:
        specs = {key: table[key.split(".")[0]].controls[key.split(".")[1]] for key in keys}
        return {k: (at_s, np.array([s.unmap(v) for v in cut.values(*k.split("."), at_s)])) for k, s in specs.items()}

    def lines(**given: Sound) -> dict[str, tuple[Sound, Sound]]:
        return {label.replace("_", " "): (at_s, values) for label, values in given.items()}

    rows = [
        Row("gates\n(red: beats)", spans=dict(sorted(cut.gates.items())), marks=cut.beats_s),
        Row("mix, dB", lines(loudness=mix["loudness dB"], peak=mix["peak dB"]), low=-60, high=3),
        Row("mix, Hz", lines(centroid=mix["centroid Hz"]), log=True),
        Row(
            "grains,\nposition", places("grains.density", "grains.size", "grains.spread", "grains.rate"), low=0, high=1
        ),
        Row("grains", lines(onsets=grains["onsets 1/s"]), low=0),
        Row("grains, Hz", lines(centroid=grains["centroid Hz"]), log=True),
        Row("drone,\nposition", places("drone.beating", "drone.brightness", "drone.lean"), low=0, high=1),
        Row("drone, Hz", lines(centroid=drone["centroid Hz"]), marks=()),
        Row("breath,\nposition", places("breath.brightness", "breath.focus", "breath.swell"), low=0, high=1),
        Row("breath, Hz", lines(centroid=breath["centroid Hz"], bandwidth=breath["bandwidth Hz"]), log=True),
        Row("space,\nposition", places("space.level", "space.decay", "space.echo"), low=0, high=1),
        Row("space", lines(room_against_dry_dB=heard.measured["space"]["room dB"])),
    ]
    title = f"correlations from {name}, {cut.begin_s:.0f} to {cut.begin_s + cut.seconds:.0f} s of the session"
    draw(BUILD / f"piece-{name}.png", title, rows, cut.seconds)
