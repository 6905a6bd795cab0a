"""A ten-minute listen by numbers: the piece from a simulated wearer, rendered offline by the same path.

Likeness of two minutes: energies in third octaves (0.25 s frames, in dB, each band's mean over the ten minutes taken
away, so that what is always there does not count), correlated at the best of all lags up to 20 s. The same minute twice
gives 1. How like itself a minute is when only chance is drawn anew (another seed, the same wearer) stands beside it;
no two different minutes may come near that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from bench.figures import Figure
from bench.piece_window import simulated_records, window
from somatone.library.synthesise import ensure_library
from somatone.pieces.piece import Piece, find_piece
from somatone.records import Control, Note
from somatone.sinks.sound.score import render
from somatone.sinks.sound.wiring import wire_piece

Samples = npt.NDArray[np.float64]
BODY_SEED, SEEDS = 31, (1, 2)
LEAD_S, MINUTES, TAIL_S = 60, 10, 40  # the wearer settles first; nobody is there at the end
RATE_HZ, MINUTE = 48_000, 60 * 48_000
GAP_S, SILENT = 0.02, 10 ** (-70 / 20)
HOP_S, LAG_S = 0.25, 20.0
BANDS_HZ = 31.25 * 2 ** (np.arange(28) / 3)
LIKENESS = 0.5


def ten_minutes() -> Iterator[Figure]:
    """Clipping, gaps, notes that hang, loudness, and whether any minute comes again."""
    piece = find_piece("correlations")
    seconds = LEAD_S + MINUTES * 60
    records = list(simulated_records(piece, BODY_SEED, seconds, TAIL_S))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = ensure_library(folder / "library")
        actions = window(records, LEAD_S, MINUTES * 60).actions
        heard, again = (_render(piece, actions, MINUTES * 60, library, folder / "ten.wav", seed) for seed in SEEDS)
        yield from _samples(heard)
        yield _loudness(piece, heard)
        tail = window(records, seconds - 10, TAIL_S + 10).actions
        yield _hanging(piece, tail, library, folder / "tail.wav")
        yield from _repeats(heard, again)


def _render(
    piece: Piece, actions: list[Control | Note], seconds: float, library: Mapping[str, Path], out: Path, seed: int
) -> Samples:
    render(actions, seconds, out, piece.voices, library, seed, wiring=wire_piece(piece, "stereo"))
    samples: Samples = soundfile.read(out, always_2d=True)[0][: int(seconds * RATE_HZ)]
    return samples


def _samples(heard: Samples) -> Iterator[Figure]:
    loudest = float(np.abs(heard).max())
    flat = int((np.abs(heard) >= 0.8999).sum())
    said = f"peak {_db(loudest):.2f} dBFS; {flat} samples at the last resort's edge"
    yield Figure("ten minutes: clipping", "none", said)
    quiet = np.flatnonzero(np.diff(np.concatenate([[0], np.abs(heard).max(axis=1) > SILENT, [0]]).astype(int)))
    edges = np.concatenate([[0], quiet, [len(heard)]]).reshape(-1, 2)  # silence, from and to
    gaps = [(to - since) / RATE_HZ for since, to in edges if to - since > GAP_S * RATE_HZ]
    zeros = max((to - since) / RATE_HZ for since, to in edges)
    longest = f"longest stretch below -70 dBFS {1000 * zeros:.1f} ms"
    yield Figure(f"ten minutes: gaps of more than {1000 * GAP_S:.0f} ms", "0", f"{len(gaps)} ({longest})")


def _loudness(piece: Piece, heard: Samples) -> Figure:
    minutes = [_db(float(np.sqrt(np.square(minute).mean()))) for minute in _minutes(heard)]
    bar = f"{piece.loudness[0]:g} .. {piece.loudness[1]:g} dBFS" if piece.loudness else "the piece states none"
    return Figure("ten minutes: rms of each minute", bar, " ".join(f"{level:.1f}" for level in minutes))


def _hanging(piece: Piece, actions: list[Control | Note], library: Mapping[str, Path], out: Path) -> Figure:
    """Each voice by itself, in the last five seconds, half a minute after the wearer has gone."""
    seconds = TAIL_S + 10.0
    wiring = wire_piece(piece, "stereo")
    report = render(actions, seconds, out, piece.voices, library, SEEDS[0], wiring=wiring, stems=True)
    left = {}
    for stem in report.stems:
        sound = soundfile.read(stem, always_2d=True)[0]
        end = int(seconds * RATE_HZ)
        left[stem.stem.removeprefix("tail-")] = _db(float(np.sqrt(np.square(sound[end - 5 * RATE_HZ : end]).mean())))
    said = ", ".join(f"{name} {level:.0f}" for name, level in left.items())
    return Figure("half a minute after the wearer has gone, each voice", "only drone and room", f"{said} dBFS")


def _repeats(heard: Samples, again: Samples) -> Iterator[Figure]:
    features, others = _features(heard), _features(again)
    pairs = {(a + 1, b + 1): _likeness(features[a], features[b]) for a, b in combinations(range(MINUTES), 2)}
    nearest = max(pairs, key=lambda pair: pairs[pair])
    spread = np.percentile(list(pairs.values()), (50, 95))
    said = (
        f"minutes {nearest[0]} and {nearest[1]}: {pairs[nearest]:.2f} (median {spread[0]:.2f}, 95 % {spread[1]:.2f} of "
        f"{len(pairs)} pairs)"
    )
    yield Figure("ten minutes: the two that are most alike", f"< {LIKENESS:g}, and below the next line", said)
    anew = [_likeness(a, b) for a, b in zip(features, others, strict=True)]
    itself = _likeness(features[0], features[0])
    yield Figure(
        "   the same minute with other chance | twice",
        "",
        f"least {min(anew):.2f}, median {np.median(anew):.2f} | {itself:.2f}",
    )


def _features(heard: Samples) -> list[Samples]:
    """One array (frames, bands) a minute."""
    hop = int(HOP_S * RATE_HZ)
    frames = heard.sum(axis=1)[: len(heard) // hop * hop].reshape(-1, hop)
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(hop))))
    hz = np.fft.rfftfreq(hop, 1 / RATE_HZ)
    band = np.digitize(hz, BANDS_HZ)
    levels = np.array([10 * np.log10(power[:, band == k].sum(axis=1) + 1e-3) for k in range(1, len(BANDS_HZ))]).T
    levels -= levels.mean(axis=0)
    each = int(60 / HOP_S)
    return [levels[at : at + each] for at in range(0, MINUTES * each, each)]


def _likeness(one: Samples, other: Samples) -> float:
    """Correlation at the best lag; over what the two have in common there."""
    most = int(LAG_S / HOP_S)
    best = -1.0
    for lag in range(-most, most + 1):
        a, b = (one[lag:], other[: len(other) - lag]) if lag >= 0 else (one[:lag], other[-lag:])
        a, b = a - a.mean(axis=0), b - b.mean(axis=0)
        best = max(best, float((a * b).sum() / np.sqrt(np.square(a).sum() * np.square(b).sum())))
    return best


def _minutes(heard: Samples) -> list[Samples]:
    return [heard[at : at + MINUTE] for at in range(0, len(heard) - MINUTE + 1, MINUTE)]


def _db(level: float) -> float:
    return float(20 * np.log10(max(level, 1e-6)))
