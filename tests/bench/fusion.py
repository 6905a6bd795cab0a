"""Beats from two devices on one body against each alone: F1 at +-150 ms on seeds that nothing was tuned on."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import mean

from bench.figures import Figure
from bench.two_devices import Scenario, TwoDevices, chunks, contact_loss, f1, moderate_motion
from somatone.path import Path
from somatone.pieces.piece import find_piece
from somatone.records import Gate, Status
from somatone.timeline.timeline import RecordingClock

TUNED, UNSEEN = range(100, 106), range(500, 512)


def beats(pair: TwoDevices, which: str) -> tuple[list[float], list[Status]]:
    """Beat times of the path fed with both devices or one alone, and the changes of lead."""
    path = Path(find_piece("correlations"), RecordingClock)
    path.start(0.0)
    found, switches = [], []
    for chunk in chunks(pair, which=which):
        path.advance(chunk.arrival_s)
        for record in path.feed(chunk):
            if isinstance(record, Gate) and record.name == "pulse.beat" and record.value:
                late_s = pair.lag_s if record.source == "board" and which == "second" else 0.0
                found.append(record.at_s - late_s)
            elif isinstance(record, Status) and record.name == "bvp.source":
                switches.append(record)
    return sorted(found), switches


def scores(scenario: Scenario, seeds: range) -> tuple[float, float, float]:
    """Mean F1 of the first device, the second, and both fused."""
    rows = []
    for seed in seeds:
        pair = scenario(seed)
        rows.append([f1(beats(pair, which)[0], pair.beats_s) for which in ("first", "second", "both")])
    return mean(r[0] for r in rows), mean(r[1] for r in rows), mean(r[2] for r in rows)


def fusion() -> Iterator[Figure]:
    """Contact loss and moderate motion."""
    for scenario, bar in ((contact_loss, ">= better source + 0.05"), (moderate_motion, ">= better source")):
        first, second, both = scores(scenario, UNSEEN)
        said = f"first {first:.3f}, second {second:.3f}, fused {both:.3f} ({both - max(first, second):+.3f})"
        yield Figure(f"two devices, {scenario.__name__.replace('_', ' ')}: F1", bar, said)
