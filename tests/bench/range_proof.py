"""Proof by interval arithmetic that a rule's one step keeps below 2**30, from any state that it can be in.

The state is described by bounds. One step of the rule's real code is run on intervals, through every branch. Proven:
no result of any operation is larger than what is reported, and each piece of state is back within its bounds
afterwards: so it holds for ever (induction; `reset` and `gap` are checked to start within).

Two things plain intervals cannot know are given as identities: a running sum is the sum of its ring. An identity
narrows the value when the rule stores it; that it is true is tested on concrete runs, together with all bounds, and
a piece of state that changes without being described is an error. Running medians do no arithmetic: only what enters
counts.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.intervals import Interval, Ring, explore, high_of, largest, low_of, made, smallest
from gates.common import OPENED, Hold, RunningMean, RunningMedian


@dataclass(frozen=True, slots=True)
class Within:
    """Bounds, inductive: after a step it lies there again."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class OneOf:
    """Few values, each tried."""

    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """A value that another expression over the same rule equals at all times after a step."""

    of: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Argued:
    """Bounds that hold for a reason which intervals cannot see; tested on concrete runs, not proven by the step."""

    low: int
    high: int
    reason: str


@dataclass(frozen=True, slots=True)
class Holds:
    """A `Hold`, audited by itself: it may do anything that its answers allow."""


@dataclass(frozen=True, slots=True)
class Means:
    """A `RunningMean` of values within these bounds (guard bits included), audited by itself: it stays within them."""

    low: int
    high: int


BOOL = Within(0, 1)
State = Mapping[str, "Within | OneOf | Sum | Argued | Holds | Means"]


@dataclass(frozen=True, slots=True)
class Audit:
    """One rule: how it is made, its inputs' ranges, the bounds of all that it remembers."""

    make: Callable[[], Any]
    inputs: Sequence[tuple[int, int]]
    state: State
    step: Callable[[Any, Sequence[Any]], Any] = lambda rule, values: rule.step(*values)
    modules: tuple[str, ...] = field(default=("common",))


class ProofError(AssertionError):
    """The step leaves what was claimed."""


def proven_bound(audit: Audit) -> tuple[int, int]:
    """The largest magnitude that any operation of one step can give, and how many ways through it were taken."""
    with _interval_builtins(audit.modules):
        search = explore(lambda: _one_step(audit))
    return search.largest, search.runs


def _one_step(audit: Audit) -> None:
    rule = audit.make()
    _set_state(rule, audit.state)
    audit.step(rule, [Interval(low, high) for low, high in audit.inputs])
    for path, claim in audit.state.items():
        owner, name = _place(rule, path)
        _check(path, claim, getattr(owner, name))


def _check(path: str, claim: Any, value: Any) -> None:
    if isinstance(claim, Sum | Argued | Holds | Means):
        return
    if isinstance(value, _Median):
        value = value.value
    low, high = _ends(claim)
    for item in value if isinstance(value, list) else [value]:
        if low_of(item) < low or high_of(item) > high:
            raise ProofError(f"{path} may leave {low} .. {high}: {item}")


def _ends(claim: Any) -> tuple[int, int]:
    return (min(claim.values), max(claim.values)) if isinstance(claim, OneOf) else (claim.low, claim.high)


def _place(rule: Any, path: str) -> tuple[Any, str]:
    *owners, name = path.split(".")
    for owner in owners:
        rule = getattr(rule, owner)
    return rule, name


class _Median:
    """`RunningMedian` as its contract: the median lies within what was added."""

    def __init__(self, path: str, low: int, high: int) -> None:
        self._claim = path, Within(low, high)
        self.count = Interval(0, 64)
        self.value: Any = Interval(low, high)

    def add(self, value: Any) -> None:
        _check(*self._claim, value)
        self.value = Interval(self._claim[1].low, self._claim[1].high)

    def clear(self) -> None:
        self.value = 0


class _AnyMean:
    """`RunningMean` as its contract, with the largest difference that it makes on the way."""

    def __init__(self, path: str, claim: Means, guard: int) -> None:
        self._path = path
        self._claim = claim
        self._guard = guard
        self.value: Any = Interval(claim.low, claim.high)

    def step(self, x: Any) -> Any:
        low, high = self._claim.low, self._claim.high
        _check(self._path, Within(low, high), x << self._guard)
        made(low - high, high - low)
        self.value = Interval(low, high)
        return self.value


class _AnyHold:
    """`Hold` as its contract: it says an edge, or nothing, and is on or off accordingly."""

    def __init__(self) -> None:
        self.on: Any = Interval(0, 1)
        self.left = Interval(0, 4_000)

    def step(self, _wanted: Any, _count: Any = 1) -> int:
        edge: int = Interval(0, 2).__index__()
        self.on = edge == OPENED if edge else self.on
        return edge


