"""Trend of a training metric: rising or falling, each with hysteresis and minimum times.

The difference of a newer and an older mean, as for skin temperature; but here the threshold is a multiple of the newer
mean's own unrest: the median size of its bends (m[n] - 2 m[n-T] + m[n-2T], T the newer time constant). A straight
trend has no bend, and noise that lasts from one frame to the next, as every training run has, is counted as it should.
Adding a constant to the metric changes nothing.

Bounds: |x| <= 2**21 at 7 guard bits 2**28, differences 2**29; bends 2**23 at 6 guard bits 2**29.
"""

from gates.common import FrugalSize, Hold, RunningMean, clamped, samples_of, shift_for

LIMIT = 1 << 21  # Q16; clamp of the input
GUARD = 7
QUARTERS = 4  # a bend is looked at four times in each time constant

RISE_OPENED = 1
RISE_CLOSED = 2
FALL_OPENED = 4
FALL_CLOSED = 8


class MetricTrend:
    """Gates `<metric>.rise` and `<metric>.fall`. `rising`, `falling` and `trend` (Q16 counts) are public."""

    def __init__(
        self,
        rate_hz: int = 10,
        *,
        fast_ms: int = 4_000,
        slow_ms: int = 32_000,
        on_times: int = 4,  # usual bends of the newer mean; about five standard deviations of white noise
        off_times: int = 2,
        least: int = 3277,  # Q16 counts; a smaller difference of the means is no trend
        min_on_ms: int = 2_000,
        min_off_ms: int = 2_000,
    ) -> None:
        fast = shift_for(samples_of(fast_ms, rate_hz), 10)
        self._fast = RunningMean(fast, GUARD)
        self._slow = RunningMean(shift_for(samples_of(slow_ms, rate_hz), 12), GUARD)
        self._every = max(1, (1 << fast) // QUARTERS)  # frames between the means that are kept
        self._kept = [0] * (2 * QUARTERS)
        self._unrest = FrugalSize(4)
        self._on_times = on_times
        self._off_times = off_times
        self._least = least
        min_on, min_off = samples_of(min_on_ms, rate_hz), samples_of(min_off_ms, rate_hz)
        self._rise = Hold(min_on, min_off)
        self._fall = Hold(min_on, min_off)
        self._learn_samples = 4 << fast
        self.reset()

    def reset(self) -> None:
        """A new run."""
        self._fast.reset()
        self._slow.reset()
        self._unrest.reset()
        self._rise.reset()
        self._fall.reset()
        self._learn = self._learn_samples
        self.trend = 0
        self.gap()

    def gap(self) -> None:
        """Frames are missing: no bend is taken across the hole."""
        self._filled = 0
        self._at = 0
        self._wait = self._every

    @property
    def rising(self) -> bool:
        return self._rise.on

    @property
    def falling(self) -> bool:
        return self._fall.on

    def step(self, x: int) -> int:
        """One frame (Q16); returns a mask of RISE_OPENED, RISE_CLOSED, FALL_OPENED, FALL_CLOSED."""
        if x > LIMIT or x < -LIMIT:
            x = clamped(x, LIMIT)
        mean = self._fast.step(x) >> GUARD
        trend = mean - (self._slow.step(x) >> GUARD)
        self.trend = trend
        self._wait -= 1
        if not self._wait:
            self._wait = self._every
            self._bend(mean)
        if self._learn:
            self._learn -= 1
            return 0
        unrest = self._unrest.value
        on_at = max(self._least, unrest * self._on_times)
        off_at = max(self._least >> 1, unrest * self._off_times)
        edges = self._rise.step(trend >= (off_at if self._rise.on else on_at))
        return edges | self._fall.step(-trend >= (off_at if self._fall.on else on_at)) << 2

    def _bend(self, mean: int) -> None:
        kept = self._kept
        size = len(kept)
        at = self._at
        if self._filled < size:
            self._filled += 1
        else:
            self._unrest.step(abs(mean - 2 * kept[(at + QUARTERS) % size] + kept[at]))
        kept[at] = mean
        self._at = (at + 1) % size
