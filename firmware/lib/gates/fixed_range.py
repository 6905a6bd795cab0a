"""A fixed range: where does this value stand between two ends that are known beforehand?

For what has a scale of its own, as the metrics of a training run have: a running range would take a slow trend for the
usual and hide it, and from noise to order is a slow trend. Beyond the ends the level stays at 0 or 1.
Bounds: ends and input within +-2**21, differences 2**22; part and span are shifted below 2**13 before `<< 16`.
"""

LIMIT = 1 << 21  # Q16 counts; clamp of the ends
FULL = 65536  # level 1.0


class FixedRange:
    """Level (Q16) of a value in Q16 counts: 0 at `low`, 65536 at `high`, a straight line between."""

    def __init__(self, rate_hz: int = 10, *, low: int = 0, high: int = 65536) -> None:
        self._low = min(max(low, -LIMIT), LIMIT)
        self._span = max(1, min(max(high, -LIMIT), LIMIT) - self._low)
        self._shift = 0
        while self._span >> self._shift >= 1 << 13:
            self._shift += 1

    def reset(self) -> None:
        """A new run: nothing here remembers one."""

    def gap(self) -> None:
        """Samples are missing: nothing here depends on continuity."""

    def step(self, x: int) -> int:
        """One sample (Q16 counts); returns the level, 0 .. 65536."""
        x = LIMIT if x > LIMIT else -LIMIT if x < -LIMIT else x
        part = min(max(x - self._low, 0), self._span)
        return min(FULL, ((part >> self._shift) << 16) // (self._span >> self._shift))
