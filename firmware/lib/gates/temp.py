"""Skin temperature trend: warming or cooling, each with hysteresis and minimum times (see `trend`).

The two running means have time constants of 8 s and about 64 s: on a steady ramp the trend settles at ramp * 56 s.
Skin at the wrist moves 0.05 to 0.5 C a minute under change of state or room; where that is much or little for this
wearer, the gates open at the larger third of it, from `on_centi` up.

Surprise: the sensors' own step is 0.01 to 0.02 C, so the means carry 10 guard bits. Bounds: 5000 << 10 = 2**22.3;
own thresholds in 1/16 centi-C, 80000 << 8 = 2**24.3.
"""

from gates.common import samples_of, shift_for
from gates.trend import Trend

LIMIT = 5000  # centi-C; clamp of the input
GUARD = 10
OWN = 4  # guard bits of the own threshold


class TemperatureTrend(Trend):
    """Gates `temp.rise` and `temp.fall`. `rising`, `falling` and `trend` (1/1024 centi-C) are public."""

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
        super().__init__(
            rate_hz,
            LIMIT,
            GUARD,
            0,
            GUARD - OWN,
            shift_for(samples_of(fast_ms, rate_hz), GUARD),
            shift_for(samples_of(slow_ms, rate_hz), GUARD),
            on_centi << OWN,
            LIMIT << OWN,
            min((off_centi << 8) // max(on_centi, 1), 256),
            half_life_ms,
            samples_of(min_on_ms, rate_hz),
            samples_of(min_off_ms, rate_hz),
        )
