"""The rules for training metrics: what opens them, what must not, and that adding a constant changes nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gates.fixed_range import FixedRange
from gates.metric_collapse import MetricCollapse
from gates.metric_plateau import MetricPlateau
from gates.metric_surprise import MetricSurprise
from gates.metric_trend import MetricTrend

ONE = 65536
RATES = (4, 10, 30)


def normal(seed: int, count: int, sigma: float, carry: float = 0.0) -> list[int]:
    """Normal noise; with `carry` each value keeps that share of the one before."""
    rng, out, last = random.Random(seed), [], 0.0
    for _ in range(count):
        last = carry * last + rng.gauss(0.0, sigma)
        out.append(round(last))
    return out


def openings(rule: Any, values: Sequence[int], opened: int = 1) -> list[int]:
    return [n for n, x in enumerate(values) if rule.step(x) & opened]


@pytest.mark.parametrize("rate_hz", RATES)
def test_surprise_keeps_quiet_on_noise(rate_hz: int) -> None:
    """Normal noise, white or carried on: at most two an hour of frames (measured 0 to 0.9)."""
    for carry in (0.0, 0.8):
        assert len(openings(MetricSurprise(rate_hz), normal(1, 3600 * rate_hz, 8000.0, carry))) <= 2


@pytest.mark.parametrize("rate_hz", RATES)
def test_surprise_finds_what_was_put_in(rate_hz: int) -> None:
    values = normal(2, 300 * rate_hz, 5000.0)
    put_in = range(60 * rate_hz, 290 * rate_hz, 10 * rate_hz)
    for n in put_in:
        values[n] += 12 * 5000 * (1 if n % 20 else -1)
    assert set(openings(MetricSurprise(rate_hz), values)) == set(put_in)


@pytest.mark.parametrize("rate_hz", RATES)
def test_surprise_ends_after_a_lasting_jump(rate_hz: int) -> None:
    rule = MetricSurprise(rate_hz)
    values = normal(3, 60 * rate_hz, 3000.0) + [10 * ONE + x for x in normal(4, 60 * rate_hz, 3000.0)]
    assert openings(rule, values[: 61 * rate_hz]) == [60 * rate_hz]
    assert not openings(rule, values[61 * rate_hz :])
    assert not rule.on


@pytest.mark.parametrize("rate_hz", RATES)
def test_trend_is_seen_in_noise_and_not_in_noise_alone(rate_hz: int) -> None:
    noise = normal(5, 180 * rate_hz, 8000.0, 0.6)
    assert len(openings(MetricTrend(rate_hz, least=1), normal(6, 3600 * rate_hz, 8000.0, 0.6), 5)) <= 4
    falls = [x - max(0, n - 60 * rate_hz) * 2 * ONE // (60 * rate_hz) for n, x in enumerate(noise)]
    rule = MetricTrend(rate_hz)
    first = openings(rule, falls[: 90 * rate_hz], 4)
    assert first and first[0] >= 60 * rate_hz
    assert rule.falling and not rule.rising


@pytest.mark.parametrize("rate_hz", RATES)
def test_plateau_opens_on_flat_and_not_on_trend(rate_hz: int) -> None:
    noise = normal(7, 120 * rate_hz, 4000.0)
    flat, trend = MetricPlateau(rate_hz), MetricPlateau(rate_hz)
    assert len(openings(flat, noise)) == 1 and flat.on
    assert not openings(trend, [x + n * ONE // (60 * rate_hz) for n, x in enumerate(noise)])
    swing = [round(ONE * 0.5 * (1 if n // (2 * rate_hz) & 1 else -1)) for n in range(120 * rate_hz)]
    assert not openings(MetricPlateau(rate_hz), swing), "an even swing is no plateau"


def learning(rate_hz: int, seed: int) -> list[int]:
    """Similarity of samples while a run learns: from noise's 0 to the digits' own 0.4 within two minutes."""
    noise = normal(seed, 240 * rate_hz, 0.02 * ONE)
    return [round(0.4 * ONE * min(1.0, n / (120 * rate_hz))) + x for n, x in enumerate(noise)]


@pytest.mark.parametrize("rate_hz", RATES)
def test_collapse_is_said_and_taken_back(rate_hz: int) -> None:
    rule = MetricCollapse(rate_hz, low=-ONE, high=ONE, upwards=1)
    run = learning(rate_hz, 8)
    assert not openings(rule, run), "learning is no collapse"
    fallen = [round(min(0.98, 0.4 + 0.58 * n / (6 * rate_hz)) * ONE) for n in range(60 * rate_hz)]
    found = openings(rule, fallen)
    assert len(found) == 1 and found[0] < 15 * rate_hz
    assert not openings(rule, run[-20 * rate_hz :]) and not rule.on, "it recovers"


def test_a_run_that_was_never_far_has_not_collapsed() -> None:
    assert not openings(MetricCollapse(10), [1000] * 600)


def test_slow_decay_is_no_collapse() -> None:
    assert not openings(MetricCollapse(10), [round(ONE * max(0.0, 1 - n / 3000)) for n in range(4000)])


MAKERS: tuple[Callable[[], Any], ...] = (
    lambda: MetricSurprise(10, least=100),
    lambda: MetricTrend(10, least=100),
    lambda: MetricPlateau(10, after_ms=1000),
)


@settings(max_examples=40, deadline=None)
@given(
    which=st.integers(0, 2),
    offset=st.integers(-20 * ONE, 20 * ONE),
    seed=st.integers(0, 1 << 20),
    scale=st.integers(1, 60_000),
)
def test_a_constant_offset_changes_nothing(which: int, offset: int, seed: int, scale: int) -> None:
    rng = random.Random(seed)
    values = [rng.randint(-scale, scale) + (8 * scale if rng.random() < 0.01 else 0) for _ in range(600)]
    one, other = MAKERS[which](), MAKERS[which]()
    assert [one.step(x) for x in values] == [other.step(x + offset) for x in values]


RUNS = st.lists(st.tuples(st.integers(-3 * ONE, 3 * ONE), st.integers(1, 80)), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(runs=RUNS)
@pytest.mark.parametrize(
    ("make", "bits", "least_on", "least_off"),
    [
        (lambda: MetricSurprise(10), (1, 2), 3, 10),
        (lambda: MetricTrend(10), (1, 2), 20, 20),
        (lambda: MetricTrend(10), (4, 8), 20, 20),
        (lambda: MetricPlateau(10, after_ms=500), (1, 2), 20, 20),
        (lambda: MetricCollapse(10, low=-ONE, high=ONE), (1, 2), 20, 40),
    ],
)
def test_never_chatters(
    make: Callable[[], Any], bits: tuple[int, int], least_on: int, least_off: int, runs: list[tuple[int, int]]
) -> None:
    rule, edges = make(), []
    for n, x in enumerate(value for value, count in runs for _ in range(count)):
        mask = rule.step(x)
        edges += [(n, True)] * bool(mask & bits[0]) + [(n, False)] * bool(mask & bits[1])
    for (n, opened), (later, other) in pairwise(edges):
        assert opened != other
        assert later - n >= (least_on if opened else least_off)


@given(st.integers(-(1 << 21), (1 << 21) - 1), st.integers(1, 1 << 21), st.lists(st.integers(-(1 << 22), 1 << 22)))
def test_a_fixed_range_is_a_straight_line_that_forgets_all(low: int, span: int, values: list[int]) -> None:
    high = min(low + span, 1 << 21)
    rule = FixedRange(10, low=low, high=high)
    for x in values:
        straight = min(max((x - low) / max(high - low, 1), 0.0), 1.0)
        assert abs(rule.step(x) / ONE - straight) <= 1 / (1 << 12)
