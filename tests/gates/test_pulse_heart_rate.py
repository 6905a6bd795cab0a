"""When a heart rate may be said: still and regular, never otherwise; the same however the signal is cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.heart_rate import SECONDS, chunks, said
from bench.simulated_pulse import SCENARIOS, Pulse, walker
from gates.common import CLOSED, OPENED
from gates.heart_rate import HeartRate
from somatone.gating.stage import Gating
from somatone.records import Chunk, Event, Gate, Level, Validity

BEAT_Q8 = 52 << 8  # 74 bpm


def test_opens_after_enough_regular_beats_and_closes_without_any() -> None:
    rule = HeartRate(64, beats=6)
    assert [rule.step(BEAT_Q8) for _ in range(6)] == [0, 0, 0, 0, 0, OPENED]
    assert rule.trusted
    assert rule.advance(159) == 0
    assert rule.advance(10) == 1  # 2.5 s are 160 samples
    assert not rule.on and not rule.trusted


def test_one_missed_beat_closes() -> None:
    rule = HeartRate(64)
    for _ in range(10):
        rule.step(BEAT_Q8)
        rule.advance(52)
    assert rule.step(2 * BEAT_Q8) == CLOSED
    assert not rule.trusted


def test_breath_is_no_irregularity() -> None:
    """Intervals that swing by 5 % from one to the next, as in young people at rest."""
    rule = HeartRate(64)
    swing = (0, 700, 1300, 1300, 700, 0)
    assert any(rule.step(BEAT_Q8 + swing[n % 6]) == OPENED for n in range(12))
    alone = HeartRate(64)
    alone.watched = False
    irregular = (0, 2400)  # 18 %: too much for either
    for n in range(40):
        assert rule.step(BEAT_Q8 + irregular[n % 2]) != OPENED
        assert alone.step(BEAT_Q8 + irregular[n % 2]) == 0


def test_without_an_accelerometer_it_is_stricter() -> None:
    """9 % is said when somebody looks for movement, and is not said otherwise."""
    watched, alone = HeartRate(64), HeartRate(64)
    alone.watched = False
    for n in range(20):
        interval_q8 = BEAT_Q8 + n % 2 * BEAT_Q8 * 9 // 100
        watched.step(interval_q8)
        alone.step(interval_q8)
    assert watched.on
    assert not alone.on


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 140 << 8), st.integers(1, 200)), max_size=60), st.integers(1, 7))
def test_any_cut_of_time_closes_at_the_same_sample(beats: list[tuple[int, int]], piece: int) -> None:
    """Whole and in pieces, and never open for less than the minimum."""

    def edges(whole: bool) -> list[tuple[int, int]]:
        rule, now, found = HeartRate(64, beats=3), 0, []
        for interval_q8, wait in beats:
            if edge := rule.step(interval_q8):
                found.append((now, edge))
            left = wait
            while left:
                part = left if whole else min(piece, left)
                if closed := rule.advance(part):
                    found.append((now + closed, CLOSED))
                now, left = now + part, left - part
        return found

    usual = edges(True)
    assert edges(False) == usual
    opened = [at for at, edge in usual if edge == OPENED]
    closed = [at for at, edge in usual if edge == CLOSED]
    assert all(b - a >= 64 for a, b in zip(opened, closed, strict=False))


def fed(gating: Gating, samples: list[int], validity: Validity, first: int, piece: int) -> list[Event]:
    events = []
    for k in range(0, len(samples), piece):
        part = tuple(samples[k : k + piece])
        at = first + k
        events += gating.feed(Chunk("body", "bvp", "e4", at, part, at / 64, 64, validity))
    return events


def steady(events: list[Event]) -> list[tuple[int, float]]:
    return [(e.value, e.at_s) for e in events if isinstance(e, Gate) and e.name == "pulse.steady"]


@pytest.mark.parametrize("piece", [1, 5, 16])
def test_the_rate_is_withdrawn_when_the_beats_stop(piece: int) -> None:
    """The gate closes 2.5 s after the last beat, and the level says that it no longer holds."""
    samples = Pulse(51, 70.0, SCENARIOS["clean"], 30).counts()
    gating = Gating({"pulse.steady": {"alone_percent": 12}})
    events = fed(gating, samples + [samples[-1]] * 64 * 5, Validity.WORN, 0, piece)
    edges = steady(events)
    assert [value for value, _ in edges] == [1, 0]
    assert 31 < edges[1][1] < 33
    rates = [e for e in events if isinstance(e, Level) and e.name == "pulse.rate"]
    assert all(edges[0][1] - 0.5 < e.at_s for e in rates)
    assert rates[-1].at_s == edges[1][1] and not rates[-1].validity.usable
    assert all(e.validity.usable for e in rates[:-1])


def test_no_rate_while_moving_nor_from_intervals_of_then() -> None:
    samples = Pulse(52, 70.0, SCENARIOS["clean"], 60).counts()
    gating = Gating({"pulse.steady": {"alone_percent": 12}})
    before = fed(gating, samples[: 64 * 20], Validity.WORN, 0, 16)
    moving = fed(gating, samples[64 * 20 : 64 * 40], Validity.MOVING, 64 * 20, 16)
    after = fed(gating, samples[64 * 40 :], Validity.WORN, 64 * 40, 16)
    assert [value for value, _ in steady(before)] == [1]
    assert steady(moving) == [(0, 20.0)]
    assert not any(isinstance(e, Level) and e.validity.usable for e in moving)
    opened = [at_s for value, at_s in steady(after) if value]
    assert opened and opened[0] >= 40 + 5 * 60 / 75


def test_walking_in_step_with_the_pulse_is_not_said() -> None:
    """A locked pulse is regular; with the accelerometer it is silent, without it the lock would be heard."""
    person = walker(53, 70.0, SECONDS // 2)
    bursts = [(a + 1.5, b) for a, b, _ in person.bursts_s]
    heard = said(chunks(person, acc=True), {}, person.seconds)
    false = [bpm for at_s, bpm in heard.rates if abs(bpm - 70) > 15 and any(a < at_s < b for a, b in bursts)]
    assert heard.rates and not false
