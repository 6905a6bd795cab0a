"""One pair of streams: where it stands against chance, and whether it was likely before.

likely     above the threshold that chance passes in 1 % (null.py), until it falls below 7/8 of it
unlikely   the same for a pair that nothing known joins: its surprise is the news
broken     was likely for this wearer, and has since fallen or turned round further than noise would in 1 %;
               news for ten minutes, then it is chance
chance     all else, and unknown while there are too few surrogates or too little in common
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, combinations, groupby, islice, product
from operator import itemgetter

from somatone.timeline.correlation.agreement import LAGS, LEAST_BOTH, WINDOW, Best, Counts, best_of, by_lag
from somatone.timeline.correlation.names import related, root_of
from somatone.timeline.correlation.null import ONE_IN, Family, Inflation, bits_of
from somatone.timeline.correlation.streams import Key, Stream

SLOW = {"temp"}  # skin temperature follows vessels over minutes: no known way to move with anything in 20 s
BROKEN_BITS = math.log2(ONE_IN)
NEWS_S = 2 * WINDOW  # one window for what was there to leave, one to be told that it left


class Verdict(StrEnum):
    """What is said of a pair."""

    UNKNOWN = "unknown"
    CHANCE = "chance"
    LIKELY = "likely"
    UNLIKELY = "unlikely"
    BROKEN = "broken"


@dataclass(slots=True)
class Pair:
    """Two streams; a positive lag says that the second moves first."""

    first_key: Key
    second_key: Key
    first: Stream
    second: Stream
    inflation: Inflation = field(default_factory=Inflation)
    counts: list[Counts] = field(default_factory=list)
    best: Best | None = None
    score_q8: int = 0
    above: bool = False
    strongest_z_q8: int = 0  # that it had while it was above
    strongest_lag: int = 0
    strongest_sign: int = 1
    _above_at: int = 0

    @property
    def expected(self) -> bool:
        """Whether anything known joins the two: one body's nerves, one run's losses."""
        return is_expected(self.first_key, self.second_key)

    @property
    def known(self) -> bool:
        """Whether there is enough to say anything."""
        return self.best is not None and self.inflation.known

    @property
    def r(self) -> float:
        """Seconds of agreement less those of opposition, over those in which both spoke, at the best lag: -1..1."""
        return self.best.net / self.best.both if self.best else 0.0

    def look(self, family: Family, pairs: int, tick: int) -> None:
        """Score the pair as it stands and one of its surrogates; `pairs` is how many the threshold is for."""
        surrogate = self.inflation.surrogate(self.first.history, self.second.history)
        if surrogate and self.inflation.known:
            family.heard(self.inflation.score_q8(surrogate.power_q8))
        self.counts = by_lag(self.first.history, self.second.history)
        best = best_of(self.counts)
        self.best = best if best.lags else None
        self.score_q8 = self.inflation.score_q8(best.power_q8)
        threshold_q8 = family.threshold_q8(pairs)
        self.above = self.known and self.score_q8 >= (threshold_q8 * 7 // 8 if self.above else threshold_q8)
        if self.above:
            self._above_at = tick
            self._remember(best)
        elif tick - self._above_at > NEWS_S:
            self.strongest_z_q8 = 0

    def _remember(self, best: Best) -> None:
        """The strongest that it was; a window that is emptying must not lower it."""
        z_q8 = math.isqrt(self.score_q8 << 8)
        if z_q8 > self.strongest_z_q8:
            self.strongest_z_q8, self.strongest_lag, self.strongest_sign = z_q8, best.lag, 1 if best.net > 0 else -1

    def broken_bits(self) -> float:
        """How surprising it is that a pair that was above stands where it stands now; 0 for one that never was."""
        if not self.strongest_z_q8 or self.above or not self.known:
            return 0.0
        both, opposed = self.counts[LAGS.index(self.strongest_lag)]
        if both < LEAST_BOTH:
            return 0.0
        inflation = self.inflation.value_q16 / 65536
        z = self.strongest_sign * (both - 2 * opposed) / math.sqrt(both * inflation)
        fallen = self.strongest_z_q8 / 256 - z  # the difference of two values that each scatter by 1
        return bits_of(math.erfc(fallen / 2) / 2)

    def verdict(self) -> Verdict:
        """One word."""
        if not self.known:
            return Verdict.UNKNOWN
        if self.above:
            return Verdict.LIKELY if self.expected else Verdict.UNLIKELY
        return Verdict.BROKEN if self.broken_bits() >= BROKEN_BITS else Verdict.CHANCE

    def forget(self) -> None:
        """Another visitor."""
        self.inflation.clear()
        self.counts = []
        self.best = None
        self.score_q8 = self.strongest_z_q8 = 0
        self.above = False


def is_expected(first: Key, second: Key) -> bool:
    """Two streams of one wearer, neither of them slow."""
    return first[0] == second[0] and not {root_of(first[1]), root_of(second[1])} & SLOW


def pairs_of(keys: Sequence[Key], most: int) -> list[tuple[Key, Key]]:
    """Which streams are compared: first all pairs within a wearer, then those between two, at most `most`.

    A signal says nothing about itself: eda is not compared with eda.onset of the same wearer.
    """
    by_wearer = [list(group) for _, group in groupby(keys, key=itemgetter(0))]
    within = ((a, b) for group in by_wearer for a, b in combinations(group, 2) if not related(a[1], b[1]))
    between = ((a, b) for one, other in combinations(by_wearer, 2) for a, b in product(one, other))
    return list(islice(chain(within, between), most))
