"""A whole recording at once, with numpy: every pair at every lag against every circular shift. Not for live use.

The coding is the live one (history.py); the null is larger. A circular shift of a whole stream against another is one
place of their circular cross-correlation, so that one FFT a pair gives all surrogates: some 3000 for an hour, where
the live stage has at most some hundred, from the last minutes. For the family every stream is turned by an offset of
its own, `TURNS` times, and the strongest of all pairs and lags is kept: its 99th percentile is the threshold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from somatone.timeline.correlation.agreement import LEAST_BOTH, LONGEST_LAG
from somatone.timeline.correlation.null import NEAREST_SHIFT, ONE_IN
from somatone.timeline.correlation.pair import pairs_of
from somatone.timeline.correlation.streams import Key

Floats = NDArray[np.float64]
LAGS_S = tuple(range(-LONGEST_LAG, LONGEST_LAG + 1))
TURNS = 2000
LEAST_TICKS = 5 * NEAREST_SHIFT  # fewer leave no room for surrogates


@dataclass(frozen=True, slots=True)
class Standing:
    """One pair at one relative shift: r and score by lag, over `LAGS_S`."""

    r: Floats
    score: Floats

    @property
    def best(self) -> int:
        """Place of the strongest lag in `LAGS_S`."""
        return int(np.argmax(self.score))


class WholePair:
    """One pair of streams over a whole recording; a lag above 0 says that the second stream moves first."""

    def __init__(self, first: Key, second: Key, a: NDArray[np.int8], b: NDArray[np.int8]) -> None:
        self.first, self.second = first, second
        self._net, self._both = _circular(a, b), _circular(np.abs(a), np.abs(b))
        power = np.where(self._both >= LEAST_BOTH, self._net**2 / np.maximum(self._both, 1), 0.0)
        self.inflation = max(float(power[NEAREST_SHIFT:-NEAREST_SHIFT].mean()), 1e-9)
        self._score = power / self.inflation
        window = np.concatenate([self._score[-LONGEST_LAG:], self._score, self._score[:LONGEST_LAG]])
        self.strongest: Floats = np.lib.stride_tricks.sliding_window_view(window, len(LAGS_S)).max(axis=1)  # by shift
        self.true = self.at(0)

    def at(self, shift: int) -> Standing:
        """The pair with its second stream shifted by so many seconds; 0 is the truth."""
        places = np.array(LAGS_S) + shift
        both = self._both.take(places, mode="wrap")
        net = self._net.take(places, mode="wrap")
        return Standing(
            np.where(both >= LEAST_BOTH, net / np.maximum(both, 1), 0.0), self._score.take(places, mode="wrap")
        )

    @property
    def score(self) -> float:
        return float(self.true.score.max())

    @property
    def lag_s(self) -> int:
        return LAGS_S[self.true.best]

    @property
    def r(self) -> float:
        return float(self.true.r[self.true.best])

    def r_of(self, score: float) -> float:
        """The r that has this score at the true pair's best lag."""
        both = float(self._both.take([self.lag_s], mode="wrap")[0])
        return min(math.sqrt(score * self.inflation / max(both, 1.0)), 1.0)

    @property
    def bits(self) -> float:
        """Surprise: -log2 of the share of shifts whose strongest lag is at least as strong."""
        far = self._far
        return -math.log2((1 + int((far >= self.score).sum())) / (1 + len(far)))

    @property
    def beyond(self) -> bool:
        """Whether no shift at all is as strong, so that the surprise is only a least one."""
        return bool(self.score > self._far.max())

    @property
    def _far(self) -> Floats:
        return self.strongest[NEAREST_SHIFT:-NEAREST_SHIFT]


@dataclass(frozen=True, slots=True)
class Whole:
    """All pairs, the score that the strongest of them passes by chance in 1 %, and a typical draw of chance."""

    pairs: Sequence[WholePair]
    threshold: float
    ghost: Sequence[Standing]  # one turn of all streams, its strongest pair as strong as the median turn's
    seconds: int

    def above(self, pair: WholePair) -> bool:
        """Whether chance does this, among all pairs and lags, in less than 1 % of the turns."""
        return pair.score >= self.threshold


def whole_of(codes: Mapping[Key, Mapping[int, int]], seed: int = 0) -> Whole | None:
    """Score a recording from its streams' codes by second; None where it is too short or nothing has a partner."""
    ticks = [tick for stream in codes.values() for tick in stream]
    if not ticks or (length := max(ticks) + 1 - min(ticks)) < LEAST_TICKS:
        return None
    series = {key: np.zeros(length, np.int8) for key in sorted(codes)}
    for key, stream in codes.items():
        series[key][np.array(list(stream)) - min(ticks)] = list(stream.values())
    pairs = [WholePair(a, b, series[a], series[b]) for a, b in pairs_of(list(series), len(series) ** 2)]
    pairs = [pair for pair in pairs if pair.true.r.any()]
    if not pairs:
        return None
    shifts = _turns(list(series), pairs, length, np.random.default_rng(seed))
    strongest = np.array([pair.strongest[row] for pair, row in zip(pairs, shifts, strict=True)])
    family = strongest.max(axis=0)
    typical = int(np.argsort(family)[len(family) // 2])
    ghost = [pair.at(int(row[typical])) for pair, row in zip(pairs, shifts, strict=True)]
    return Whole(pairs, float(np.quantile(family, 1 - 1 / ONE_IN)), ghost, length)


def _circular(a: NDArray[np.int8], b: NDArray[np.int8]) -> Floats:
    """sum of a[t] * b[t - s] by s, exact integers."""
    product: Floats = np.round(np.fft.irfft(np.fft.rfft(a) * np.conj(np.fft.rfft(b)), len(a)))
    return product


def _turns(keys: list[Key], pairs: Sequence[WholePair], length: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Relative shift of every pair (rows) in every turn; a pair that fell too near its truth is moved away."""
    offsets = dict(zip(keys, rng.integers(0, length, (len(keys), TURNS)), strict=True))
    shifts = np.array([offsets[pair.second] - offsets[pair.first] for pair in pairs]) % length
    near = (shifts < NEAREST_SHIFT) | (shifts > length - NEAREST_SHIFT)
    shifts[near] = rng.integers(NEAREST_SHIFT, length - NEAREST_SHIFT, int(near.sum()))
    return shifts
