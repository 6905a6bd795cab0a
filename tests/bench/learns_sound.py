"""Is the way from noise to order heard? The piece's sound of `learns`, rendered, against the metrics that drive it.

For each of the claims (entropy: noise, edge intensity: brightness, similarity: density) the metric's control and what
is measured of the sound are correlated over the run, of the voices that it moves and of all that is heard together.
Density is counted in the grains by themselves: under the noise of the beginning no grain comes through, so that the
onsets of all that is heard say as much about the noise that withdraws as about the grains that grow dense.
Seeds 105 to 109 were used to make the piece; what is shipped, and SEED here, were not looked at while it was made.
The picture goes to build/learns_sound.png.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from scipy.stats import pearsonr, spearmanr

from bench.descriptors import RATE_HZ, Sound
from bench.figures import Figure
from bench.piece_window import Timed, Window, window
from bench.run_sound import run_sound
from bench.sound_plot import BUILD, Row, draw
from somatone.library.synthesise import ensure_library
from somatone.pieces.piece import find_piece
from somatone.recorded import Session, open_session, session_records
from somatone.records import Level
from somatone.sinks.sound.score import RenderReport, render
from somatone.sinks.sound.wiring import CHAIN, wire_piece
from somatone.training.launch import Order, can_train
from somatone.training.presets import PRESETS
from somatone.training.presets import RATE_HZ as FRAMES_HZ
from somatone.training.record import record_run
from somatone.training.runs import shipped_dir

SEED, SOUND_SEED = 21, 1
SETTLED_S = 8  # until then the run settles and its voices fade in
BAR = 0.7
MIX = ""
LOGS = ("brightness Hz", "grains at once")


@dataclass(frozen=True, slots=True)
class Claim:
    """What the piece says: a level moves a control; the sound of `stem` follows it in `measure`, all in `of_all`."""

    level: str
    control: str
    stem: str
    measure: str
    of_all: str


CLAIMS = (
    Claim("entropy.stand", "noise.level", MIX, "noise share", "noise share"),
    Claim("edge.stand", "grains.brightness", CHAIN, "brightness Hz", "brightness Hz"),
    Claim("similarity.stand", "grains.density", CHAIN, "grains at once", "onsets 1/s"),
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A run as it sounds: measures by stem ("" all together), levels and controls, each once a second from 1 s on."""

    at_s: Sound
    measured: Mapping[str, Mapping[str, Sound]]
    levels: Mapping[str, Sound]
    controls: Mapping[str, Sound]
    report: RenderReport


def learns_sound() -> Iterator[Figure]:
    """The shipped run, and one of another seed where this machine can train."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield from _run("learns as shipped", shipped_dir() / "learns.mcap", folder, BUILD / "learns_sound.png")
        if can_train():
            path = folder / "learns.mcap"
            frames = round(PRESETS["learns"].run_s * FRAMES_HZ)
            order = Order("learns", SEED, FRAMES_HZ, 0.0, frames, at_once=True, nice=1)
            asyncio.run(record_run(order, path, lambda share: None))
            yield from _run(f"learns, seed {SEED}", path, folder, BUILD / f"learns_sound-{SEED}.png")


def _run(title: str, path: Path, folder: Path, picture: Path) -> Iterator[Figure]:
    heard = heard_run(open_session(path), folder)
    loud = f"rms {_db(heard.report.rms):.1f}, peak {_db(heard.report.peak):.1f} dBFS"
    yield Figure(f"{title}: loudness", "not clipped, not silent", loud)
    for claim in CLAIMS:
        yield _claimed(title, heard, claim)
    yield from _order(title, heard)
    _draw(picture, title, heard)


def heard_run(session: Session, folder: Path) -> Heard:
    """Renders a recorded run as the piece plays it, and measures it."""
    piece = find_piece("twos_and_sevens")
    records = list(session_records(session, piece))
    cut = window(records, 0.0, session.length_s)
    out, library = folder / "run.wav", ensure_library(folder / "library")
    wiring = wire_piece(piece, "stereo")
    report = render(cut.actions, cut.seconds, out, piece.voices, library, SOUND_SEED, wiring=wiring, stems=True)
    stems = {MIX: out} | {path.stem.removeprefix("run-"): path for path in report.stems}
    measured = {stem: run_sound(_read(path, cut.seconds)) for stem, path in stems.items() if stem in (MIX, CHAIN)}
    at_s = np.arange(len(measured[MIX]["noise share"])) + 1.0
    levels = {claim.level: _level(records, claim.level, at_s) for claim in CLAIMS}
    return Heard(at_s, measured, levels, {c.control: _control(cut, c.control, at_s) for c in CLAIMS}, report)


def _claimed(title: str, heard: Heard, claim: Claim) -> Figure:
    """Correlations of the metric's level, and of the control, with the sound."""
    moving = {"level": heard.levels[claim.level], "control": heard.controls[claim.control]}
    after = heard.at_s >= SETTLED_S

    def follows(stem: str, measure: str) -> str:
        sound = _scaled(heard.measured[stem][measure], measure)[after]
        level = pearsonr(moving["level"][after], sound)[0]
        control = pearsonr(_scaled(moving["control"], measure)[after], sound)[0]
        return f"{stem or 'all'}, {measure}: level {level:.2f}, control {control:.2f}"

    said = follows(MIX, claim.of_all)
    if claim.stem != MIX:
        said = f"{follows(claim.stem, claim.measure)}; {said}"
    return Figure(f"{title}: {claim.level}, {claim.control}, and the sound", f">= {BAR:g}", said)


