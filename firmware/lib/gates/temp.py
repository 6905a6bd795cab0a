"""Skin temperature trend: warming or cooling, each with hysteresis and minimum times.

The difference of two running means (time constants 8 s and about 64 s) is a trend without a division: on a steady
ramp it settles at ramp * 56 s. Skin at the wrist moves 0.05 to 0.5 C a minute under change of state or room; where
that is much or little for this wearer, the gates open at the larger third of it (`own`), from `on_centi` up.

Surprise: the sensors' own step is 0.01 to 0.02 C, so the means carry 10 guard bits. Bounds: 5000 << 10 = 2**22.3;
own thresholds in 1/16 centi-C, 80000 << 8 = 2**24.3.
"""

from gates.common import Switch, samples_of
from gates.own import OwnThreshold

LIMIT = 5000  # centi-C; clamp of the input
GUARD = 10
OWN = 4  # guard bits of the own threshold

RISE_OPENED = 1
RISE_CLOSED = 2
FALL_OPENED = 4
FALL_CLOSED = 8


def _shift_for(samples: int) -> int:
    shift = 0
    while (1 << (shift + 1)) <= samples and shift < GUARD:
        shift += 1
    return shift


class TemperatureTrend:
    """Gates `temp.rise` and `temp.fall`. `rising`, `falling` and `trend_q10` (1/1024 centi-C) are public."""

    def __init__(
        self,
        rate_hz: int = 4,
        *,
        fast_ms: int = 8_000,
        slow_ms: int = 64_000,
        on_centi: int = 3,  # about 0.03 C a minute, two steps of the sensor
        off_centi: int = 2,
        half_life_ms: int = 150_000,
        min_on_ms: int = 5_000,
        min_off_ms: int = 3_000,
    ) -> None:
        self._fast_shift = _shift_for(samples_of(fast_ms, rate_hz))
        self._slow_shift = _shift_for(samples_of(slow_ms, rate_hz))
        on_at, off_at = on_centi << GUARD, off_centi << GUARD
        min_on, min_off = samples_of(min_on_ms, rate_hz), samples_of(min_off_ms, rate_hz)
        self._rise = Switch(on_at, off_at, min_on, min_off)
        self._fall = Switch(on_at, off_at, min_on, min_off)
        self._own = OwnThreshold(rate_hz, on_centi << OWN, LIMIT << OWN, 2, 1, half_life_ms)
        self._off_q8 = min((off_centi << 8) // max(on_centi, 1), 256)  # of the threshold
        self.reset()

    def reset(self) -> None:
        """A new wearer."""
        self._own.reset()
        self.rest()

    def rest(self) -> None:
        """Nothing can be trusted now: gates shut, means forgotten, the wearer's own range kept."""
        self._empty = True
        self._fast = 0
        self._slow = 0
        self.trend_q10 = 0
        self._rise.reset()
        self._fall.reset()

    def gap(self) -> None:
        """Samples are missing: the means move on from the next sample, the trend starts at zero."""
        self._empty = True

    @property
    def rising(self) -> bool:
        return self._rise.on

    @property
    def falling(self) -> bool:
        return self._fall.on

    def step(self, x: int) -> int:
        """One sample (centi-C); returns a mask of RISE_OPENED, RISE_CLOSED, FALL_OPENED, FALL_CLOSED."""
        x = min(max(x, 0), LIMIT) << GUARD
        if self._empty:
            self._empty = False
            self._fast = self._slow = x
        self._fast += (x - self._fast) >> self._fast_shift
        self._slow += (x - self._slow) >> self._slow_shift
        trend = self._fast - self._slow
        self.trend_q10 = trend
        threshold = self._own.step(abs(trend) >> (GUARD - OWN))
        on_at, off_at = threshold << (GUARD - OWN), (threshold * self._off_q8 >> 8) << (GUARD - OWN)
        for switch in (self._rise, self._fall):
            switch.on_at = on_at
            switch.off_at = off_at
        return self._rise.step(trend) | self._fall.step(-trend) << 2
