"""What one stream said of late: a bit string of when it spoke, and one of when it spoke upwards.

A stream is not correlated in its own unit. Each second it says up, down or nothing: the three-level coding of radio
astronomy's digital correlators (Bowers & Klingler 1974), which keeps 81 % of the sensitivity, bounds what any artefact
can do to one vote, and makes a lagged product of 300 seconds an AND, a XOR and two bit counts.

    up    the 5 s difference lies above the upper quartile of its own last two minutes
    down  below the lower quartile

Quartiles follow the signal, so a drift that lasts for minutes is silent, and a stream speaks about half of the time.
Surprise: the bit strings are Python integers of `LONGEST` bits, the only ones here above 2**62; they are never
numbers. The numbers: values and differences up to 2**34, counts up to 2**9.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

LONGEST = 1024  # ticks that are remembered: the window and the longest shift of a surrogate
DIFFERENCE_TICKS = 5  # shorter is noise, longer is drift: signals.md, 6
RANK_TICKS = 120
LEAST_RANK_TICKS = 30
_ALL = (1 << LONGEST) - 1
LIMIT = 1 << 33  # clamp of a value; the project's counts in Q8 reach 2**32


class History:
    """The last `LONGEST` ticks; bit k is k ticks ago. An invalid tick is one in which nothing was said."""

    __slots__ = ("spoke", "ticks", "up")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.spoke = self.up = self.ticks = 0

    def push(self, code: int) -> None:
        """One tick: 1 up, -1 down, 0 nothing."""
        self.spoke = (self.spoke << 1 | (code != 0)) & _ALL
        self.up = (self.up << 1 | (code > 0)) & _ALL
        if self.ticks < LONGEST:
            self.ticks += 1


class Differences:
    """Codes a stream of values by the rank of its 5 s difference among its own last two minutes."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._values: deque[int] = deque(maxlen=DIFFERENCE_TICKS)
        self._recent: deque[int] = deque()
        self._sorted: list[int] = []

    def step(self, value: int | None) -> int:
        """The code of one tick. None says that there is no value: no difference reaches across it."""
        if value is None:
            self._values.clear()
            return 0
        value = min(max(value, -LIMIT), LIMIT)
        if len(self._values) < DIFFERENCE_TICKS:
            self._values.append(value)
            return 0
        difference = value - self._values[0]
        self._values.append(value)
        return self._rank(difference)

    def _rank(self, difference: int) -> int:
        ranked = self._sorted
        insort(ranked, difference)
        self._recent.append(difference)
        if len(ranked) > RANK_TICKS:
            del ranked[bisect_left(ranked, self._recent.popleft())]
        count = len(ranked)
        if count < LEAST_RANK_TICKS:
            return 0
        return (difference > ranked[count - 1 - count // 4]) - (difference < ranked[count // 4])


class Events:
    """Codes a stream of events: up while there were more in the last 5 s than in the 5 s before, down while fewer."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._counts: deque[int] = deque(maxlen=2 * DIFFERENCE_TICKS)

    def step(self, value: int | None) -> int:
        """The code of one tick with `value` events; None says that nobody could have seen one."""
        if value is None:
            self._counts.clear()
            return 0
        counts = self._counts
        counts.append(min(value, LIMIT))
        if len(counts) < 2 * DIFFERENCE_TICKS:
            return 0
        total = sum(counts)
        if not total:
            return 0
        before = sum(counts[k] for k in range(DIFFERENCE_TICKS))
        return (total > 2 * before) - (total < 2 * before)
