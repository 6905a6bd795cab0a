"""What each section of `twos_and_sevens` sounds like: all five recorded runs in the piece's order, rendered in one go.

Beside loudness, noise and brightness of every section it is measured what the piece says of single metrics: the
collapse stutters (how like itself the sound is a moment later), the loss overdrives (what changes where the drive
stands still), the accuracy lets the organ beat (how fast its loudness moves). Drawn to build/composition_sound.png.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import butter, hilbert, sosfiltfilt
from scipy.stats import spearmanr

from bench.descriptors import RATE_HZ, Sound, describe, times_s
from bench.figures import Figure
from bench.piece_window import Timed, Window, window
from bench.run_sound import run_sound
from bench.sound_plot import BUILD, Row, draw
from somatone.library.synthesise import ensure_library
from somatone.path import Path as SignalPath
from somatone.pieces.piece import Piece, find_piece
from somatone.pieces.schema import Section
from somatone.records import Control, Note
from somatone.sinks.sound.score import RenderReport, render
from somatone.sinks.sound.wiring import CHAIN, wire_piece
from somatone.sources.played import Follow
from somatone.sources.recording import read_recording
from somatone.timeline.live_clock import LiveClocks
from somatone.training.runs import shipped_dir

SOUND_SEED = 1
BEGUN_S = 15.0  # of a section: its run settles, the last one's sound dies away
OPEN, BAR = 0.5, 0.7
RANK_HZ, FASTEST_HZ = (48.0, 66.0), 9.0  # about the organ's pitch in this piece; an organ's second beat is slower
STRIDE, BEAT_WINDOW, STEADY = 480, 800, 0.6  # hundred values a second, eight seconds; how much what is asked may move
MIX, ORGAN = "", "organ"


@dataclass(frozen=True, slots=True)
class Part:
    """A section and when it sounds, in seconds of the composition."""

    section: Section
    begin_s: float
    end_s: float

    def within(self, at_s: Sound) -> Sound:
        return (at_s >= self.begin_s + BEGUN_S) & (at_s < self.end_s)


def composition_sound() -> Iterator[Figure]:
    """A row a section, then what moves what."""
    piece = find_piece("twos_and_sevens")
    parts = _parts(piece.sections)
    seconds = parts[-1].end_s
    cut = window(composed(piece, parts), 0.0, seconds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = ensure_library(folder / "library")
        report, stems = _rendered(piece, cut.actions, seconds, library, folder / "piece.wav")
        measured = {stem: run_sound(stems[stem]) for stem in (MIX, CHAIN)}
        at_s = np.arange(len(measured[MIX]["rms dB"])) + 1.0
        for part in parts:
            yield _section(part, stems[MIX], {stem: _where(m, part.within(at_s)) for stem, m in measured.items()})
        yield Figure("composition: peak", "< 0 dBFS", f"{_db(report.peak):.1f} dBFS, rms {_db(report.rms):.1f}")
        yield _transitions(parts, measured[MIX]["rms dB"], at_s)
        likeness = describe(stems[CHAIN])["likeness"]
        yield _stutter(cut, likeness, times_s(stems[CHAIN]))
        yield _beating(cut, stems[ORGAN])
        _, plain = _rendered(piece, cut.frozen("drive", "amount", 0.0), seconds, library, folder / "still.wav")
        yield _overdrive(cut, stems[CHAIN], plain[CHAIN])
        _draw(cut, parts, at_s, measured, (times_s(stems[CHAIN]), likeness))


def _parts(sections: Sequence[Section]) -> list[Part]:
    ends = np.cumsum([section.seconds for section in sections])
    return [Part(s, float(end) - s.seconds, float(end)) for s, end in zip(sections, ends, strict=True)]


def composed(piece: Piece, parts: Sequence[Part]) -> Iterator[Timed]:
    """The recorded runs one after the other, as `CompositionSource` plays them, through the whole path."""
    path, follow = SignalPath(piece, LiveClocks()), Follow()
    yield from ((0.0, record) for record in path.start(0.0))
    for part in parts:
        follow.begin(part.begin_s)
        for time_s, item in read_recording(shipped_dir() / f"{part.section.run}.mcap").items():
            if time_s > part.section.seconds:
                break
            yield from path.advance(part.begin_s + time_s)
            if moved := follow.moved(item):
                yield from ((part.begin_s + time_s, record) for record in path.feed(moved))
        yield from path.advance(part.end_s)
        for gone in follow.gone(part.end_s):
            yield from ((part.end_s, record) for record in path.feed(gone))


def _rendered(
    piece: Piece, actions: list[Control | Note], seconds: float, library: Mapping[str, Path], out: Path
) -> tuple[RenderReport, dict[str, Sound]]:
    wiring = wire_piece(piece, "stereo")
    report = render(actions, seconds, out, piece.voices, library, SOUND_SEED, wiring=wiring, stems=True)
    paths = {MIX: out} | {path.stem.removeprefix(f"{out.stem}-"): path for path in report.stems}
    read = {
        stem: soundfile.read(path, always_2d=True)[0] for stem, path in paths.items() if stem in (MIX, CHAIN, ORGAN)
    }
    return report, {stem: sound[: round(seconds * RATE_HZ)] for stem, sound in read.items()}


def _where(measured: Mapping[str, Sound], chosen: Sound) -> dict[str, float]:
    return {name: float(np.mean(values[chosen])) for name, values in measured.items()}


def _section(part: Part, mix: Sound, means: Mapping[str, Mapping[str, float]]) -> Figure:
    heard = mix[round(part.begin_s * RATE_HZ) : round(part.end_s * RATE_HZ)]
    peak, every, chain = _db(float(np.abs(heard).max())), means[MIX], means[CHAIN]
    said = f"rms {every['rms dB']:.1f}, peak {peak:.1f} dBFS; noise share {every['noise share']:.2f}, "
    said += f"brightness {every['brightness Hz']:.0f} Hz; grains {chain['rms dB']:.1f} dBFS, "
    said += f"{chain['grains at once']:.1f} at once"
    return Figure(f"composition: {part.section.run}", "not clipped, not silent", said)


def _transitions(parts: Sequence[Part], loud_db: Sound, at_s: Sound) -> Figure:
    """The quietest second around each border, against the section before."""
    falls = []
    for part in parts[:-1]:
        around = (at_s >= part.end_s - 1) & (at_s < part.end_s + BEGUN_S)
        falls.append(f"{loud_db[around].min() - loud_db[part.within(at_s)].mean():.0f}")
    return Figure("composition: quietest second between sections", "no silence", f"{', '.join(falls)} dB")


def _stutter(cut: Window, likeness: Sound, at_s: Sound) -> Figure:
    hangs = cut.values("stutter", "amount", at_s) > OPEN
    told = [float(np.nanmedian(likeness[chosen])) for chosen in (hangs, ~hangs)]
    said = f"{told[0]:.2f} while it hangs ({hangs.sum() / 10:.0f} s), {told[1]:.2f} else"
    return Figure("collapse: likeness of the grains to themselves a moment later", "more than else", said)


def _beating(cut: Window, organ: Sound) -> Figure:
    """The rank at the piece's own pitch by itself: how fast its loudness swings, while what is asked stands still."""
    asked_hz, found_hz = [], []
    rank = np.abs(hilbert(sosfiltfilt(butter(4, RANK_HZ, "band", fs=RATE_HZ, output="sos"), organ[:, 0])))[::STRIDE]
    for begin in range(0, len(rank) - BEAT_WINDOW, BEAT_WINDOW):
        part = rank[begin : begin + BEAT_WINDOW] - rank[begin : begin + BEAT_WINDOW].mean()
        at_s = (begin + np.arange(BEAT_WINDOW)) * STRIDE / RATE_HZ
        beating = cut.values("organ", "beating", at_s)
        if np.ptp(beating) < STEADY * beating.mean():
            power = np.square(np.abs(np.fft.rfft(part * np.hanning(BEAT_WINDOW))))
            hz = np.fft.rfftfreq(BEAT_WINDOW, STRIDE / RATE_HZ)
            found_hz.append(float(hz[(power * (hz < FASTEST_HZ)).argmax()]))
            asked_hz.append(float(beating.mean()))
    near = np.mean(np.abs(np.log2(np.array(found_hz) / np.array(asked_hz))) < 0.25)
    said = f"rho {spearmanr(asked_hz, found_hz)[0]:.2f} over {min(asked_hz):.1f} to {max(asked_hz):.1f} Hz; "
    said += f"within a quarter octave in {near:.0%} of {len(asked_hz)} windows"
    return Figure("accuracy: beating asked for, and found in the organ", f">= {BAR:g}", said)


