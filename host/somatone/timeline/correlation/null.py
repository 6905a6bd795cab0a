"""What chance does: how strong the strongest of all pairs and lags gets where no relation is possible.

Surrogates are the same streams, one of them taken one to six minutes earlier than the other. They give
    inflation   of each pair, the mean power at all lags: slow streams agree more by chance (Bartlett 1935)
    score       of a pair at its best lag, power / inflation: a squared z, comparable between pairs
    threshold   the score that the maximum over all pairs and lags passes in 1 % of the surrogate rounds (Westfall &
                Young 1993: the max statistic corrects for pairs and lags, however they hang together)
The threshold starts at the value for pairs x `LAGS_APART` independent tests and is never below it; rounds of surrogates
raise it by a running quantile. It is Student's, not Gauss's, because the inflation is itself an estimate: with Gauss's
something was falsely likely 1.8 % of the time on shifted E4 sessions (seeds 100..109), with Student's 0.3 %.
Bounds: inflation in Q16 <= 2**25, score in Q8 <= 2**25.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

from somatone.timeline.correlation.agreement import WINDOW, Best, best_of, by_lag
from somatone.timeline.correlation.history import LONGEST, History

NEAREST_SHIFT = 60  # s; beyond the lags and what a difference remembers
LEAST_OVERLAP = 90  # s of the shifted stream that must lie in what is remembered
LAGS_APART = 6  # 41 s of lags over the width of the differences: how many of the lags are independent
ONE_IN = 100  # the percentile: 1 - 1 / ONE_IN
KNOWN_AFTER = 16  # surrogates of a pair, before anything is said of it
PRIOR_Q16, PRIOR_WEIGHT = 2 << 16, 8  # of the inflation; measured between 1.1 and 5
MEMORY = 64  # surrogates over which the inflation is a mean
FREEDOM = 48  # of Student's t: those surrogates overlap in time
STEP_Q8 = 4  # of the running quantile: a round above raises by ONE_IN - 1 steps, one below lowers by one


class Inflation:
    """Mean power of one pair's surrogates, and the next surrogate to be looked at."""

    __slots__ = ("count", "value_q16")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.value_q16, self.count = PRIOR_Q16, 0

    @property
    def known(self) -> bool:
        return self.count >= KNOWN_AFTER

    def surrogate(self, first: History, second: History) -> Best | None:
        """One more surrogate of the pair, learnt from; None while the streams are too young."""
        room = min(first.ticks, second.ticks, LONGEST - WINDOW + LEAST_OVERLAP) - LEAST_OVERLAP - NEAREST_SHIFT
        if room < WINDOW // 5:
            return None
        # Steps of the golden section spread the shifts evenly, whatever the room; the roles change each time.
        shift = NEAREST_SHIFT + self.count * 633 % 1024 * room // 1024
        best = best_of(by_lag(second, first, shift) if self.count & 1 else by_lag(first, second, shift))
        if not best.lags:
            return None
        self.count += 1
        weight = min(self.count + PRIOR_WEIGHT, MEMORY)
        self.value_q16 += ((best.total_q8 << 8) // best.lags - self.value_q16) // weight
        return best

    def score_q8(self, power_q8: int) -> int:
        """A squared z, Q8."""
        return (power_q8 << 16) // max(self.value_q16, 1 << 12)


class Family:
    """The threshold that all pairs share."""

    def __init__(self) -> None:
        self._excess_q8 = 0
        self._strongest_q8 = 0

    def heard(self, score_q8: int) -> None:
        """A surrogate's score; the strongest of a round counts."""
        self._strongest_q8 = max(self._strongest_q8, score_q8)

    def end_round(self, pairs: int) -> None:
        """Every pair has shown one surrogate."""
        if self._strongest_q8:
            above = self._strongest_q8 > self.threshold_q8(pairs)
            self._excess_q8 = max(self._excess_q8 + (STEP_Q8 * (ONE_IN - 1) if above else -STEP_Q8), 0)
        self._strongest_q8 = 0

    def threshold_q8(self, pairs: int) -> int:
        """The score that chance passes in one of a hundred rounds."""
        return first_threshold_q8(max(pairs, 1)) + self._excess_q8

    def bits(self, score_q8: int, pairs: int) -> float:
        """How surprising the best lag of one pair is: -log2 of its chance under the surrogates' null."""
        z2 = gaussian_z(max(pairs, 1)) ** 2 * score_q8 / self.threshold_q8(pairs)
        one_lag = min(math.erfc(math.sqrt(z2 / 2)), 0.999)
        return bits_of(-math.expm1(LAGS_APART * math.log1p(-one_lag)))


@cache
def gaussian_z(pairs: int) -> float:
    """z that one of pairs x `LAGS_APART` independent Gaussian tests passes, to either side, in 1 of `ONE_IN` cases."""
    return NormalDist().inv_cdf(1.0 - 1.0 / ONE_IN / (2 * pairs * LAGS_APART))


@cache
def first_threshold_q8(pairs: int) -> int:
    """Student's t for the same chance (first term of Fisher's expansion), squared, Q8."""
    z = gaussian_z(pairs)
    return round((z + (z**3 + z) / (4 * FREEDOM)) ** 2 * 256)


def bits_of(chance: float) -> float:
    """-log2 of a probability, at most 64."""
    return max(0.0, -math.log2(max(chance, 2.0**-64)))
