"""What the rules share: edges, times in samples, hysteresis, minimum times, a small median, a frugal quantile.

Surprise: MicroPython's integers stay off the heap only below 2**30, so every bound is stated where it matters.
"""

OPENED = 1  # the rule's (first) gate opened
CLOSED = 2
SECOND_OPENED = 4  # rules with two gates: temperature (rise, fall), movement (active, still)
SECOND_CLOSED = 8


def samples_of(ms: int, rate_hz: int) -> int:
    """Whole samples in `ms` milliseconds, rounded, at least 1. Bound: ms * rate_hz < 2**30."""
    return max(1, (ms * rate_hz + 500) // 1000)


def clamped(x: int, limit: int) -> int:
    """x within -limit .. limit."""
    return min(max(x, -limit), limit)


class Hold:
    """A two-state gate that keeps each state for a minimum number of samples: no chatter, whatever is asked."""

    def __init__(self, min_on: int, min_off: int) -> None:
        self.min_on = min_on
        self.min_off = min_off
        self.on = False
        self.left = 0

    def reset(self) -> None:
        self.on = False
        self.left = 0

    def step(self, wanted: bool, count: int = 1) -> int:
        """A sample on; the state follows `wanted` as soon as its minimum time is over.

        With `count`, of several samples the last one: none of those before it may come behind the minimum time.
        """
        if self.left > 0:
            self.left = max(0, self.left - count)
            if self.left:
                return 0
        if wanted == self.on:
            return 0
        self.on = wanted
        self.left = self.min_on if wanted else self.min_off
        return OPENED if wanted else CLOSED


class Switch:
    """Hysteresis with minimum times: opens at `value >= on_at`, wants to close at `value < off_at`."""

    def __init__(self, on_at: int, off_at: int, min_on: int, min_off: int) -> None:
        self.on_at = on_at
        self.off_at = off_at
        self.hold = Hold(min_on, min_off)

    @property
    def on(self) -> bool:
        return self.hold.on

    def reset(self) -> None:
        self.hold.reset()

    def step(self, value: int) -> int:
        hold = self.hold
        on = hold.on
        wanted = value >= (self.off_at if on else self.on_at)
        if wanted == on and not hold.left:
            return 0  # by far the most frequent case
        return hold.step(wanted)


class Debounce:
    """Changes state only after the other state was asked for without a break; `age` says how long ago that began.

    A state therefore lasts at least as long as the confirmation of the other one.
    """

    def __init__(self, confirm_on: int, confirm_off: int) -> None:
        self.confirm_on = confirm_on
        self.confirm_off = confirm_off
        self.on = False
        self.age = 0
        self.run = 0

    def reset(self) -> None:
        self.on = False
        self.gap()

    def gap(self) -> None:
        self.age = 0
        self.run = 0

    @property
    def left(self) -> int:
        """Samples until the confirmation that is under way may be whole, at least 1."""
        return max(1, (self.confirm_off if self.on else self.confirm_on) - self.run)

    def step(self, wanted: bool, count: int = 1) -> int:
        """A sample on, or `count` that all want the same; they may end with a confirmation, not pass it."""
        if wanted == self.on:
            self.run = 0
            return 0
        self.run += count
        if self.run < (self.confirm_on if wanted else self.confirm_off):
            return 0
        self.on = wanted
        self.age = self.run - 1
        self.run = 0
        return OPENED if wanted else CLOSED


class RunningMedian:
    """Lower median of the last `size` values, kept sorted in place; `value` is 0 while there is none."""

    def __init__(self, size: int) -> None:
        self.count = 0
        self.value = 0
        self._next = 0
        self._recent = [0] * size
        self._sorted = [0] * size

    def clear(self) -> None:
        self.count = 0
        self.value = 0
        self._next = 0

    def add(self, value: int) -> None:
        ordered = self._sorted
        recent = self._recent
        at = self._next
        if self.count == len(recent):
            ordered.remove(recent[at])
        else:
            self.count += 1
            ordered.pop()  # a place that is still empty: they stand behind the values
        low = 0
        high = self.count - 1
        while low < high:
            middle = (low + high) >> 1
            if ordered[middle] < value:
                low = middle + 1
            else:
                high = middle
        ordered.insert(low, value)
        recent[at] = value
        self._next = at + 1 if at + 1 < len(recent) else 0
        self.value = ordered[(self.count - 1) >> 1]


class FrugalQuantile:
    """A quantile held in one number (Ma, Muthukrishnan, Sandler 2013, frugal streaming, with unequal steps).

    Each sample moves the estimate `up` or `down`; it rests where P(x > estimate) * up = P(x < estimate) * down:
    up = down gives the median, up = 19 * down the 95th percentile. |value| < 2**20 at 8 guard bits.
    """

    GUARD = 8

    def __init__(self) -> None:
        self.q8 = 0

    def start(self, value: int) -> None:
        self.q8 = value << self.GUARD

    @property
    def value(self) -> int:
        return self.q8 >> self.GUARD

    def step(self, value: int, up_q8: int, down_q8: int) -> None:
        """Steps are in 1/256 of a count; never past the sample itself, so a constant input is met exactly."""
        target = value << self.GUARD
        q8 = self.q8
        if target > q8:
            q8 += up_q8
            self.q8 = q8 if q8 < target else target
        elif target < q8:
            q8 -= down_q8
            self.q8 = q8 if q8 > target else target


class MeanOf:
    """Several samples as one, their mean: what moves within many seconds need not be looked at more than once in one.

    Bound: size * |x|.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self.value = 0
        self.reset()

    def reset(self) -> None:
        self._count = 0
        self._sum = 0

    def step(self, x: int) -> bool:
        """One sample; whether it completes a mean, which is then `value`."""
        self._sum += x
        self._count += 1
        if self._count < self._size:
            return False
        self.value = self._sum // self._size
        self._count = 0
        self._sum = 0
        return True


def shift_for(samples: int, most: int) -> int:
    """The largest k <= most with 2**k <= samples: a time constant as a shift."""
    shift = 0
    while shift < most and (2 << shift) <= samples:
        shift += 1
    return shift


class RunningMean:
    """Exponential mean by a shift. It starts as a short mean that grows: the first sample weighs like any.

    `value` carries `guard` bits: the dead band of 2**shift - 1 is below one count while guard >= shift.
    Bound: |x| << guard and the difference of two of them.
    """

    def __init__(self, shift: int, guard: int) -> None:
        self.shift = shift
        self.guard = guard
        self.reset()

    def reset(self) -> None:
        self.value = 0
        self._now = 0  # the shift so far
        self._left = 1  # values until it grows

    def step(self, x: int) -> int:
        self.value += ((x << self.guard) - self.value) >> self._now
        if self._now < self.shift:
            self._left -= 1
            if not self._left:
                self._now += 1
                self._left = 1 << self._now
        return self.value


class FrugalSize:
    """Usual size of a magnitude: its median, in steps of a share of itself, so that any scale is met exponentially.

    It starts at the first size that is not 0; a step is 1/2**shift of the estimate, larger for the first samples.
    Bound: size <= 2**22 at 6 guard bits 2**28, and a share of it on top.
    """

    GUARD = 6
    FIRST = 2  # a quarter a sample to begin with

    def __init__(self, shift: int) -> None:
        self.shift = shift
        self.reset()

    def reset(self) -> None:
        self.q6 = 0
        self._count = 0

    @property
    def value(self) -> int:
        return self.q6 >> self.GUARD

    def step(self, size: int) -> None:
        shift = self.shift
        target = size << self.GUARD
        if self._count < (shift - self.FIRST) << 4:
            shift = self.FIRST + (self._count >> 4)
            self._count += 1
            self.q6 = self.q6 or target
        q6 = self.q6
        if target > q6:
            q6 += (q6 >> shift) + 1
            self.q6 = q6 if q6 < target else target
        else:
            q6 -= (q6 >> shift) + 1
            self.q6 = q6 if q6 > target else target


class FrugalSpread:
    """Running median and mean absolute deviation's robust cousin, the median absolute deviation (MAD), a number each.

    The median moves by a share of the MAD: on a lasting jump the MAD grows exponentially until the median follows.
    Bounds: |x| <= 2**21 at 6 guard bits 2**27, deviations 2**28.
    """

    GUARD = 6

    def __init__(self, shift: int) -> None:
        self._shift = shift
        self._size = FrugalSize(shift)
        self.reset()

    def reset(self) -> None:
        self._size.reset()
        self._empty = True
        self._median_q6 = 0

    @property
    def median(self) -> int:
        return self._median_q6 >> self.GUARD

    @property
    def mad(self) -> int:
        return self._size.value

    def step(self, x: int) -> int:
        """One value; returns how far it lies from the median as it was before."""
        target = x << self.GUARD
        if self._empty:
            self._empty = False
            self._median_q6 = target
        median = self._median_q6
        step = (self._size.q6 >> self._shift) + 1
        self._median_q6 = min(median + step, target) if target > median else max(median - step, target)
        away = (target - median) >> self.GUARD
        self._size.step(abs(away))
        return away


class Cadence:
    """The usual spacing of a gate's openings: median of the last few that lie between two bounds."""

    def __init__(self, shortest: int, longest: int, size: int = 5) -> None:
        self._shortest = shortest
        self._longest = longest
        self._spacings = RunningMedian(size)
        self.reset()

    def reset(self) -> None:
        self._spacings.clear()
        self.gap()

    def gap(self) -> None:
        self._since = self._longest + 1  # unknown

    @property
    def spacing(self) -> int:
        """Samples; 0 before two openings in bounds were seen."""
        return self._spacings.value

    def step(self, opened: bool) -> None:
        if self._since <= self._longest:
            self._since += 1
        if opened:
            if self._shortest <= self._since <= self._longest:
                self._spacings.add(self._since)
            self._since = 0