def _overdrive(cut: Window, driven: Sound, plain: Sound) -> Figure:
    """How much of the sound is another one where the drive is taken away, second by second."""
    count = len(driven) // RATE_HZ
    a, b = (s[: count * RATE_HZ].reshape(count, -1) for s in (driven, plain))
    differs = np.square(a - b).sum(axis=1) / (np.square(a).sum(axis=1) + np.square(b).sum(axis=1) + 1e-9)
    amount = cut.values("drive", "amount", np.arange(count) + 0.5)
    rho = float(spearmanr(amount, differs)[0])
    low, high = (float(differs[chosen].mean()) for chosen in (amount < 0.1, amount > 0.5))
    said = f"rho {rho:.2f}; share of another sound {low:.2f} below 0.1, {high:.2f} above 0.5"
    return Figure("loss: overdrive asked for, and what differs from the grains without it", ">= 0.7", said)


def _db(level: float) -> float:
    return float(20 * np.log10(max(level, 1e-6)))


def _draw(
    cut: Window,
    parts: Sequence[Part],
    at_s: Sound,
    measured: Mapping[str, Mapping[str, Sound]],
    likeness: tuple[Sound, Sound],
) -> None:
    every, chain = measured[MIX], measured[CHAIN]
    asked = ("noise.level", "organ.level", "drive.amount", "stutter.amount")
    rows = [Row("controls", {n: (at_s, cut.values(*n.split("."), at_s)) for n in asked}, steps=True)]
    rows.append(
        Row("gates", spans={n: s for n, s in cut.gates.items() if n.endswith((".collapse", ".plateau", "worn"))})
    )
    rows.append(Row("noise share", {"all": (at_s, every["noise share"])}, low=0.0, high=1.1))
    rows.append(Row("brightness, Hz", {"all": (at_s, every["brightness Hz"])}, log=True))
    rows.append(Row("grains at once", {CHAIN: (at_s, chain["grains at once"])}, log=True))
    rows.append(Row("likeness", {CHAIN: likeness}))
    rows.append(Row("loudness, dBFS", {"all": (at_s, every["rms dB"]), CHAIN: (at_s, chain["rms dB"])}))
    borders = [(part.begin_s, part.section.run) for part in parts]
    draw(BUILD / "composition_sound.png", "twos_and_sevens, section by section", rows, parts[-1].end_s, borders)
