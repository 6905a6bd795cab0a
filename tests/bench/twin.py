"""Vectorised twins of what can be vectorised in the rules: the straight-line front ends. Independent code, int64.

Written from the rules' head notes, not from their code: convolutions and cumulative sums instead of rings. What decides
(medians, thresholds, gates) depends on its own past and has no twin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gates.eda import SkinResponses
from gates.motion import Movement
from gates.pulse import PulseBeats

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Twin:
    """The same quantity after every sample, by the rule's own step and by numpy."""

    vector: Callable[[int, int], Ints]  # samples, seed -> input
    rule: Callable[[Ints], Ints]
    numpy: Callable[[Ints], Ints]


def boxcar(x: Ints, length: int) -> Ints:
    """Sum of the newest `length` values; what came before the first sample was like the first."""
    padded = np.concatenate([np.full(length, x[0], np.int64), x])
    sums = np.cumsum(padded)
    newest: Ints = sums[length:] - sums[:-length]
    return newest


def delayed(x: Ints, lag: int) -> Ints:
    """x[n - lag]; the first value before the beginning."""
    return np.concatenate([np.full(lag, x[0], np.int64), x])[: x.size]


def _full_scale(low: int, high: int) -> Callable[[int, int], Ints]:
    """A quarter each of random, squares of all lengths, steps, and a slow swing with noise."""

    def vector(samples: int, seed: int) -> Ints:
        rng = np.random.default_rng(seed)
        part = samples // 4
        n = np.arange(part)
        square = np.where(n // (1 + n // 1000 % 60) & 1, high, low)
        steps = low + (n // 997 * 7919) % (high - low + 1)
        swing = (low + high) // 2 + (high - low) * (np.sin(n / 11.0) + 0.1 * rng.standard_normal(part)) / 3
        parts = [rng.integers(low, high + 1, part), square, steps, np.clip(np.rint(swing), low, high)]
        return np.concatenate(parts).astype(np.int64)

    return vector


def _states(make: Callable[[], Any], step: Callable[[Any, int], int]) -> Callable[[Ints], Ints]:
    def run(samples: Ints) -> Ints:
        rule = make()
        return np.array([step(rule, x) for x in samples.tolist()], np.int64)

    return run


BOX = PulseBeats(64)._box
RATE_EDA = 4


def _pulse_step(rule: PulseBeats, x: int) -> int:
    rule.step(x)
    return rule._sum


def _slope_sum(x: Ints) -> Ints:
    smooth = boxcar(x, BOX)
    rises = np.maximum(smooth - delayed(smooth, BOX), 0)
    return boxcar(np.concatenate([np.zeros(1, np.int64), rises]), 2 * BOX)[1:]


def _skin_begun() -> SkinResponses:
    return SkinResponses(RATE_EDA)


def _skin_step(rule: SkinResponses, x: int) -> int:
    """The filter alone: what follows it is silenced by artefacts and then starts anew."""
    if rule._empty:
        rule._begin(x)
    return rule._filter(x)


def _skin_slope(x: Ints) -> Ints:
    second = boxcar(x, RATE_EDA)
    return second - delayed(second, RATE_EDA // 2)


def _jerk_step(rule: Movement, x: int) -> int:
    rule.step(x, -x, x >> 1)
    return rule.energy_q8 >> 8


def _jerk(x: Ints) -> Ints:
    axes = np.stack([x, -x, x >> 1])
    jerk: Ints = np.abs(np.diff(axes, axis=1, prepend=axes[:, :1])).sum(axis=0)
    return jerk


TWINS = {
    "pulse, slope sum": Twin(_full_scale(-131_071, 131_071), _states(lambda: PulseBeats(64), _pulse_step), _slope_sum),
    "skin conductance, slope of the one-second sum": Twin(
        _full_scale(0, 100_000), _states(_skin_begun, _skin_step), _skin_slope
    ),
    "movement, jerk": Twin(_full_scale(-128, 128), _states(lambda: Movement(32, smooth_ms=1), _jerk_step), _jerk),
}
