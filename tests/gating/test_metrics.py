"""A training run through the gates stage gives gates and levels, at any rate and split; and breath's two sources."""

from __future__ import annotations

import math
import random

import pytest

from somatone.gating.breath import BreathChoice
from somatone.gating.names import GATES, LEVELS
from somatone.gating.rules import RULES
from somatone.gating.signal_rules import NO_SETTINGS
from somatone.gating.stage import Gating
from somatone.records import Chunk, Event, Gate, Level, Validity
from somatone.training_metrics import METRICS


def fed(signal: str, values: list[float], rate_hz: float, split: int = 1) -> list[Event]:
    counts = [METRICS[signal].counts(v) for v in values]
    gating, events = Gating(), []
    for n in range(0, len(counts), split):
        samples = tuple(counts[n : n + split])
        events += gating.feed(Chunk("run", signal, "training", n, samples, n / rate_hz, rate_hz, Validity.WORN))
    return events


def falling_apart(rate_hz: float) -> list[float]:
    rng = random.Random(1)
    alive = [0.3 + 0.02 * rng.random() for _ in range(round(60 * rate_hz))]
    return alive + [0.97 + 0.01 * rng.random() for _ in range(round(40 * rate_hz))]


@pytest.mark.parametrize("rate_hz", [4.0, 12.5, 30.0])
def test_a_collapse_is_heard(rate_hz: float) -> None:
    events = fed("similarity", falling_apart(rate_hz), rate_hz)
    gates = {(e.name, e.value) for e in events if isinstance(e, Gate)}
    assert {("similarity.collapse", 1), ("similarity.surprise", 1), ("similarity.rise", 1)} <= gates
    assert ("similarity.fall", 1) not in gates
    assert any(isinstance(e, Level) and e.name == "similarity.level" for e in events)


def test_the_split_changes_nothing() -> None:
    values = falling_apart(10.0)
    whole = fed("similarity", values, 10.0, 1)
    parts = fed("similarity", values, 10.0, 7)
    assert [(e.name, e.value, round(e.at_s, 6)) for e in whole] == [(e.name, e.value, round(e.at_s, 6)) for e in parts]


def told(gating: Gating, values: list[float], first: int) -> list[tuple[str, float, float]]:
    """What a run of similarities says, its frames numbered from `first`, in its own time."""
    events: list[Event] = []
    for n, value in enumerate(values):
        counts = (METRICS["similarity"].counts(value),)
        validity = Validity.SETTLING if n < 30 else Validity.WORN
        at_s = (first + n) / 10
        events += gating.feed(Chunk("run", "similarity", "training", first + n, counts, at_s, 10.0, validity))
    return [(e.name, e.value, round(e.at_s - first / 10, 6)) for e in events]


def test_a_run_that_follows_another_inherits_nothing() -> None:
    """The first ends in a collapse on a plateau; the next begins a moment later, as the sections of a piece do."""
    gating = Gating()
    assert ("similarity.collapse", 1) in {(name, value) for name, value, _ in told(gating, falling_apart(10.0), 0)}
    away = Chunk("run", "similarity", "training", 1000, (), 100.0, 10.0, Validity.ABSENT)
    ended = gating.feed(away)
    assert {(e.name, e.value) for e in ended} >= {("similarity.collapse", 0), ("contact.worn", 0)}
    rng = random.Random(2)
    following = [0.6 + 0.02 * rng.random() for _ in range(600)]
    assert told(gating, following, 1001) == told(Gating(), following, 1001)


@pytest.mark.parametrize("name", METRICS)
def test_every_name_is_in_the_tables(name: str) -> None:
    rules = RULES[name](NO_SETTINGS)
    assert set(rules.gates) <= set(GATES) and set(rules.levels) <= set(LEVELS)
    metric = METRICS[name]
    assert -(1 << 21) <= metric.low_counts < metric.high_counts <= 1 << 21
    with pytest.raises(ValueError, match=name):
        metric.counts(math.nan)


def breath(signal: str, value: int, at_s: float) -> tuple[Chunk, list[Event]]:
    chunk = Chunk("body", signal, "board", 0, (0,), at_s, 32.0, Validity.WORN)
    return chunk, [Gate("body", "breath.in", value, at_s, Validity.WORN, "board")]


def test_a_usable_microphone_wins_and_leaves_no_gate_open() -> None:
    choice = BreathChoice()
    assert [e.value for e in choice.heard(*breath("bvp", 1, 0.0))] == [1]
    assert [e.value for e in choice.heard(*breath("mic", 1, 1.0))] == [0, 1]
    assert choice.heard(*breath("bvp", 0, 1.5)) == []
    assert choice.heard(*breath("bvp", 1, 1.7)) == []
    assert [e.value for e in choice.heard(*breath("mic", 0, 2.0))] == [0]
    gone = Chunk("body", "mic", "board", 0, (0,), 3.0, 32.0, Validity.ABSENT)
    assert choice.heard(gone, []) == []
    assert [e.value for e in choice.heard(*breath("bvp", 1, 4.0))] == [1]
