"""Tonic skin conductance: rising or falling, each with hysteresis and minimum times.

Fed with the slow level that the rule of the responses leaves (`SkinResponses.tonic_nsiemens`). As with temperature the
difference of two running means (8 s and 64 s) is the trend: a steady drift of 1 nS/s settles at 56 nS. Tonic levels
drift by 0.1 to 10 nS/s, in proportion to the level and the person, so the gates open where the trend is large for this
wearer: the larger third of it (`own`), but never below `least_nsiemens`.

Bounds: 100000 << 8 = 2**24.6; own thresholds in nS, 100000 << 8.
"""

from gates.common import Switch, samples_of
from gates.own import OwnThreshold

LIMIT = 100_000  # nS; clamp of the input
GUARD = 8

RISE_OPENED = 1
RISE_CLOSED = 2
FALL_OPENED = 4
FALL_CLOSED = 8


class TonicTrend:
    """Gates `eda.rise` and `eda.fall`. `rising`, `falling` and `trend_nsiemens` are public."""

    def __init__(
        self,
        rate_hz: int = 4,
        *,
        fast_shift: int = 5,  # 2**5 samples: 8 s at 4 Hz
        slow_shift: int = 8,
        least_nsiemens: int = 10,  # a drift of 0.2 nS/s, 11 nS a minute
        half_life_ms: int = 150_000,
        min_on_ms: int = 4_000,
        min_off_ms: int = 3_000,
    ) -> None:
        self._fast_shift = fast_shift
        self._slow_shift = slow_shift
        min_on, min_off = samples_of(min_on_ms, rate_hz), samples_of(min_off_ms, rate_hz)
        self._rise = Switch(least_nsiemens, least_nsiemens, min_on, min_off)
        self._fall = Switch(least_nsiemens, least_nsiemens, min_on, min_off)
        self._own = OwnThreshold(rate_hz, least_nsiemens, LIMIT >> 2, 2, 1, half_life_ms)
        self.reset()

    def reset(self) -> None:
        """A new wearer."""
        self._own.reset()
        self.rest()

    def rest(self) -> None:
        """Nothing can be trusted now: gates shut, means forgotten, the wearer's own range kept."""
        self._rise.reset()
        self._fall.reset()
        self._fast = 0
        self._slow = 0
        self.trend_nsiemens = 0
        self.gap()

    def gap(self) -> None:
        """Samples are missing: the means begin at the next one, the trend at zero."""
        self._empty = True

    @property
    def rising(self) -> bool:
        return self._rise.on

    @property
    def falling(self) -> bool:
        return self._fall.on

    def step(self, x: int) -> int:
        """One sample (nS); returns a mask of RISE_OPENED, RISE_CLOSED, FALL_OPENED, FALL_CLOSED."""
        x = min(max(x, 0), LIMIT) << GUARD
        if self._empty:
            self._empty = False
            self._fast = self._slow = x
        self._fast += (x - self._fast) >> self._fast_shift
        self._slow += (x - self._slow) >> self._slow_shift
        trend = (self._fast - self._slow) >> GUARD
        self.trend_nsiemens = trend
        threshold = self._own.step(abs(trend))
        for switch in (self._rise, self._fall):
            switch.on_at = threshold
            switch.off_at = threshold * 5 >> 3
        return self._rise.step(trend) | self._fall.step(-trend) << 2
