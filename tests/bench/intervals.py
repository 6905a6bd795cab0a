"""Integers that are only known to lie in an interval, and every way that a piece of code can take with them.

`Interval` does integer arithmetic on bounds and remembers the largest magnitude of any result. A comparison that the
bounds do not decide is a fork: `explore` runs the code again for each outcome, and within a run the outcome narrows
what was compared, in place, so that a value means the same wherever it is held.

Three relations are kept, without which plain intervals prove nothing about running means and clamps:
e + ((x - e) >> k) lies between e and x; min(a, b) stays below b when b is narrowed; both survive the same shift.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Union

Number = Union[int, "Interval"]


class Infeasible(Exception):
    """The outcomes chosen in this run contradict each other."""


class Search:
    """Depth first over all outcomes; `largest` is over all runs."""

    def __init__(self) -> None:
        self.largest = 0
        self.runs = 0
        self._trail: list[list[int]] = []  # [chosen, how many]
        self._at = 0

    def choose(self, count: int) -> int:
        """One of `count` outcomes."""
        if self._at == len(self._trail):
            self._trail.append([0, count])
        self._at += 1
        return self._trail[self._at - 1][0]

    def next(self) -> bool:
        """Whether there is another run; takes the next outcome."""
        self._at = 0
        self.runs += 1
        while self._trail and self._trail[-1][0] == self._trail[-1][1] - 1:
            self._trail.pop()
        if self._trail:
            self._trail[-1][0] += 1
        return bool(self._trail)


SEARCH = Search()


def explore(code: Callable[[], None]) -> Search:
    """Run `code` for every combination of outcomes."""
    global SEARCH  # noqa: PLW0603 - intervals meet their search in operators, which take no argument for it
    SEARCH = search = Search()
    more = True
    while more:
        with suppress(Infeasible):
            code()
        more = search.next()
    return search


def low_of(x: Number) -> int:
    return x.low if isinstance(x, Interval) else x


def high_of(x: Number) -> int:
    return x.high if isinstance(x, Interval) else x


def made(low: int, high: int) -> Interval:
    """The result of an operation."""
    SEARCH.largest = builtins.max(SEARCH.largest, abs(low), abs(high))
    return Interval(low, high)


class Interval:
    """An integer from `low` to `high`."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, low: int, high: int) -> None:
        self.low = int(low)
        self.high = int(high)
        self.below: list[Interval] = []  # never larger than this one
        self.above: list[Interval] = []
        self.difference: tuple[Number, Number] | None = None  # this is [0] - [1]
        self.share_of: tuple[Number, Number] | None = None  # this is ([0] - [1]) >> k
        self.shifted: dict[int, Interval] = {}

    def __repr__(self) -> str:
        return f"[{self.low}, {self.high}]"

    def narrow(self, low: int, high: int) -> None:
        """It is known to lie in there, too."""
        self.low = builtins.max(self.low, low)
        self.high = builtins.min(self.high, high)
        if self.low > self.high:
            raise Infeasible
        for other in self.below:
            if other.high > self.high:
                other.narrow(other.low, self.high)

    # --- arithmetic ---------------------------------------------------------------------------------------------

    def __add__(self, other: Number) -> Interval:
        low, high = self.low + low_of(other), self.high + high_of(other)
        for e, part in ((self, other), (other, self)):
            if isinstance(part, Interval) and part.share_of and part.share_of[1] is e:
                x = part.share_of[0]
                low = builtins.max(low, builtins.min(low_of(e), low_of(x)))
                high = builtins.min(high, builtins.max(high_of(e), high_of(x)))
        return made(low, high)

    __radd__ = __add__

    def __sub__(self, other: Number) -> Interval:
        result = made(self.low - high_of(other), self.high - low_of(other))
        result.difference = (self, other)
        return result

    def __rsub__(self, other: int) -> Interval:
        result = made(other - self.high, other - self.low)
        result.difference = (other, self)
        return result

    def __mul__(self, other: Number) -> Interval:
        return _corners(lambda a, b: a * b, self, other)

    __rmul__ = __mul__

    def __floordiv__(self, other: Number) -> Interval:
        if low_of(other) <= 0 <= high_of(other):
            raise ZeroDivisionError(f"{self} // {other}")
        return _corners(lambda a, b: a // b, self, other)

    def __rfloordiv__(self, other: int) -> Interval:
        return Interval(other, other) // self

    def __mod__(self, other: int) -> Interval:
        if self.low // other == self.high // other:
            return made(self.low % other, self.high % other)
        return made(0, other - 1)

    def __lshift__(self, other: Number) -> Interval:
        return _corners(lambda a, b: a << b, self, other)

    def __rlshift__(self, other: int) -> Interval:
        return Interval(other, other) << self

    def __rshift__(self, other: Number) -> Interval:
        result = _corners(lambda a, b: a >> b, self, other)
        result.share_of = self.difference
        if isinstance(other, int):
            self.shifted[other] = result
            for upper in self.above:
                if other in upper.shifted:
                    _ordered(result, upper.shifted[other])
        return result

    def __rrshift__(self, other: int) -> Interval:
        return Interval(other, other) >> self

    def __neg__(self) -> Interval:
        return made(-self.high, -self.low)

    def __abs__(self) -> Interval:
        if self.low >= 0:
            return made(self.low, self.high)
        low = 0 if self.high >= 0 else -self.high
        return made(low, builtins.max(-self.low, self.high))

    # --- outcomes -----------------------------------------------------------------------------------------------

    def __lt__(self, other: Number) -> bool:
        if other is self:
            return False
        if self.high < low_of(other):
            return True
        if self.low >= high_of(other):
            return False
        if SEARCH.choose(2):
            _narrow(self, self.low, high_of(other) - 1)
            _narrow(other, self.low + 1, high_of(other))
            return True
        _narrow(self, low_of(other), self.high)
        _narrow(other, low_of(other), self.high)
        return False

    def __ge__(self, other: Number) -> bool:
        return not self < other

    def __le__(self, other: Number) -> bool:
        return not self > other

    def __gt__(self, other: Number) -> bool:
        if isinstance(other, Interval):
            return other < self
        return not self < other + 1

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, int | Interval)
        return not (self < other or self > other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __bool__(self) -> bool:
        return self != 0

    def __index__(self) -> int:
        """As an index or a count it must be one number: every one that is possible."""
        value = self.low + SEARCH.choose(self.high - self.low + 1)
        self.narrow(value, value)
        return value


class Ring(list[Any]):
    """A list of intervals in which `index` finds the very value that `largest` or `smallest` took from it."""

    def index(self, value: Any, *_: Any) -> int:
        """Its place."""
        return next(k for k, item in enumerate(self) if item is value)


def _narrow(x: Number, low: int, high: int) -> None:
    if isinstance(x, Interval):
        x.narrow(low, high)


def _ordered(lower: Interval, upper: Interval) -> None:
    upper.below.append(lower)
    lower.above.append(upper)


def _corners(operation: Callable[[int, int], int], a: Number, b: Number) -> Interval:
    results = [operation(x, y) for x in (low_of(a), high_of(a)) for y in (low_of(b), high_of(b))]
    if low_of(a) < 0 < high_of(a):
        results.append(0)  # shifts and divisions of what is around zero
    return made(builtins.min(results), builtins.max(results))


def smallest(*values: Any) -> Any:
    """`min` for intervals; of a list, every one that may be it."""
    if len(values) == 1:
        item = _chosen(values[0])
        for other in values[0]:
            _narrow(other, low_of(item), high_of(other))
            _narrow(item, low_of(item), high_of(other))
        return item
    if not any(isinstance(v, Interval) for v in values):
        return builtins.min(values)
    result = Interval(builtins.min(map(low_of, values)), builtins.min(map(high_of, values)))
    for value in values:
        if isinstance(value, Interval):
            _ordered(result, value)
    return result


def largest(*values: Any) -> Any:
    """`max` for intervals; of a list, every one that may be it."""
    if len(values) == 1:
        item = _chosen(values[0])
        for other in values[0]:
            _narrow(other, low_of(other), high_of(item))
            _narrow(item, low_of(other), high_of(item))
        return item
    if not any(isinstance(v, Interval) for v in values):
        return builtins.max(values)
    result = Interval(builtins.max(map(low_of, values)), builtins.max(map(high_of, values)))
    for value in values:
        if isinstance(value, Interval):
            _ordered(value, result)
    return result


def _chosen(items: Any) -> Any:
    return items[SEARCH.choose(len(items))]