def _order(title: str, heard: Heard) -> Iterator[Figure]:
    """The noise share of all that is heard, from the first to the last quarter."""
    after = heard.at_s >= SETTLED_S
    share, at_s = heard.measured[MIX]["noise share"][after], heard.at_s[after]
    quarters = [float(part.mean()) for part in np.array_split(share, 4)]
    falls = all(later < earlier for earlier, later in pairwise(quarters))
    rho = float(spearmanr(at_s, share)[0])
    said = " > ".join(f"{quarter:.2f}" for quarter in quarters) if falls else f"not falling: {quarters}"
    yield Figure(f"{title}: noise share by quarters, all heard", "falls strictly", f"{said}; rho with time {rho:.2f}")


def _scaled(values: Sound, measure: str) -> Sound:
    """What spans decades is heard by its ratios."""
    spread: Sound = np.log(np.maximum(values, 1e-3)) if measure in LOGS else values
    return spread


def _level(records: Sequence[Timed], name: str, at_s: Sound) -> Sound:
    steps = [(at, r.value) for at, r in records if isinstance(r, Level) and r.name == name and r.validity.usable]
    index = np.searchsorted([at for at, _ in steps], at_s, side="right") - 1
    return np.array([steps[max(int(i), 0)][1] for i in index])


def _control(cut: Window, name: str, at_s: Sound) -> Sound:
    voice, _, control = name.partition(".")
    return cut.values(voice, control, at_s)


def _read(path: Path, seconds: float) -> Sound:
    sound: Sound = soundfile.read(path, always_2d=True)[0][: round(seconds * RATE_HZ)]
    return sound


def _db(level: float) -> float:
    return float(20 * np.log10(max(level, 1e-6)))


def _draw(out: Path, title: str, heard: Heard) -> None:
    """For each claim the level, the control under it, and what was heard under both."""
    rows = [Row("levels, 0..1", {name: (heard.at_s, values) for name, values in heard.levels.items()})]
    for claim in CLAIMS:
        rows.append(Row(claim.control, {claim.control: (heard.at_s, heard.controls[claim.control])}, steps=True))
        for measure in dict.fromkeys((claim.measure, claim.of_all)):
            stems = {stem or "all": (heard.at_s, heard.measured[stem][measure]) for stem in heard.measured}
            rows.append(Row(f"heard: {measure}", stems, log=measure in LOGS))
    rows.append(Row("loudness, dBFS", {s or "all": (heard.at_s, m["rms dB"]) for s, m in heard.measured.items()}))
    draw(out, f"{title}: from noise to order, as it sounds", rows, float(heard.at_s[-1]))
