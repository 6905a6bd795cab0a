"""A gate that already stands open in its rule when its signal becomes usable is never a flash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from somatone.gating.movement import MovementRules
from somatone.gating.signal_rules import SHORTEST_S
from somatone.records import Chunk, Gate, Validity

RATE_HZ = 32


def chunks(jerks: list[int], usable_from: int) -> list[Chunk]:
    """Quarter seconds of movement; each jerk is how far the arm goes to and fro in one of them."""
    made = []
    for number, jerk in enumerate(jerks):
        samples = tuple(v for k in range(8) for v in (jerk * (k % 2), 0, 64))
        validity = Validity.WORN if number >= usable_from else Validity.SETTLING
        made.append(Chunk("body", "acc", "test", 8 * number, samples, number / 4, RATE_HZ, validity, 3))
    return made


def lengths(events: list[Gate]) -> list[float]:
    opened, done = {}, []
    for gate in events:
        if gate.value:
            opened[gate.name] = gate.at_s
        elif gate.name in opened:
            done.append(gate.at_s - opened.pop(gate.name))
    return done


@given(st.lists(st.sampled_from([0, 1, 20, 60]), min_size=8, max_size=60), st.integers(0, 30))
def test_no_gate_is_shorter_than_its_minimum(jerks: list[int], usable_from: int) -> None:
    rules = MovementRules()
    events = [e for chunk in chunks(jerks, usable_from) for e in rules.feed(chunk) if isinstance(e, Gate)]
    assert all(length >= SHORTEST_S - 1 / RATE_HZ for length in lengths(events))


def test_what_stood_open_and_ends_at_once_closes_after_its_shortest_time() -> None:
    rules = MovementRules()
    made = chunks([60] * 12 + [0] * 12, 13)
    events = [e for chunk in made for e in rules.feed(chunk) if isinstance(e, Gate) and e.name == "motion.active"]
    assert [e.value for e in events] == [1, 0]
    assert events[1].at_s - events[0].at_s >= SHORTEST_S == pytest.approx(0.5)