def _set_state(rule: Any, state: State) -> None:
    narrowed: dict[int, dict[str, Any]] = {}
    for path, claim in state.items():
        owner, name = _place(rule, path)
        old: Any = getattr(owner, name, 0)
        if isinstance(claim, OneOf):
            setattr(owner, name, claim.values[Interval(0, len(claim.values) - 1).__index__()])
        elif isinstance(claim, Means):
            setattr(owner, name, _AnyMean(path, claim, old.guard))
        elif isinstance(claim, Holds):
            setattr(owner, name, _AnyHold())
        elif isinstance(old, RunningMedian):
            assert isinstance(claim, Within)
            setattr(owner, name, _Median(path, claim.low, claim.high))
        elif isinstance(claim, Sum):
            narrowed.setdefault(id(owner), {"": owner})[name] = None
        elif isinstance(old, list):
            setattr(owner, name, Ring(Interval(claim.low, claim.high) for _ in old))
        else:
            setattr(owner, name, Interval(claim.low, claim.high))
            if isinstance(claim, Argued):
                narrowed.setdefault(id(owner), {"": owner})[name] = (claim.low, claim.high)
    for path, claim in state.items():
        if isinstance(claim, Sum):
            owner, name = _place(rule, path)
            value = claim.of(rule)
            setattr(owner, name, value)
            narrowed[id(owner)][name] = (low_of(value), high_of(value))
    for names in narrowed.values():
        _narrow_when_stored(names.pop(""), names)


def _narrow_when_stored(owner: Any, bounds: Mapping[str, tuple[int, int]]) -> None:
    kind = type(owner)

    def store(self: Any, name: str, value: Any) -> None:
        if name in bounds and isinstance(value, Interval):
            value.narrow(*bounds[name])
        object.__setattr__(self, name, value)

    owner.__class__ = type(kind.__name__, (kind,), {"__setattr__": store})


@contextmanager
def _interval_builtins(modules: Sequence[str]) -> Iterator[None]:
    """The rules' modules see `min` and `max` that know intervals."""
    loaded = [importlib.import_module(f"gates.{name}") for name in modules]
    for module in loaded:
        vars(module).update(min=smallest, max=largest)
    try:
        yield
    finally:
        for module in loaded:
            del vars(module)["min"], vars(module)["max"]


# --- that the description is true of the rule ---------------------------------------------------------------------


def check_description(audit: Audit, steps: int = 3_000) -> None:
    """Concrete runs: all that changes is described, lies within its bounds, and sums are what they are said to be."""
    for seed, kind in enumerate(("random", "square", "spikes", "quiet")):
        rule = audit.make()
        before = _flat(rule)
        feeds = [_extremes(low, high, kind, seed + 10 * k) for k, (low, high) in enumerate(audit.inputs)]
        for n in range(steps):
            if n % 701 == 700:
                getattr(rule, "gap", rule.reset)()
            if n % 1201 == 1200:
                rule.reset()
            audit.step(rule, [next(feed) for feed in feeds])
            for path, claim in audit.state.items():
                _check_value(rule, path, claim)
            if n % 50 == 0:
                changed = {path for path, value in _flat(rule).items() if value != before.get(path)} - set(audit.state)
                if changed:
                    raise ProofError(f"not described, but it changes: {sorted(changed)}")


def _check_value(rule: Any, path: str, claim: Any) -> None:
    owner, name = _place(rule, path)
    value = getattr(owner, name, 0)
    if isinstance(claim, Holds):
        return
    if isinstance(value, RunningMean):
        value = value.value
    if isinstance(claim, Sum):
        if value != claim.of(rule):
            raise ProofError(f"{path} is {value}, not {claim.of(rule)}")
        return
    low, high = _ends(claim)
    if isinstance(value, RunningMedian):
        value = value.value
    for item in value if isinstance(value, list) else [value]:
        if not low <= item <= high:
            raise ProofError(f"{path} = {item} lies outside {low} .. {high}")


def _flat(rule: Any, prefix: str = "") -> dict[str, Any]:
    """All numbers and lists of a rule and of its parts, by path."""
    found: dict[str, Any] = {}
    for name, value in vars(rule).items():
        if isinstance(value, RunningMedian):
            found[prefix + name] = (value.count, value.value)
        elif isinstance(value, int):
            found[prefix + name] = value
        elif isinstance(value, list):
            found[prefix + name] = list(value)
        elif isinstance(value, Hold | RunningMean):
            continue
        elif type(value).__module__.startswith("gates."):
            found |= _flat(value, f"{prefix}{name}.")
    return found


def _extremes(low: int, high: int, kind: str, seed: int) -> Iterator[int]:
    rng = random.Random(seed)
    n = 0
    while True:
        if kind == "square":
            yield high if n // (1 + n // 300 % 25) & 1 else low
        elif kind == "random":
            yield rng.randint(low, high)
        elif kind == "spikes":
            yield high if rng.random() < 0.02 else low
        else:
            yield max(low, min(high, (low + high) // 2 + rng.randint(-1, 1) * max(1, (high - low) // 5000)))
        n += 1
