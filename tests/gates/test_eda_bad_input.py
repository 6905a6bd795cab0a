"""Skin, temperature, movement and contact under bad input: no crash, no lock, no chatter."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gates.contact import MISSING, Contact
from gates.eda import SkinResponses
from gates.level import FULL, HighLevel, RunningRange
from gates.motion import Movement
from gates.own import OwnThreshold
from gates.responds import Responds
from gates.temp import TemperatureTrend
from gates.tonic import TonicTrend

# Gates of a rule: (bit that opens, bit that closes, minimum in samples).
Gates = tuple[tuple[int, int, int], ...]
RULES: dict[str, tuple[Callable[[], Any], int, int, Gates]] = {
    "eda": (SkinResponses, 0, 100_000, ((1, 2, 2),)),
    "tonic": (TonicTrend, 0, 100_000, ((1, 2, 16), (4, 8, 16))),
    "temp": (TemperatureTrend, 0, 5_000, ((1, 2, 20), (4, 8, 20))),
    "high": (HighLevel, 0, FULL, ((1, 2, 12),)),
    "motion": (lambda: _Line(own_half_life_ms=150_000), -128, 128, ((1, 2, 16), (4, 8, 16))),
}


class _Line:
    """Movement along one axis."""

    def __init__(self, **options: int) -> None:
        self.rule = Movement(32, **options)
        self.gap = self.rule.gap

    def step(self, x: int) -> int:
        edges: int = self.rule.step(x, 0, 64)
        return edges


def wave(kind: str, low: int, high: int, count: int) -> list[int]:
    middle, span = (low + high) // 2, high - low
    return {
        "flat": lambda: [middle] * count,
        "low end": lambda: [low] * count,
        "high end": lambda: [high] * count,
        "beyond": lambda: [high * 3 + 1 if n & 8 else low - high for n in range(count)],
        "one LSB": lambda: [middle + (n * 7919 >> 3 & 1) for n in range(count)],
        "square": lambda: [high if n // (1 + n // 400 % 40) & 1 else low for n in range(count)],
        "steps": lambda: [middle + (n // 97 % 5 - 2) * span // 9 for n in range(count)],
        "clipped": lambda: [max(low, min(high, middle + (abs(n % 60 - 30) - 15) * span // 12)) for n in range(count)],
    }[kind]()


KINDS = ("flat", "low end", "high end", "beyond", "one LSB", "square", "steps", "clipped")


def lengths(masks: list[int], opens: int, closes: int) -> list[int]:
    """Samples from each opening to its closing."""
    edges = [(n, mask) for n, mask in enumerate(masks) if mask & (opens | closes)]
    return [end - begin for (begin, mask), (end, _) in pairwise(edges) if mask & opens]


def check_gates(masks: list[int], gates: Gates) -> None:
    for opens, closes, least in gates:
        seen = [bool(mask & opens) for mask in masks if mask & (opens | closes)]
        assert seen == [n % 2 == 0 for n in range(len(seen))], "edges alternate and begin with an opening"
        assert all(length >= least for length in lengths(masks, opens, closes))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("kind", KINDS)
def test_bad_waves(name: str, kind: str) -> None:
    make, low, high, gates = RULES[name]
    rule = make()
    masks = [rule.step(x) for x in wave(kind, low, high, 4000)]
    check_gates(masks, gates)
    if kind in ("flat", "one LSB"):
        assert not any(mask & gates[0][0] for mask in masks), "a flat signal opens nothing"


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_gaps_and_jumps_anywhere(name: str, data: st.DataObject) -> None:
    make, low, high, gates = RULES[name]
    rule, masks = make(), []
    piece = st.tuples(st.integers(low * 2 - 5, high * 2 + 5), st.integers(1, 60), st.booleans())
    for x, count, gap in data.draw(st.lists(piece, max_size=25)):
        if gap:
            rule.gap()
        masks += [rule.step(x + (n & 1)) for n in range(count)]
    check_gates(masks, gates)


@pytest.mark.parametrize("name", ["eda", "tonic", "temp", "motion"])
def test_no_lock(name: str) -> None:
    """After the worst of it has passed, a plain event is found again."""
    make, low, high, gates = RULES[name]
    rule = make()
    for x in wave("square", low, high, 1000):
        rule.step(x)
    middle = {"eda": 2_000, "tonic": 2_000, "temp": 3_200, "motion": 0}[name]
    quiet = [middle] * (32 * 200)
    event = {
        "eda": [middle + 25 * n for n in range(12)] + [middle + 300 - 5 * n for n in range(40)],
        "tonic": [middle + 20 * n for n in range(200)],
        "temp": [middle + n for n in range(400)],
        "motion": [60 * (n % 3 - 1) for n in range(96)],
    }[name]
    assert not any(mask & gates[0][0] for mask in [rule.step(x) for x in quiet][-1000:])
    assert any(mask & gates[0][0] for mask in [rule.step(x) for x in event])


@pytest.mark.parametrize("percent", [97, 103])
def test_a_rate_that_is_off_finds_the_same_responses(percent: int) -> None:
    """Twenty responses, sampled 3 % too fast or too slow: each is found once."""

    def skin(t_s: float) -> int:
        since = t_s % 15.0
        rise = min(since / 2.0, 1.0)
        height: float = 250 * rise * rise * (3 - 2 * rise) * 0.5 ** (max(since - 2.0, 0.0) / 3.0)
        return round(3000 + height)

    rule = SkinResponses(4)
    samples = [skin(n / 4 * 100 / percent) for n in range(4 * 300)]
    found = sum(rule.step(x) & 1 for x in samples)
    assert found == pytest.approx(300 * 100 / percent / 15, abs=2)


@given(st.lists(st.integers(-(10**7), 10**7), max_size=80), st.sampled_from([1, 4, 64]))
def test_level_stays_a_level(values: list[int], rate_hz: int) -> None:
    rule = RunningRange(rate_hz)
    for x in values:
        assert 0 <= rule.step(x) <= FULL


@given(st.lists(st.integers(-(10**7), 10**7), max_size=200), st.integers(1, 500), st.integers(0, 5000))
def test_own_threshold_stays_between_floor_and_ceiling(values: list[int], floor: int, more: int) -> None:
    rule = OwnThreshold(4, floor, floor + more, 3, 1)
    for x in values:
        assert floor <= rule.step(x) <= floor + more


def test_own_threshold_finds_its_quantile() -> None:
    rule = OwnThreshold(4, 1, 100_000, 3, 1)
    for n in range(12_000):
        rule.step(n * 7919 % 1000)
    assert rule.value == pytest.approx(750, abs=60)


@given(st.lists(st.tuples(st.integers(MISSING, 200), st.integers(MISSING, 5000), st.integers(-99, 99)), max_size=200))
def test_contact_confirms_before_it_changes(samples: list[tuple[int, int, int]]) -> None:
    rule, edges = Contact(), []
    for n, (skin, heat, pulse) in enumerate(samples):
        rule.pulse(pulse)
        if mask := rule.step(skin, heat):
            edges.append((n, mask))
    assert [mask for _, mask in edges] == [1, 2] * (len(edges) // 2) + [1] * (len(edges) % 2)
    assert all(b - a >= 3 for (a, _), (b, _) in pairwise(edges))


def test_responds_opens_at_a_response_and_gives_up() -> None:
    rule = Responds(4, patience_ms=10_000)
    masks = [rule.step({5: 20, 9: 50, 30: 60}.get(n, 0)) for n in range(100)]
    assert [(n, mask) for n, mask in enumerate(masks) if mask] == [(9, 1), (70, 2)]
    rule.step(90)
    rule.reset()
    assert not rule.on
