"""What every rule promises whatever comes in: minimum times, gates that close, no crash, and gaps survived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gates.common import Debounce, FrugalQuantile, Hold, RunningMedian, samples_of
from gates.contact import MISSING, Contact
from gates.eda import SkinResponses
from gates.level import FULL, RunningRange
from gates.motion import Movement
from gates.pulse import PulseBeats
from gates.temp import TemperatureTrend

Runs = list[tuple[int, int]]


def stretches(low: int, high: int) -> st.SearchStrategy[Runs]:
    """Signals as (value, how often): flat, clipped, stepped and jumping alike."""
    return st.lists(st.tuples(st.integers(low, high), st.integers(1, 60)), min_size=1, max_size=60)


def played(runs: Runs) -> list[int]:
    return [value for value, count in runs for _ in range(count)]


def on_times(masks: Sequence[int], opened: int, closed: int) -> list[int]:
    """Lengths of the closed gates; also checks that edges alternate."""
    lengths, since = [], -1
    for n, mask in enumerate(masks):
        if mask & closed:
            assert since >= 0, "closed without having been opened"
            lengths.append(n - since)
            since = -1
        if mask & opened:
            assert since < 0, "opened twice"
            since = n
    return lengths


@pytest.mark.parametrize(
    ("make", "low", "high", "bits", "least"),
    [
        (PulseBeats, -140_000, 140_000, (1, 2), 8),
        (SkinResponses, 0, 3_000, (1, 2), 2),
        (TemperatureTrend, 2_000, 3_500, (1, 2), 20),
        (TemperatureTrend, 2_000, 3_500, (4, 8), 20),
        (lambda: _Line(Movement()), -128, 128, (1, 2), 16),
        (lambda: _Line(Movement()), -128, 128, (4, 8), 16),
        (lambda: _Skin(Contact()), 0, 120, (1, 2), 3),
    ],
)
def test_never_shorter_than_the_minimum(
    make: Callable[[], Any], low: int, high: int, bits: tuple[int, int], least: int
) -> None:
    @settings(max_examples=60, deadline=None)
    @given(stretches(low, high))
    def check(runs: Runs) -> None:
        rule = make()
        assert all(length >= least for length in on_times([rule.step(x) for x in played(runs)], *bits))

    check()


@pytest.mark.parametrize(
    ("make", "low", "high", "width"),
    [
        (PulseBeats, -140_000, 140_000, 1),
        (lambda: PulseBeats(early=1), -140_000, 140_000, 1),
        (Movement, -20, 20, 3),
        (lambda: Movement(own_half_life_ms=150_000), -20, 20, 3),
    ],
)
def test_runs_give_what_steps_give(make: Callable[[], Any], low: int, high: int, width: int) -> None:
    """However samples are cut into runs: the same edges at the same samples."""

    @settings(max_examples=60, deadline=None)
    @given(stretches(low, high), st.lists(st.integers(1, 40), min_size=1, max_size=20))
    def check(runs: Runs, cuts: list[int]) -> None:
        samples = played(runs) * 3
        samples = samples[: len(samples) // width * width]
        one_by_one, at_once = make(), make()
        expected = [one_by_one.step(*samples[k : k + width]) for k in range(0, len(samples), width)]
        found, at, turn = [0] * len(expected), 0, 0
        while at < len(samples):
            part = tuple(samples[at : at + width * cuts[turn % len(cuts)]])
            done = 0
            while done < len(part):
                edges = at_once.run(part, done)
                done = at_once.taken
                found[(at + done) // width - 1] |= edges
            at, turn = at + len(part), turn + 1
        assert found == expected

    check()


class _Line:
    """Movement along one axis."""

    def __init__(self, rule: Movement) -> None:
        self.step = lambda x: rule.step(x, 0, 0)


class _Skin:
    """Contact from conductance alone."""

    def __init__(self, rule: Contact) -> None:
        self.step = lambda x: rule.step(x, 3200)


@pytest.mark.parametrize("noise", [0, 1])
def test_flat_says_nothing(noise: int) -> None:
    pulse, eda, temp, motion = PulseBeats(), SkinResponses(), TemperatureTrend(), Movement()
    for n in range(4000):
        lsb = noise * (n * 7919 >> 3 & 1)
        assert pulse.step(500 + lsb) == 0
        assert eda.step(500 + lsb) == 0
        assert temp.step(3200 + lsb) == 0
        assert motion.step(lsb, 0, 64) & 1 == 0


@pytest.mark.parametrize("make", [PulseBeats, SkinResponses])
def test_gates_close_by_themselves(make: Callable[[], Any]) -> None:
    """After the signal froze, nothing stays open."""
    rule, opened = make(), False
    for n in range(3000):
        opened |= bool(rule.step(1000 + (n % 40) * (8 if n % 40 < 10 else 0)) & 1)
    assert opened
    for _ in range(100):
        rule.step(1000)
    assert not rule.on


def test_a_gap_makes_no_event() -> None:
    """The level after a gap has nothing to do with the level before it."""
    pulse, eda, motion = PulseBeats(), SkinResponses(), Movement()
    for n in range(400):
        level = 1000 if n < 200 else 40_000
        if n == 200:
            for rule in (pulse, eda, motion):
                rule.gap()
        assert pulse.step(level) == 0
        assert eda.step(level) == 0
        assert motion.step(64 if n < 200 else -64, 0, 0) & 1 == 0


def test_reset_equals_new() -> None:
    samples = [(n * 7919 % 997) * 50 for n in range(3000)]
    for make in (PulseBeats, SkinResponses, TemperatureTrend, RunningRange):
        used, fresh = make(), make()
        for x in samples[::-1]:
            used.step(x)
        used.reset()
        assert [used.step(x) for x in samples] == [fresh.step(x) for x in samples]


@pytest.mark.parametrize("bpm", [30, 60, 120, 210])
def test_starts_at_any_rate(bpm: int) -> None:
    """Triangular pulses, no rhythm known: every beat from the third second on."""
    period = 64 * 60 // bpm
    rule = PulseBeats()
    beats = [n for n in range(64 * 40) if rule.step(max(0, 2000 - abs(n % period - 6) * 300)) & 1]
    late = [n for n in beats if n > 64 * 8]
    assert len(late) == pytest.approx((64 * 32) / period, abs=1.5)
    assert rule.interval_q8 == pytest.approx(period << 8, abs=64)


@pytest.mark.parametrize("offset", [0, 500, 30_000])
@pytest.mark.parametrize("span", [200, 5_000])
def test_level_spans_the_range_within_a_minute(offset: int, span: int) -> None:
    rule = RunningRange(4)
    levels = [rule.step(offset + (n * 7919 % 1000) * span // 1000) for n in range(4 * 120)]
    last = levels[240:]
    assert not rule.warming
    assert 0.3 * FULL < sum(last) / len(last) < 0.7 * FULL
    assert rule.high - rule.low == pytest.approx(0.9 * span, rel=0.25)


def test_level_does_not_blow_up_noise() -> None:
    rule = RunningRange(4, span_floor=40)
    levels = [rule.step(500 + n * 7919 % 3) for n in range(4 * 600)]
    assert max(levels) - min(levels) < 0.1 * FULL


def test_level_forgets_the_last_visitor() -> None:
    rule = RunningRange(4)
    for n in range(2000):
        rule.step(10_000 + n % 3000)
    rule.reset()
    assert abs(rule.step(300) - FULL // 2) < 2000


def test_contact_without_skin_sensor_follows_the_pulse() -> None:
    rule, states = Contact(), []
    for n in range(4 * 40):
        for k in range(16):
            rule.pulse((n * 16 + k) % 50 * 100 if n < 80 else 7)
        rule.step(MISSING, MISSING)
        states.append(rule.worn)
    assert states[40:80] == [True] * 40
    assert states[80 + 4 * 4 :] == [False] * (80 - 16)


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=40), st.integers(1, 9))
def test_running_median(values: list[int], size: int) -> None:
    median = RunningMedian(size)
    for n, value in enumerate(values):
        median.add(value)
        recent = sorted(values[max(0, n + 1 - size) : n + 1])
        assert median.value == recent[(len(recent) - 1) // 2]


def test_frugal_quantile_finds_p95() -> None:
    quantile = FrugalQuantile()
    for n in range(20_000):
        quantile.step(n * 7919 % 1000, 19 * 8, 8)
    assert quantile.value == pytest.approx(950, abs=15)


def test_common_parts() -> None:
    assert samples_of(125, 64) == 8
    assert samples_of(1, 4) == 1
    hold = Hold(3, 2)
    assert [hold.step(n == 0) for n in range(6)] == [1, 0, 0, 2, 0, 0]
    debounce = Debounce(2, 3)
    assert [debounce.step(n in (0, 2, 3, 4)) for n in range(9)] == [0, 0, 0, 1, 0, 0, 0, 2, 0]
    assert debounce.age == 2
