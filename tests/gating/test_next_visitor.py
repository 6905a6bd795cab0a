"""The next visitor never inherits the last one's range, and nothing opens while nobody is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from somatone.gating.stage import Gating
from somatone.records import Chunk, Gate, Level, NativeChunk
from somatone.sources.simulated_body import CALM, LIVELY, BodyProfile, SimulatedBody
from somatone.timeline.timeline import RecordingClock, Timeline

FORMATS = {
    "eda": ("e4.eda_picosiemens", 4, 1),
    "temp": ("e4.temp_centicelsius", 4, 1),
    "acc": ("e4.acc_64th_g", 32, 3),
}
Samples = dict[str, list[int]]
Said = list[tuple[str, float, float, int]]


def person(profile: BodyProfile, seed: int, seconds: int) -> Samples:
    body = SimulatedBody(seed, profile)
    eda = [v * 1000 for v in body.eda_4hz(seconds)]
    return {"eda": eda, "temp": body.temp_4hz(seconds), "acc": body.acc_32hz(seconds)}


def nobody(seconds: int) -> Samples:
    quarters = seconds * 4
    return {"eda": [3000] * quarters, "temp": [2400] * quarters, "acc": [0, 0, 64] * (seconds * 32)}


def play(parts: Sequence[Samples], only_after_s: float) -> Said:
    """Every gate and level of skin, temperature and movement from a moment on, times counted from there."""
    timeline, gating, said = Timeline(RecordingClock), Gating(), []
    whole = {signal: [v for part in parts for v in part[signal]] for signal in FORMATS}
    for k in range(len(whole["eda"])):
        for signal, (name, rate_hz, width) in FORMATS.items():
            count = rate_hz // 4
            samples = tuple(whole[signal][k * count * width : (k + 1) * count * width])
            chunk = NativeChunk("body", signal, "e4", name, k * count, samples, (k + 1) / 4, width, k * 250_000)
            for out in timeline.feed(chunk):
                for event in gating.feed(out) if isinstance(out, Chunk) else []:
                    if event.at_s >= only_after_s:
                        strength = event.strength if isinstance(event, Gate) else -1
                        said.append((event.name, round(event.at_s - only_after_s, 6), event.value, strength))
    return said


@settings(max_examples=6, deadline=None)
@given(
    st.sampled_from([CALM, LIVELY, replace(LIVELY, tonic_nsiemens=15_000.0, skin_centi=3500.0)]),
    st.integers(1, 1000),
    st.integers(30, 120),
    st.integers(14, 40),
)
def test_a_visitor_is_played_as_if_nobody_had_been_there(
    first: BodyProfile, seed: int, first_s: int, away_s: int
) -> None:
    second = person(replace(CALM, tonic_nsiemens=700.0, responses_per_min=8.0), seed + 5000, 60)
    away = nobody(away_s)
    alone = play([away, second, nobody(5)], away_s)
    after = play([away, person(first, seed, first_s), away, second, nobody(5)], 2 * away_s + first_s)
    assert len({name for name, *_ in alone}) >= 4
    assert after == alone


def test_a_short_slip_forgets_nothing() -> None:
    """Four seconds off: the range that was learnt is still there."""
    visitor = person(replace(LIVELY, tonic_nsiemens=3000.0), 77, 120)
    cut = 90
    before = {signal: v[: cut * FORMATS[signal][1] * FORMATS[signal][2]] for signal, v in visitor.items()}
    rest = {signal: v[cut * FORMATS[signal][1] * FORMATS[signal][2] :] for signal, v in visitor.items()}
    levels = [(at_s, value) for name, at_s, value, _ in play([before, nobody(4), rest], 0.0) if name == "eda.tonic"]
    last = [value for at_s, value in levels if at_s < cut][-1]
    again = next(value for at_s, value in levels if at_s > cut + 5)
    fresh = next(value for name, _, value, _ in play([nobody(20), rest], 20.0) if name == "eda.tonic")
    assert fresh == pytest.approx(0.5, abs=0.02)
    assert abs(again - last) < 0.35


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 1000), st.lists(st.integers(1, 25), min_size=3, max_size=8))
def test_gates_shut_when_the_skin_is_lost_and_stay_shut(seed: int, lengths: list[int]) -> None:
    """Contact comes and goes: within 3 s of the loss nothing stands open, and nothing opens before it is back."""
    body = person(LIVELY, seed, 30 + sum(lengths))
    lost, at = [], 30
    for n, seconds in enumerate(lengths):
        if n % 2 == 0:
            lost.append((at, at + seconds))
            body["eda"][at * 4 : (at + seconds) * 4] = [2000] * (seconds * 4)
        at += seconds
    events = [(at_s, name, value) for name, at_s, value, strength in play([body], 0.0) if strength >= 0]
    open_now: dict[str, float] = {}
    for at_s, name, value in sorted(events, key=lambda event: event[0]):
        if value:
            assert not any(begin + 3 <= at_s < end for begin, end in lost), f"{name} opened at {at_s} off the skin"
            open_now[name] = at_s
        elif name in open_now:
            opened = open_now.pop(name)
            assert not any(opened < begin and at_s > begin + 3 and end > begin + 3 for begin, end in lost), name


def test_a_non_responder_is_shown_as_one() -> None:
    """No response, no opening of `eda.responds`, and a level that stays near its middle instead of showing noise."""
    still = replace(CALM, responses_per_min=0.0, tonic_drift=0.0, bouts_per_min=0.0)
    said = play([nobody(12), person(still, 31, 240)], 12.0)
    assert not [event for event in said if event[0] in ("eda.responds", "eda.onset")]
    levels = [value for name, _, value, _ in said if name == "eda.tonic"]
    assert max(levels) - min(levels) < 0.2
    lively = play([nobody(12), person(LIVELY, 31, 120)], 12.0)
    assert [value for name, _, value, _ in lively if name == "eda.responds"] == [1]


def test_states_keep_their_minimum_times() -> None:
    """Through the stage: no gate of a state chatters on a body that moves, sweats and warms up."""
    least_s = {"eda.rise": 4.0, "eda.fall": 4.0, "eda.high": 3.0, "temp.rise": 5.0, "temp.fall": 5.0}
    said = play([nobody(12), person(LIVELY, 55, 300)], 0.0)
    for name, minimum_s in least_s.items():
        edges = [(at_s, value) for event, at_s, value, _ in said if event == name]
        on_s = [end - begin for (begin, value), (end, _) in pairwise(edges) if value]
        assert all(length >= minimum_s for length in on_s)


def test_levels_are_levels() -> None:
    timeline, gating = Timeline(RecordingClock), Gating()
    visitor = person(LIVELY, 12, 60)
    for k, value in enumerate(visitor["eda"]):
        chunk = NativeChunk("body", "eda", "e4", "e4.eda_picosiemens", k, (value,), (k + 1) / 4, 1, k * 250_000)
        for out in timeline.feed(chunk):
            for event in gating.feed(out) if isinstance(out, Chunk) else []:
                assert not isinstance(event, Level) or 0.0 <= event.value <= 1.0
