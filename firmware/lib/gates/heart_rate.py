"""Is the heart rate to be believed? Gate `pulse.steady`, from the intervals of the pulse rule and from stillness.

A rhythm is regular when the mean change from one interval to the next is a small share of the usual interval: one beat
too many or missed among six is enough to exceed it, the breath's swing (4 to 6 %) is not. Regularity alone is not
enough: an arm that swings gives a pulse as regular as the heart's (signals.md, 3.3: of the rates said on regularity
alone 82 % were right, with stillness 99 %). Whoever feeds the rule therefore calls `gap()` while the wearer moves, and
says by `watched` whether anybody looks: without an accelerometer the rhythm has to be much more regular.

Surprise: time passes by `advance`, which may be called with any number of samples; the closing falls on the same
sample however they are cut. Bounds: intervals < 2**16, sum of changes 2**19, times 100 2**25.7.
"""

from gates.common import CLOSED, OPENED, RunningMedian, samples_of

LONGEST_Q8 = 65535


class HeartRate:
    """Gate `pulse.steady`. `trusted` says whether the interval just fed may be said as a rate."""

    def __init__(
        self,
        rate_hz: int = 64,
        *,
        beats: int = 6,  # intervals that are looked at
        spread_percent: int = 12,  # mean change of the interval; signals.md, 3.3
        alone_percent: int = 6,  # the same without an accelerometer
        outlier_percent: int = 25,  # a single interval further from the usual one is not said
        patience_ms: int = 2_500,  # without a beat; longer than an interval at 30 bpm
        min_on_ms: int = 1_000,
    ) -> None:
        self._size = max(2, beats)
        self._spread = spread_percent
        self._alone = min(alone_percent, spread_percent)
        self._outlier = outlier_percent
        self._min_on = samples_of(min_on_ms, rate_hz)
        self._patience = max(samples_of(patience_ms, rate_hz), self._min_on)
        self._median = RunningMedian(self._size)
        self._changes = [0] * (self._size - 1)
        self.watched = True
        self.reset()

    def reset(self) -> None:
        """A new wearer."""
        self.gap()

    def gap(self) -> None:
        """Samples are missing, or cannot be believed: the rhythm has to be found anew. Closes without an edge."""
        self.on = False
        self.trusted = False
        self._left = 0  # samples until the gate closes
        self._least = 0  # samples that it stays open in any case
        self._forget()

    def _forget(self) -> None:
        self._median.clear()
        self._last_q8 = 0
        self._count = 0
        self._next = 0
        self._sum = 0
        for k in range(self._size - 1):
            self._changes[k] = 0

    @property
    def usual_q8(self) -> int:
        """Median interval (1/256 sample), 0 while there is none."""
        return self._median.value

    def step(self, interval_q8: int) -> int:
        """One beat and its interval (1/256 sample, 0 unknown); returns OPENED, CLOSED or 0."""
        self._listen(interval_q8)
        self.trusted = regular = self._regular()
        if regular:
            usual = self._median.value
            self.trusted = 100 * abs(interval_q8 - usual) <= self._outlier * usual
            self._left = self._patience
            if not self.on:
                self.on = True
                self._least = self._min_on
                return OPENED
        elif self.on:
            self._left = self._least
            if not self._left:
                self.on = False
                return CLOSED
        return 0

    def advance(self, samples: int) -> int:
        """Samples pass; returns how many of them have passed when the gate closes, or 0 when it does not."""
        if not self.on:
            return 0
        if samples >= self._left:
            self.on = self.trusted = False
            return max(1, self._left)
        self._left -= samples
        self._least = max(0, self._least - samples)
        return 0

    def _listen(self, interval_q8: int) -> None:
        if not 0 < interval_q8 <= LONGEST_Q8:
            self._forget()
            return
        if self._last_q8:
            change = abs(interval_q8 - self._last_q8)
            self._sum += change - self._changes[self._next]
            self._changes[self._next] = change
            self._next = self._next + 1 if self._next + 1 < self._size - 1 else 0
            self._count = min(self._count + 1, self._size - 1)
        self._last_q8 = interval_q8
        self._median.add(interval_q8)

    def _regular(self) -> bool:
        """Enough intervals, and their mean change small; an open gate bears a quarter more."""
        if self._count < self._size - 1:
            return False
        limit = self._spread if self.watched else self._alone
        share = 100 * self._sum // self._count
        allowed = limit * self._median.value
        return share <= (allowed + (allowed >> 2) if self.on else allowed)
