"""Collapse: a metric falls fast to one end of its range and stays there, as when a generator has lost all but one mode.

Meant for similarity of samples (towards its high end), entropy and count of digits (towards the low one). The place is
a share of the metric's declared range, counted from the end it may collapse to. Three conditions, each readable: it
was far from the end, it came near within `fast_ms`, it stayed near for `stay_ms`. Learning also moves these metrics,
but slowly and not to the end. The gate closes when the metric has been half-way back for `back_ms`.

Surprise: a run that is near the end from its first frame has not collapsed; it never had anything to lose.
Bounds: range <= 2**22 counts, distance at 7 guard bits 2**29 and its differences as much; shares of the range are taken
after a division by 256.
"""

from gates.common import Debounce, RunningMean, samples_of, shift_for

LIMIT = 1 << 21  # Q16; ends of the range lie within +-LIMIT
GUARD = 7


class MetricCollapse:
    """Gate `<metric>.collapse`. `distance` from the end is public (Q16 counts, smoothed)."""

    def __init__(
        self,
        rate_hz: int = 10,
        *,
        low: int = 0,  # Q16; the declared range
        high: int = 65536,
        upwards: int = 0,  # 1: the end is `high`
        near_256th: int = 26,  # of the range
        far_256th: int = 64,
        smooth_ms: int = 1_000,
        fast_ms: int = 20_000,
        stay_ms: int = 4_000,
        back_ms: int = 2_000,
    ) -> None:
        self._low = low
        self._high = high
        self._upwards = upwards
        self._near = (high - low) // 256 * near_256th
        self._far = max(self._near + 1, (high - low) // 256 * far_256th)
        self._back = (self._near + self._far) >> 1
        self._mean = RunningMean(shift_for(samples_of(smooth_ms, rate_hz), 7), GUARD)
        self._fast = samples_of(fast_ms, rate_hz)
        self._state = Debounce(samples_of(stay_ms, rate_hz), samples_of(back_ms, rate_hz))
        self.reset()

    def reset(self) -> None:
        """A new run."""
        self._mean.reset()
        self._state.reset()
        self._since_far = self._fast + 1  # it never was
        self._fell = False
        self.distance = 0

    def gap(self) -> None:
        """Frames are missing: confirmations start again."""
        self._state.gap()

    @property
    def on(self) -> bool:
        return self._state.on

    def step(self, x: int) -> int:
        """One frame (Q16); returns OPENED, CLOSED or 0."""
        x = min(max(x, self._low), self._high)
        distance = self._mean.step(self._high - x if self._upwards else x - self._low) >> GUARD
        self.distance = distance
        if distance >= self._far:
            self._since_far = 0
        elif self._since_far <= self._fast:
            self._since_far += 1
        if distance > self._back:
            self._fell = False
        elif distance <= self._near and self._since_far <= self._fast:
            self._fell = True
        if self._state.on:
            return self._state.step(distance <= self._back)
        return self._state.step(self._fell and distance <= self._near)
