"""A run in the timeline: it settles, is worn, saturated where it was clamped or no number, absent when it is gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from somatone.gating.stage import Gating
from somatone.records import Chunk, Gate, Level, NativeChunk, Validity
from somatone.timeline.live_clock import LiveClocks
from somatone.timeline.run_wear import SETTLE_S
from somatone.timeline.timeline import Timeline
from somatone.timeline.units import native_format, run_format
from somatone.training_metrics import ONE


def frame(index: int, value: int | None, rate_hz: int = 10, says: str = "", metric: str = "entropy") -> NativeChunk:
    samples = () if value is None else (value,)
    at_s = (index + 1) / rate_hz
    return NativeChunk("run", metric, "training", run_format(metric, rate_hz, says), index, samples, at_s)


def chunks(timeline: Timeline, item: NativeChunk) -> list[Chunk]:
    return [out for out in timeline.feed(item) if isinstance(out, Chunk)]


@given(st.integers(4, 30))
def test_it_settles_and_is_worn_at_every_rate(rate_hz: int) -> None:
    timeline = Timeline(LiveClocks())
    for index in range(rate_hz * 6):
        (chunk,) = chunks(timeline, frame(index, ONE, rate_hz))
        assert (chunk.index, chunk.samples, chunk.rate_hz) == (index, (ONE,), rate_hz)
        assert chunk.start_s == pytest.approx(index / rate_hz)
        if chunk.start_s < SETTLE_S - 0.01:
            assert chunk.validity is Validity.SETTLING
        elif chunk.start_s > SETTLE_S + 0.3:
            assert chunk.validity is Validity.WORN


def test_clamped_and_no_number_are_saturated_then_worn_again() -> None:
    timeline = Timeline(LiveClocks())
    for index in range(50):
        chunks(timeline, frame(index, ONE))
    (clamped,) = chunks(timeline, frame(50, 99 * ONE))
    assert clamped.samples == (4 * ONE,)
    assert Validity.SATURATED in {c.validity for k in range(51, 55) for c in chunks(timeline, frame(k, ONE))}
    (empty,) = chunks(timeline, frame(55, None, says="saturated"))
    assert (empty.samples, empty.validity) == ((), Validity.SATURATED)
    (after,) = chunks(timeline, frame(56, ONE))
    assert after.validity is Validity.WORN
    assert after.index > empty.index  # a gap for the rules
    assert timeline.gaps == 0


def test_a_run_that_is_gone_is_absent_and_the_next_settles() -> None:
    timeline, gating = Timeline(LiveClocks()), Gating()
    opened: list[tuple[str, int]] = []
    levels: list[Level] = []
    for item in [frame(k, k * 500) for k in range(60)] + [frame(60, None, says="absent")]:
        for chunk in chunks(timeline, item):
            events = gating.feed(chunk)
            opened += [(e.name, e.value) for e in events if isinstance(e, Gate)]
            levels += [e for e in events if isinstance(e, Level)]
    assert ("contact.worn", 1) in opened and opened[-1] == ("contact.worn", 0)
    assert levels[-1].validity is Validity.ABSENT
    assert timeline.tick(60.0) == []  # it is absent, not stale
    (back,) = chunks(timeline, frame(100, ONE))
    assert back.validity is Validity.SETTLING


def test_a_run_at_another_rate_has_another_lane() -> None:
    timeline = Timeline(LiveClocks())
    before = [chunks(timeline, frame(k, ONE, 10))[0] for k in range(20)]
    after = chunks(timeline, frame(70, ONE, 30))[0]
    assert after.rate_hz == 30 and after.index > before[-1].index


@pytest.mark.parametrize("name", ["training.q16", "training.q16:x:10", "training.q16:edge:3", "training.q16:edge:10:y"])
def test_a_format_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        native_format(name)
