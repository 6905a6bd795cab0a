"""No intermediate passes 2**30 - 1: every rule runs on integers that remember the largest result of any operation.

The inputs span exactly the declared range: beyond it the clamp hands on its own plain integer. `contact` only compares.
"""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gates.eda import SkinResponses
from gates.level import RunningRange
from gates.motion import Movement
from gates.pulse import PulseBeats
from gates.temp import TemperatureTrend

SMALL_INT = (1 << 30) - 1


class Watched(int):
    """An integer whose arithmetic gives watched integers and records the largest magnitude seen."""

    largest = 0


def _watch(name: str) -> None:
    plain: Callable[..., int] = getattr(int, name)

    def method(self: Watched, *others: Any) -> Any:
        result = plain(self, *others)
        if result is NotImplemented:
            return result
        Watched.largest = max(Watched.largest, operator.index(abs(int(result))))
        return Watched(result)

    setattr(Watched, name, method)


for _name in ("add", "sub", "mul", "floordiv", "mod", "lshift", "rshift", "and", "or"):
    _watch(f"__{_name}__")
    _watch(f"__r{_name}__")
for _name in ("neg", "abs"):
    _watch(f"__{_name}__")


def extremes(low: int, high: int, kind: str, seed: int) -> Iterator[int]:
    """Squares of every length, random full scale, ramps, and single spikes."""
    rng = random.Random(seed)
    n = 0
    while True:
        if kind == "square":
            length = 1 + n // 500 % 40
            yield high if n // length & 1 else low
        elif kind == "random":
            yield rng.randint(low, high)
        elif kind == "ramp":
            yield low + (n * (high - low) // 37) % (high - low + 1)
        else:
            yield high if rng.random() < 0.02 else low
        n += 1


RULES: dict[str, tuple[Callable[[], Any], list[tuple[int, int]]]] = {
    "pulse": (PulseBeats, [(-131_071, 131_071)]),
    "pulse 100 Hz": (lambda: PulseBeats(100), [(-131_071, 131_071)]),
    "eda": (SkinResponses, [(0, 100_000)]),
    "eda valid": (SkinResponses, [(50, 60_000)]),
    "eda smooth": (lambda: SkinResponses(jump=10_000_000), [(50, 60_000)]),
    "temp": (TemperatureTrend, [(0, 5000)]),
    "motion": (Movement, [(-128, 128)] * 3),
    "level": (RunningRange, [(-(1 << 20), 1 << 20)]),
}


@pytest.mark.parametrize("kind", ["square", "random", "ramp", "spikes"])
@pytest.mark.parametrize("name", RULES)
def test_intermediates_stay_small(name: str, kind: str) -> None:
    make, ranges = RULES[name]
    rule = make()
    feeds = [extremes(low, high, kind, seed) for seed, (low, high) in enumerate(ranges)]
    Watched.largest = 0
    for _ in range(4_000):
        rule.step(*(Watched(next(feed)) for feed in feeds))
    print(f"{name} {kind}: 2**{math.log2(max(1, Watched.largest)):.1f}")
    assert 0 < Watched.largest <= SMALL_INT
