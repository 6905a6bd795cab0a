"""Which way does a slow signal go? Two gates, rising and falling, each with hysteresis and minimum times.

What temperature (`temp`) and tonic skin conductance (`tonic`) share. The difference of two running means is a trend
without a division: on a steady ramp it settles at ramp * (slow - fast). The gates open where the trend is large for
this wearer: the larger third of its sizes (`own`), from a floor up.

Bounds: limit << guard, which the two rules state, and the difference of two of them.
"""

from gates.common import Hold
from gates.own import OwnThreshold

RISE_OPENED = 1
RISE_CLOSED = 2
FALL_OPENED = 4
FALL_CLOSED = 8


class Trend:
    """Gates for rising and falling. `rising`, `falling` and `trend` are public."""

    def __init__(
        self,
        rate_hz: int,
        limit: int,  # counts; clamp of the input, 0 .. limit
        guard: int,  # bits of the means
        drop: int,  # of these, how many the trend does not keep
        fine: int,  # of those that it keeps, how many the own threshold does without
        fast_shift: int,
        slow_shift: int,
        floor: int,  # of the own threshold, in its own unit
        ceiling: int,
        off_q8: int,  # a gate closes below this part of the threshold
        half_life_ms: int,
        min_on: int,  # samples
        min_off: int,
    ) -> None:
        self._limit = limit
        self._guard = guard
        self._drop = drop
        self._fine = fine
        self._fast_shift = fast_shift
        self._slow_shift = slow_shift
        self._off_q8 = off_q8
        self._own = OwnThreshold(rate_hz, floor, ceiling, 2, 1, half_life_ms)
        self._rise = Hold(min_on, min_off)
        self._fall = Hold(min_on, min_off)
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
        self.trend = 0
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
        """One sample (counts); returns a mask of RISE_OPENED, RISE_CLOSED, FALL_OPENED, FALL_CLOSED."""
        if not 0 <= x <= self._limit:
            x = min(max(x, 0), self._limit)
        x <<= self._guard
        if self._empty:
            self._empty = False
            self._fast = self._slow = x
        fast = self._fast
        slow = self._slow
        fast += (x - fast) >> self._fast_shift
        slow += (x - slow) >> self._slow_shift
        self._fast = fast
        self._slow = slow
        self.trend = trend = (fast - slow) >> self._drop
        threshold = self._own.step(abs(trend) >> self._fine)
        on_at, off_at = threshold << self._fine, (threshold * self._off_q8 >> 8) << self._fine
        rise, fall = self._rise, self._fall
        rises = trend >= (off_at if rise.on else on_at)
        falls = -trend >= (off_at if fall.on else on_at)
        edges = 0
        if rises != rise.on or rise.left:
            edges = rise.step(rises)
        if falls != fall.on or fall.left:
            edges |= fall.step(falls) << 2
        return edges
