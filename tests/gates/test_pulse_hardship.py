"""The pulse rule when the signal is bad, or the heart at the end of its range: no crash, no lock, no chatter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.beats import f1
from bench.simulated_pulse import SCENARIOS, Pulse
from gates.pulse import LIMIT, MEASURED, PulseBeats

MIN_ON = 8  # samples in 125 ms
Masks = list[int]


def played(rule: PulseBeats, samples: Iterable[int]) -> Masks:
    return [rule.step(x) for x in samples]


def on_times(masks: Sequence[int]) -> list[int]:
    """Lengths of the gates that closed; edges have to alternate."""
    lengths, since = [], -1
    for n, mask in enumerate(masks):
        if mask & 2:
            assert since >= 0
            lengths.append(n - since)
            since = -1
        if mask & 1:
            assert since < 0
            since = n
    return lengths


def pulse(seed: int, bpm: float, seconds: int = 40, scenario: str = "clean") -> Pulse:
    return Pulse(seed, bpm, SCENARIOS[scenario], seconds)


def beats_s(samples: Sequence[int], early: int = 0) -> list[float]:
    rule = PulseBeats(early=early)
    return [(n - rule.age_q8 / 256) / 64 for n, x in enumerate(samples) if rule.step(x) & 1]


bad_parts = st.one_of(
    st.tuples(st.just("flat"), st.integers(-LIMIT, LIMIT), st.integers(1, 300)),
    st.tuples(st.just("noise"), st.integers(-LIMIT, LIMIT), st.integers(1, 300)),
    st.tuples(st.just("square"), st.integers(1, 40), st.integers(1, 300)),
    st.tuples(st.just("ramp"), st.integers(-5000, 5000), st.integers(1, 200)),
    st.tuples(st.just("pulse"), st.integers(30, 240), st.integers(64, 400)),
    st.tuples(st.just("gap"), st.just(0), st.just(1)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(bad_parts, min_size=1, max_size=12), st.integers(0, 2))
def test_whatever_comes_no_gate_is_too_short(parts: list[tuple[str, int, int]], early: int) -> None:
    rule, masks = PulseBeats(early=early), []
    for kind, value, length in parts:
        if kind == "gap":
            rule.gap()
        for n in range(length):
            if kind == "square":
                x = LIMIT * 8 if n // value & 1 else -LIMIT * 8  # clipped at the input
            elif kind == "pulse":
                x = max(0, 4000 - abs(n % max(1, 3840 // value) - 5) * 700)
            else:
                x = value + {"noise": n * 7919 % 2, "ramp": n * value}.get(kind, 0)
            masks.append(rule.step(x))
            assert rule.interval_q8 == 0 or 15 << 8 <= rule.interval_q8 <= 135 << 8
            assert 0 <= rule.age_q8 <= 20 << 8
    lengths = on_times(masks)
    assert all(length >= MIN_ON for length in lengths)


@pytest.mark.parametrize("early", [0, 1])
@pytest.mark.parametrize("level", [-LIMIT, 0, 700, LIMIT])
def test_one_count_of_noise_is_no_pulse(level: int, early: int) -> None:
    rng = np.random.default_rng(5)
    assert not any(played(PulseBeats(early=early), (level + int(v) for v in rng.integers(0, 2, 64 * 60))))


@pytest.mark.parametrize("early", [0, 1])
@pytest.mark.parametrize("bpm", [30, 240])
def test_starts_at_the_end_of_the_range_and_comes_back(bpm: int, early: int) -> None:
    """A minute at the extreme is followed beat by beat, and the return to 70 bpm as well."""
    extreme, usual = pulse(41, bpm, 60), pulse(42, 70.0, 60)
    samples = extreme.counts() + usual.counts()
    found = beats_s(samples, early)
    assert f1([t for t in found if t < 59], [t for t in extreme.peaks_s if t < 59], 59) >= 0.97
    later = [t - 70 for t in found if t >= 70]
    assert f1(later, [t - 10 for t in usual.peaks_s if t >= 10], 50) >= 0.98


@pytest.mark.parametrize("error", [-0.03, 0.03])
def test_a_clock_that_is_three_percent_off(error: float) -> None:
    """The beats are all there, the intervals are off by what the clock is off."""
    person = pulse(43, 72.0, 60)
    rule, intervals = PulseBeats(), []
    for x in person.counts(64 * (1 + error)):
        if rule.step(x) & MEASURED and rule.interval_q8:
            intervals.append(rule.interval_q8 / 256 / 64)
    true_s = np.diff([t for t in person.peaks_s if 3 < t < 60])
    assert len(intervals) == pytest.approx(len(true_s), abs=2)
    assert np.mean(intervals) == pytest.approx(np.mean(true_s) * (1 + error), rel=0.005)


def test_no_lock_on_the_dicrotic_wave() -> None:
    """A second wave with more than half of the upstroke: the rhythm is that of the tall ones within ten seconds."""
    t = np.arange(64 * 40) / 64
    wave = np.zeros_like(t)
    for at_s in np.arange(0.3, 40, 0.95):
        for height, delay_s, width_s in ((4000, 0.0, 0.07), (1900, 0.4, 0.06)):
            wave += height * np.exp(-0.5 * ((t - at_s - delay_s) / width_s) ** 2)
    found = [at_s for at_s in beats_s([int(v) for v in wave]) if at_s > 10]
    assert np.diff(found) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("scenario", ["clean", "noisy", "motion mid"])
def test_early_measures_the_same_to_the_bit(scenario: str) -> None:
    """Only the opening comes sooner: places, intervals, strengths and the samples at which they are said are equal."""
    samples = pulse(44, 80.0, 60, scenario).counts()

    def measured(early: int) -> list[tuple[int, ...]]:
        rule = PulseBeats(early=early)
        return [
            (n, rule.age_q8, rule.interval_q8, rule.strength) for n, x in enumerate(samples) if rule.step(x) & MEASURED
        ]

    usual = measured(0)
    assert len(usual) > 60
    assert measured(1) == usual
    assert measured(2) == usual


def test_early_opens_before_and_once_for_each_beat() -> None:
    samples = pulse(45, 66.0, 60).counts()
    usual = [n for n, mask in enumerate(played(PulseBeats(), samples)) if mask & 1]
    early = [n for n, mask in enumerate(played(PulseBeats(early=1), samples)) if mask & 1]
    assert len(early) == len(usual)
    lead = [late - soon for soon, late in zip(early, usual, strict=True)]
    assert 4 <= np.median(lead) <= 9
    assert min(lead) >= 0


def test_a_gap_inside_an_early_opening() -> None:
    """The gate closes after its time, the interval across the hole is unknown, later ones are right."""
    samples = pulse(46, 75.0, 40).counts()
    rule = PulseBeats(early=1)
    masks: Masks = []
    opened = 0
    intervals = []
    for n, x in enumerate(samples):
        mask = rule.step(x)
        masks.append(mask)
        if mask == 1 and n > 1200 and not opened:
            opened = n
            rule.gap()
        if mask & MEASURED and opened:
            intervals.append(rule.interval_q8)
    assert opened
    assert intervals[0] == 0
    assert all(interval > 0 for interval in intervals[1:])
    assert all(length >= MIN_ON for length in on_times(masks))
