"""What one wearer costs: CPU time of the middle stages for each second of signal, without files and sound.

The promise is for the rules, dressed as records as they run on the path; each figure is the smallest of several runs,
because these machines are shared. The others do less than the rules and are timed in the same run: NeuroKit2 finds
beats in a window of 10 s that is moved on by 1 s, SciPy only filters, sample by sample.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

import numpy as np

from bench.beats import DETECTORS, detect
from bench.figures import Figure, no_recording, reference_session
from somatone.gating.stage import Gating
from somatone.path import Path
from somatone.pieces.piece import find_piece
from somatone.records import Chunk, NativeChunk, Status
from somatone.sources.e4_archive import archive_chunks
from somatone.sources.e4_files import read_session
from somatone.timeline.timeline import RecordingClock, Timeline

WHAT, BAR = "one wearer, all signals, all rules", "<= 200 us CPU per second of signal"
Item = tuple[float, NativeChunk | Status]
SECONDS = 300
RUNS = 5


def smallest_us(work: Callable[[], object], seconds: float = SECONDS) -> float:
    """CPU microseconds per second of signal, the best of `RUNS`."""
    best = float("inf")
    for _ in range(RUNS):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best / seconds * 1e6


def path_cost() -> Iterator[Figure]:
    """Five minutes of the reference session, stage by stage, and the two others on its pulse."""
    session_path = reference_session()
    if session_path is None:
        yield no_recording(WHAT, BAR)
        return
    session = read_session(session_path)
    chunks = list(islice(archive_chunks(session, "body"), SECONDS * 16))
    on_time = [out for out in _through_timeline(chunks) if isinstance(out, Chunk)]
    rules_us = smallest_us(lambda: _through_rules(on_time))
    lanes = {signal: [chunk for chunk in on_time if chunk.signal == signal] for signal in ("bvp", "eda", "temp", "acc")}
    by_signal = ", ".join(f"{name} {smallest_us(partial(_through_rules, lane)):.0f}" for name, lane in lanes.items())
    yield Figure(WHAT, BAR, f"{rules_us:.0f} us ({by_signal})")
    timeline_us = smallest_us(lambda: _through_timeline(chunks))
    whole_us = smallest_us(lambda: _through_path(chunks))
    said = f"{whole_us:.0f} us with timeline ({timeline_us:.0f}), correlations, routes and ticks"
    yield Figure("the same, the whole path", "none set", said)
    bvp = [v for run in session.streams["bvp"].runs for v in run.samples][: SECONDS * 64]
    pulse_us = smallest_us(lambda: _through_rules(lanes["bvp"]))
    neurokit_us = smallest_us(lambda: _windows(bvp[: 40 * 64]), 30)
    yield Figure(
        "NeuroKit2 on 10 s, every 1 s, pulse alone", "a ratio", f"{neurokit_us / pulse_us:.0f} x the pulse's rules"
    )
    sosfilt_us = smallest_us(lambda: _filtered(bvp[: 20 * 64]), 20)
    yield Figure("SciPy sosfilt sample by sample", "a ratio", f"{sosfilt_us / pulse_us:.0f} x the pulse's rules")


def _through_timeline(chunks: list[Item]) -> list[object]:
    timeline = Timeline(RecordingClock)
    return [out for _, item in chunks if isinstance(item, NativeChunk) for out in timeline.feed(item)]


def _through_rules(chunks: list[Chunk]) -> None:
    gating = Gating()
    for chunk in chunks:
        gating.feed(chunk)


def _through_path(chunks: list[Item]) -> None:
    path = Path(find_piece("correlations"), RecordingClock)
    path.start(0.0)
    for time_s, item in chunks:
        path.advance(time_s)
        path.feed(item)


def _windows(samples: list[int]) -> None:
    for second in range(10, len(samples) // 64):
        detect(DETECTORS["NeuroKit2"], samples[(second - 10) * 64 : second * 64], 64.0)


def _filtered(samples: list[int]) -> None:
    from scipy.signal import butter, sosfilt, sosfilt_zi  # noqa: PLC0415 - optional

    sos = butter(3, (0.5, 8.0), "bandpass", fs=64, output="sos")
    state = sosfilt_zi(sos) * samples[0]
    for x in samples:
        _, state = sosfilt(sos, np.array([float(x)]), zi=state)
