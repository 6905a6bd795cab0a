"""From a device's time to the path's: a line under the arrivals, never over them.

What arrives was sent earlier; how much earlier nobody says. But of many delays the smallest is nearly none, so the
clock keeps the earliest arrival of each bucket of time and lays a robust line (Theil 1950) through one minute of
them: `BoardClock`, ticks -> host seconds. A chip behind a FIFO has an oscillator of its own, some percent off the
board's; the same line, with wider limits, gives `IndexClock`: sample index -> ticks, and the chip's true rate.

Surprises: a new line is not jumped to but slewed to, so time never runs backwards; and before two buckets are
full the slope is taken as nominal and only the offset is learnt (usable from the first chunk, then converging).
"""

from __future__ import annotations

from collections import deque
from itertools import combinations
from statistics import median


class LowerEnvelope:
    """The line y = x + offset(x) below all observed pairs (x, y), both in seconds; x rises, y >= x + true offset."""

    def __init__(self, bucket_s: float, buckets: int, slew: float) -> None:
        self._bucket_s = bucket_s
        self._slew = slew  # seconds of correction per second
        self._closed: deque[tuple[float, float]] = deque(maxlen=buckets)
        self._low: tuple[float, float] | None = None  # the lowest pair of the open bucket, as (x, y - x)
        self._opened_x = 0.0
        self._x, self._offset, self.slope = 0.0, 0.0, 0.0
        self._step, self._step_x = 0.0, 0.0  # correction still to be slewed away
        self._spread = 0.0
        self.observed = False

    def observe(self, x: float, y: float) -> None:
        offset = y - x
        if not self.observed:
            self.observed = True
            self._opened_x, self._x, self._offset = x, x, offset
        elif x - self._opened_x >= self._bucket_s:
            self._close(x)
        if self._low is None or offset - self._line(x) < self._low[1] - self._line(self._low[0]):
            self._low = (x, offset)
        if len(self._closed) < 2 and offset < self._line(x):
            self._lay(x, x, offset, self.slope)
        if self._step and self.at(x) > y:  # nothing arrives before it was measured: no slewing through the impossible
            self._step = 0.0

    def at(self, x: float) -> float:
        """y at x, corrections slewed in."""
        fade = 0.0
        if self._step:
            fade = min(1.0, 1.0 - (x - self._step_x) * self._slew / abs(self._step))
        return x + self._line(x) - self._step * max(0.0, fade)

    @property
    def buckets(self) -> int:
        """Full buckets that the line rests on; below two its slope is a guess."""
        return len(self._closed)

    @property
    def spread(self) -> float:
        """How far the buckets' lowest pairs lie from the line, at the 90th percentile, in seconds."""
        return self._spread

    def pending(self, x: float) -> float:
        """Correction not yet slewed in at x, in seconds."""
        return abs(self.at(x) - x - self._line(x))

    def _line(self, x: float) -> float:
        return self._offset + self.slope * (x - self._x)

    def _close(self, x: float) -> None:
        if self._low is not None:
            self._closed.append(self._low)
        self._low, self._opened_x = None, x
        if len(self._closed) < 2:
            return
        points = list(self._closed)
        slope = median((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2))
        middle_x = points[len(points) // 2][0]
        rests = [offset - slope * (at - middle_x) for at, offset in points]
        level = median(rests)
        self._spread = sorted(abs(rest - level) for rest in rests)[(9 * len(rests)) // 10]
        self._lay(x, middle_x, level, slope)

    def _lay(self, now: float, x: float, offset: float, slope: float) -> None:
        before = self.at(now) - now
        self._x, self._offset, self.slope = x, offset, slope
        self._step, self._step_x = self._line(now) - before, now


class BoardClock:
    """Device microseconds (unwrapped) to seconds on the path's clock. Give every arrival to `observe`."""

    BUCKET_S = 5.0
    BUCKETS = 12  # one minute
    SLEW = 0.02  # 20 ms a second: three seconds for the worst first guess, and too slow to be heard
    UNKNOWN_RATE = 1.5e-3  # a crystal nobody has measured yet; an E4 was found 1300 ppm off

    def __init__(self) -> None:
        self._line = LowerEnvelope(self.BUCKET_S, self.BUCKETS, self.SLEW)
        self._first_s = 0.0
        self._newest_s = 0.0
        self._said = (float("-inf"), float("-inf"))

    def observe(self, ticks_us: int, arrival_s: float) -> None:
        """A message stamped `ticks_us` when it was made came in at `arrival_s`."""
        device_s = ticks_us / 1e6
        if not self._line.observed:
            self._first_s = device_s
        self._newest_s = max(self._newest_s, device_s)
        self._line.observe(device_s, arrival_s)

    def host_s(self, ticks_us: float) -> float:
        """Path time of a device time. Rising questions get rising answers."""
        device_s = ticks_us / 1e6
        answer = self._line.at(device_s)
        asked, said = self._said
        if device_s >= asked:
            answer = max(answer, said)
            self._said = (device_s, answer)
        return answer

    @property
    def bound_s(self) -> float:
        """Error of `host_s` for the newest ticks that is exceeded less than once in a hundred times, in seconds."""
        line = self._line
        pending_s = line.pending(self._newest_s)
        if line.buckets < 2:
            return 0.1 + self.UNKNOWN_RATE * (self._newest_s - self._first_s)
        few_s = 0.03 * (1.0 / line.buckets - 1.0 / self.BUCKETS)  # a line through two points proves little
        return 0.002 + few_s + 3.0 * line.spread + pending_s


class IndexClock:
    """Sample index of one signal to device microseconds, from (index of first sample, ticks) of its chunks.

    A stamp may be late by the time a sample waited in the FIFO, never early; so the lower envelope serves again.
    """

    BUCKET_S = 1.0
    BUCKETS = 30
    SLEW = 0.1

    def __init__(self, nominal_hz: float) -> None:
        self._nominal_hz = nominal_hz
        self._line = LowerEnvelope(self.BUCKET_S, self.BUCKETS, self.SLEW)

    def observe(self, index: int, ticks_us: int) -> None:
        self._line.observe(index / self._nominal_hz, ticks_us / 1e6)

    def ticks_us(self, index: float) -> float:
        """Device time of a sample, microseconds."""
        return self._line.at(index / self._nominal_hz) * 1e6

    @property
    def rate_hz(self) -> float:
        """The chip's rate on the board's clock; nominal until two buckets are known."""
        return self._nominal_hz / (1.0 + self._line.slope)
