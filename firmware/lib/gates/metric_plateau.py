"""Plateau of a training metric: its mean stays within a narrow band, and its noise is small, for long.

The band lies around an anchor: the mean as it was when it last left a band. A trend, however slow, carries the mean
out of it; the time since then is how long nothing has happened. The open gate bears a band twice as wide, so that it
does not flutter at the edge. Adding a constant to the metric changes nothing.

Surprise: a metric that swings evenly is no plateau although its mean stands still: hence the limit on the spread.
Bounds: |x| <= 2**21 at 7 guard bits 2**28, differences 2**29; spread 2**22 at 6 guard bits 2**28.
"""

from gates.common import FrugalSize, Hold, RunningMean, clamped, samples_of, shift_for

LIMIT = 1 << 21  # Q16; clamp of the input
GUARD = 7


class MetricPlateau:
    """Gate `<metric>.plateau`. `quiet` says for how many frames the mean has kept to its band around `anchor`.

    `anchor` and `mean` are in Q16 counts.
    """

    def __init__(
        self,
        rate_hz: int = 10,
        *,
        smooth_ms: int = 3_000,
        band: int = 6554,  # Q16 counts; half width
        spread: int = 13107,  # Q16 counts; median distance of the metric from its mean
        after_ms: int = 20_000,
        min_on_ms: int = 2_000,
        min_off_ms: int = 2_000,
    ) -> None:
        shift = shift_for(samples_of(smooth_ms, rate_hz), 10)
        self._smooth = RunningMean(shift, GUARD)
        self._size = FrugalSize(shift_for(samples_of(smooth_ms, rate_hz), 5))
        self._band = band
        self._limit = spread
        self._after = samples_of(after_ms, rate_hz)
        self._hold = Hold(samples_of(min_on_ms, rate_hz), samples_of(min_off_ms, rate_hz))
        self.reset()

    def reset(self) -> None:
        """A new run."""
        self._smooth.reset()
        self._size.reset()
        self._hold.reset()
        self.anchor = 0
        self.mean = 0
        self._empty = True
        self._flat = False  # what the gate shows as soon as its minimum times allow
        self.quiet = 0

    def gap(self) -> None:
        """Frames are missing: the wait starts again, an open gate stays open."""
        self.quiet = 0

    @property
    def on(self) -> bool:
        return self._hold.on

    def step(self, x: int) -> int:
        """One frame (Q16); returns OPENED, CLOSED or 0."""
        if x > LIMIT or x < -LIMIT:
            x = clamped(x, LIMIT)
        mean = self.mean = self._smooth.step(x) >> GUARD
        self._size.step(abs(x - mean))
        if self._empty:
            self._empty = False
            self.anchor = mean
        wide = 1 if self._flat else 0
        if abs(mean - self.anchor) > self._band << wide or self._size.value > self._limit << wide:
            self.anchor = mean
            self.quiet = 0
            self._flat = False
        elif self.quiet < self._after:
            self.quiet += 1
        else:
            self._flat = True
        return self._hold.step(self._flat)
