"""Tonic skin conductance: rising or falling, each with hysteresis and minimum times (see `trend`).

Fed with the slow level that the rule of the responses leaves (`SkinResponses.tonic_nsiemens`). The two running means
have time constants of 8 s and 64 s: a steady drift of 1 nS/s settles at 56 nS. Tonic levels drift by 0.1 to 10 nS/s,
in proportion to the level and the person, so the gates open where the trend is large for this wearer: the larger third
of it, but never below `least_nsiemens`.

Bounds: 100000 << 8 = 2**24.6; own thresholds in nS, 100000 << 8.
"""

from gates.common import samples_of, shift_for
from gates.trend import Trend

LIMIT = 100_000  # nS; clamp of the input
GUARD = 8
OFF_Q8 = 160  # a gate closes at five eighths of where it opened


class TonicTrend(Trend):
    """Gates `eda.rise` and `eda.fall`. `rising`, `falling` and `trend` (nS) are public."""

    def __init__(
        self,
        rate_hz: int = 4,
        *,
        fast_ms: int = 8_000,
        slow_ms: int = 64_000,
        least_nsiemens: int = 10,  # a drift of 0.2 nS/s, 11 nS a minute
        half_life_ms: int = 150_000,
        min_on_ms: int = 4_000,
        min_off_ms: int = 3_000,
    ) -> None:
        super().__init__(
            rate_hz,
            LIMIT,
            GUARD,
            GUARD,
            0,
            shift_for(samples_of(fast_ms, rate_hz), GUARD),
            shift_for(samples_of(slow_ms, rate_hz), GUARD),
            least_nsiemens,
            LIMIT >> 2,
            OFF_Q8,
            half_life_ms,
            samples_of(min_on_ms, rate_hz),
            samples_of(min_off_ms, rate_hz),
        )
