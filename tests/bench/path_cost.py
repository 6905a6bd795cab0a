"""What one wearer costs: CPU time of the middle stages for each second of signal, without files and sound.

The promise is for the rules, dressed as records as they run on the path, all signals of one wearer as they come one
after the other; each signal alone is cheaper, because nothing else pushes it out of the caches. These machines are
shared, so the signal is cut into slices of two seconds and each slice counts with the smallest of its runs: what a
neighbour takes is not the rules'. The others do less than the rules and are timed in the same run: NeuroKit2 finds
beats in a window of 10 s that is moved on by 1 s, SciPy only filters, sample by sample.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from bench.beats import DETECTORS, detect
from bench.figures import Figure, no_recording, reference_session
from bench.simulated_breath import through_the_air
from somatone.gating.stage import Gating
from somatone.path import Path
from somatone.pieces.piece import find_piece
from somatone.records import Chunk, NativeChunk, Status, Validity
from somatone.sources.e4_archive import archive_chunks
from somatone.sources.e4_files import read_session
from somatone.timeline.timeline import RecordingClock, Timeline

WHAT, BAR = "one wearer, all signals, all rules", "<= 200 us CPU per second of signal"
Item = tuple[float, NativeChunk | Status]
SECONDS = 120
SLICE = 32  # chunks of the four signals: two seconds
RUNS = 20
FEW = 3  # runs of what takes a hundred times as long
TURNS = 100_000


def smallest_us(work: Callable[[], object], seconds: float) -> float:
    """CPU microseconds per second of signal, the best of `FEW`."""
    best = float("inf")
    for _ in range(FEW):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best / seconds * 1e6


def sliced_us(begin: Callable[[], Callable[[Any], object]], items: Sequence[Any]) -> float:
    """CPU microseconds per second of signal; `begin` gives, anew for each run, what takes the items."""
    slices = [items[k : k + SLICE] for k in range(0, len(items), SLICE)]
    best = [float("inf")] * len(slices)
    for _ in range(RUNS):
        feed = begin()
        for number, part in enumerate(slices):
            begun = time.process_time()
            for item in part:
                feed(item)
            best[number] = min(best[number], time.process_time() - begun)
    return sum(best) / SECONDS * 1e6


def path_cost() -> Iterator[Figure]:
    """Two minutes of the reference session, stage by stage, and the two others on its pulse."""
    session_path = reference_session()
    if session_path is None:
        yield no_recording(WHAT, BAR)
        return
    session = read_session(session_path)
    chunks = list(islice(archive_chunks(session, "body"), SECONDS * 16))
    natives = [item for _, item in chunks if isinstance(item, NativeChunk)]
    timeline = Timeline(RecordingClock)
    on_time = [out for item in natives for out in timeline.feed(item) if isinstance(out, Chunk)]
    rules_us = sliced_us(lambda: Gating().feed, on_time)
    lanes = {name: [chunk for chunk in on_time if chunk.signal == name] for name in ("bvp", "eda", "temp", "acc")}
    alone = {name: sliced_us(lambda: Gating().feed, lane) for name, lane in lanes.items()}
    by_signal = ", ".join(f"{name} {us:.0f}" for name, us in alone.items())
    turn_ns = smallest_us(_plain_loop, TURNS) * 1000
    said = f"{rules_us:.0f} us (each signal alone: {by_signal}) where a plain loop's turn takes {turn_ns:.0f} ns"
    yield Figure(WHAT, BAR, said)
    heard_us = sliced_us(lambda: Gating().feed, list(_microphone()))
    yield Figure("a microphone's envelope on top", "none set", f"{heard_us:.0f} us")
    timeline_us = sliced_us(lambda: Timeline(RecordingClock).feed, natives)
    whole_us = sliced_us(_whole_path, chunks)
    said = f"{whole_us:.0f} us with timeline ({timeline_us:.0f}), correlations, routes and ticks"
    yield Figure("the same, the whole path", "none set", said)
    bvp = [v for run in session.streams["bvp"].runs for v in run.samples][: SECONDS * 64]
    neurokit_us = smallest_us(lambda: _windows(bvp[: 40 * 64]), 30)
    ratio = neurokit_us / alone["bvp"]
    yield Figure("NeuroKit2 on 10 s, every 1 s, pulse alone", "a ratio", f"{ratio:.0f} x the pulse's rules")
    sosfilt_us = smallest_us(lambda: _filtered(bvp[: 20 * 64]), 20)
    yield Figure("SciPy sosfilt sample by sample", "a ratio", f"{sosfilt_us / alone['bvp']:.0f} x the pulse's rules")


def _plain_loop() -> None:
    """What a neighbour on the same core slows down, too: the yardstick beside the figure."""
    total = 0
    for k in range(TURNS):
        total += k * k


def _microphone() -> Iterator[Chunk]:
    """Breath as a microphone hears it, in chunks of a quarter of a second."""
    samples = through_the_air(2000, speaks=False, seconds=SECONDS).samples
    for k in range(0, SECONDS * 32, 8):
        yield Chunk("body", "mic", "simulated", k, tuple(samples[k : k + 8]), k / 32, 32, Validity.WORN)


def _whole_path() -> Callable[[Item], None]:
    path = Path(find_piece("correlations"), RecordingClock)
    path.start(0.0)

    def feed(timed: Item) -> None:
        path.advance(timed[0])
        path.feed(timed[1])

    return feed


def _windows(samples: list[int]) -> None:
    for second in range(10, len(samples) // 64):
        detect(DETECTORS["NeuroKit2"], samples[(second - 10) * 64 : second * 64], 64.0)


def _filtered(samples: list[int]) -> None:
    from scipy.signal import butter, sosfilt, sosfilt_zi  # noqa: PLC0415 - optional

    sos = butter(3, (0.5, 8.0), "bandpass", fs=64, output="sos")
    state = sosfilt_zi(sos) * samples[0]
    for x in samples:
        _, state = sosfilt(sos, np.array([float(x)]), zi=state)
