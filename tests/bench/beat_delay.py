"""How long after the systolic peak a beat is said, in the normal and the early mode, from an E4 and from our board.

A sample counts as known when it has been measured: what a device collects into packets comes on top, and is the same
for every rule. The board's chip samples at 100 Hz and its samples pass the timeline's resampler, up to 10 ms long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from bench.beats import UNSEEN, f1, matches, without_lag
from bench.figures import Figure
from bench.simulated_pulse import Pulse, people
from gates.pulse import PulseBeats
from somatone.records import Chunk, NativeChunk
from somatone.timeline.timeline import RecordingClock, Timeline

BARS = {0: "median <= 100 ms", 1: "median <= 20, p95 <= 50 ms, F1 lost <= 0.005"}
Samples = Iterator[tuple[int, float, float]]  # counts, when the sample lies, when it is known (s)


def e4(person: Pulse) -> Samples:
    """64 Hz, as the rule takes it."""
    for n, x in enumerate(person.counts()):
        yield x, n / 64, n / 64


def board(person: Pulse) -> Samples:
    """100 Hz of infrared reflectance, 18 bits, a sample at a time through the timeline."""
    timeline = Timeline(RecordingClock)
    for n, x in enumerate(person.counts(100.0)):
        known_s = n / 100
        pair = (131_071 - x, 131_071 - x)
        native = NativeChunk("body", "bvp", "board", "max30102.ir_red", n, pair, known_s, 2, n * 10_000)
        for chunk in timeline.feed(native):
            if isinstance(chunk, Chunk):
                for k, sample in enumerate(chunk.samples):
                    yield sample, chunk.start_s + k / 64, known_s


def played(samples: Samples, early: int) -> tuple[list[float], list[float]]:
    """When the beats lay, and when they were said."""
    rule, lay_s, said_s = PulseBeats(64, early=early), [], []
    for x, at_s, known_s in samples:
        if rule.step(x) & 1:
            lay_s.append(at_s - rule.age_q8 / 256 / 64)
            said_s.append(known_s)
    return lay_s, said_s


def measured(path: Callable[[Pulse], Samples], scenario: str, early: int) -> tuple[float, list[float]]:
    """Mean F1, and the delays in ms of all beats that were there."""
    scores, delays_ms = [], []
    for person in people(scenario, UNSEEN):
        lay_s, said_s = played(path(person), early)
        scores.append(f1(lay_s, person.peaks_s, person.seconds))
        aligned = without_lag(lay_s, person.peaks_s)
        delays_ms += [(said_s[i] - person.peaks_s[j]) * 1000 for i, j in matches(aligned, person.peaks_s)]
    return float(np.mean(scores)), delays_ms


def beat_delay() -> Iterator[Figure]:
    """Both modes on both paths, at rest and with light motion."""
    for name, path in (("E4", e4), ("board", board)):
        for scenario in ("clean", "noisy", "low perfusion", "motion light"):
            usual = 0.0
            for early, bar in BARS.items():
                score, delays_ms = measured(path, scenario, early)
                low, middle, high = np.percentile(delays_ms, (5, 50, 95))
                usual = usual if early else score
                lost = f", F1 lost {usual - score:.4f}" if early else ""
                said = f"median {middle:.0f}, p5 {low:.0f}, p95 {high:.0f} ms{lost}"
                yield Figure(f"beat said after its peak, {name}, {scenario}{', early' * early}", bar, said)
