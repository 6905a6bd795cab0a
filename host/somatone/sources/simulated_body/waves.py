"""Slow deterministic waves: sums of sines with drawn phases, so that a value exists for any time in any order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TAU = 2.0 * np.pi


class Waves:
    """`count` sines with periods drawn between `short_s` and `long_s`, standard deviation about 1 together."""

    def __init__(self, rng: np.random.Generator, count: int, short_s: float, long_s: float) -> None:
        periods_s = np.exp(rng.uniform(np.log(short_s), np.log(long_s), count))
        self._omega = (TAU / periods_s)[:, None]
        self._phase = rng.uniform(0.0, TAU, count)[:, None]
        self._gain = float(np.sqrt(2.0 / count))

    def at(self, t_s: Floats) -> Floats:
        """Values at the times `t_s` (n,) in seconds; shape (n,)."""
        values: Floats = self._gain * np.sin(self._omega * t_s + self._phase).sum(axis=0)
        return values

    def one(self, t_s: float) -> float:
        return float(self.at(np.array([t_s]))[0])
