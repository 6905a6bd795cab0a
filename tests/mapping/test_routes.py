"""Routes: what a gate or level does to a control, at once and over time, valid and not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from somatone.mapping.routes import TICK_S, Mapping
from somatone.pieces.piece import Piece, load_piece
from somatone.records import Action, Control, Gate, Level, Note, Validity

HEAD = 'name = "t"\nabout = "t"\nvoices = ["grains", "drone", "pulse"]\n'


def piece_of(tmp_path: Path, body: str) -> Piece:
    file = tmp_path / "piece.toml"
    file.write_text(HEAD + body)
    return load_piece(file)


def gate(name: str, value: int, at_s: float = 1.0, validity: Validity = Validity.WORN) -> Gate:
    return Gate("body", name, value, at_s, validity, "test", 500)


def level(name: str, value: float, validity: Validity = Validity.WORN) -> Level:
    return Level("body", name, value, 1.0, validity, "test")


def values(actions: list[Action], name: str) -> list[float]:
    return [a.value for a in actions if isinstance(a, Control) and f"{a.voice}.{a.control}" == name]


def ticks(mapping: Mapping, seconds: float) -> list[Action]:
    return [a for k in range(round(seconds / TICK_S)) for a in mapping.tick(k * TICK_S)]


def test_start_gives_every_control_a_value(tmp_path: Path) -> None:
    piece = piece_of(tmp_path, '[rest]\n"drone.pitch" = 110.0\n')
    actions = Mapping(piece).start(0.0)
    assert values(actions, "drone.pitch") == [pytest.approx(110.0)]
    assert len(values(actions, "grains.density")) == 1
    assert not any(isinstance(a, Control) and a.voice == "pulse" for a in actions)  # a note has no standing control


def test_a_gate_acts_at_once_and_falls_slowly(tmp_path: Path) -> None:
    body = '[[routes]]\nfrom = "eda.onset"\nto = "grains.density"\nrange = [5.0, 80.0]\ndown_s = 1.0\n'
    mapping = Mapping(piece_of(tmp_path, body))
    assert values(mapping.start(0.0), "grains.density") == [pytest.approx(5.0)]
    assert values(mapping.feed(gate("eda.onset", 1)), "grains.density") == [pytest.approx(80.0)]
    assert values(mapping.feed(gate("eda.onset", 0)), "grains.density") == []
    falling = values(ticks(mapping, 10), "grains.density")
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] == pytest.approx(5.0)


def test_time_constant_is_the_stated_one(tmp_path: Path) -> None:
    body = '[[routes]]\nfrom = "eda.tonic"\nto = "grains.level"\nrange = [0.0, 1.0]\nup_s = 2.0\n'
    mapping = Mapping(piece_of(tmp_path, body))
    mapping.start(0.0)
    mapping.feed(level("eda.tonic", 1.0))
    assert values(ticks(mapping, 2.0), "grains.level")[-1] == pytest.approx(0.632, abs=0.005)


@pytest.mark.parametrize(("when", "after"), [("hold", 0.8), ("fade", 0.0), ("rest", 0.0)])
def test_what_happens_when_the_signal_is_lost(tmp_path: Path, when: str, after: float) -> None:
    body = f'[[routes]]\nfrom = "eda.tonic"\nto = "grains.level"\nrange = [0.0, 1.0]\nwhen_invalid = "{when}"\n'
    mapping = Mapping(piece_of(tmp_path, body))
    mapping.start(0.0)
    actions = mapping.feed(level("eda.tonic", 0.8))
    actions += mapping.feed(level("eda.tonic", 0.8, Validity.ABSENT))
    actions += ticks(mapping, 10)
    assert values(actions, "grains.level")[-1] == pytest.approx(after)


def test_several_routes_to_one_control_add_up(tmp_path: Path) -> None:
    body = (
        '[[routes]]\nfrom = "contact.worn"\nto = "grains.level"\nrange = [0.1, 0.5]\n'
        '[[routes]]\nfrom = "eda.onset"\nto = "grains.level"\nrange = [0.5, 0.8]\n'
    )
    mapping = Mapping(piece_of(tmp_path, body))
    assert values(mapping.start(0.0), "grains.level") == [pytest.approx(0.1)]
    assert values(mapping.feed(gate("contact.worn", 1)), "grains.level") == [pytest.approx(0.5)]
    assert values(mapping.feed(gate("eda.onset", 1)), "grains.level") == [pytest.approx(0.8)]
    assert values(mapping.feed(gate("contact.worn", 0, validity=Validity.ABSENT)), "grains.level") == [
        pytest.approx(0.4)
    ]


def test_a_falling_range_turns_a_control_down(tmp_path: Path) -> None:
    mapping = Mapping(piece_of(tmp_path, '[[routes]]\nfrom = "eda.onset"\nto = "grains.size"\nrange = [0.3, 0.05]\n'))
    mapping.start(0.0)
    assert values(mapping.feed(gate("eda.onset", 1)), "grains.size") == [pytest.approx(0.05)]


def test_notes_follow_levels(tmp_path: Path) -> None:
    body = (
        '[[notes]]\nfrom = "pulse.beat"\nvoice = "pulse"\nvalues = { knock = 0.5 }\n'
        '[notes.follow]\nlevel = { from = "pulse.strength", range = [0.2, 0.8] }\n'
    )
    mapping = Mapping(piece_of(tmp_path, body))
    mapping.feed(level("pulse.strength", 1.0))
    notes = [a for a in mapping.feed(gate("pulse.beat", 1)) if isinstance(a, Note)]
    assert [(n.voice, dict(n.values)) for n in notes] == [("pulse", {"knock": 0.5, "level": pytest.approx(0.8)})]
    assert mapping.feed(gate("pulse.beat", 0)) == []
    assert mapping.feed(gate("pulse.beat", 1, validity=Validity.ABSENT)) == []


EVENTS = st.lists(
    st.one_of(
        st.builds(level, st.sampled_from(["eda.tonic", "motion.energy", "temp.level"]), st.floats(-1, 2)),
        st.builds(gate, st.sampled_from(["eda.onset", "pulse.beat", "contact.worn"]), st.integers(0, 1)),
        st.builds(level, st.just("eda.tonic"), st.floats(0, 1), st.sampled_from(list(Validity))),
        st.none(),
    ),
    max_size=60,
)


@given(EVENTS)
def test_controls_stay_in_range_and_repeat(events: list[Any]) -> None:
    """Whatever happens, every value lies in its control's range; the same events give the same actions."""
    from somatone.pieces.piece import find_piece  # noqa: PLC0415
    from somatone.voices import find_voice  # noqa: PLC0415

    runs = []
    for _ in range(2):
        mapping = Mapping(find_piece("correlations"))
        actions = mapping.start(0.0)
        for k, event in enumerate(events):
            actions += mapping.tick(k * TICK_S) if event is None else mapping.feed(event)
        runs.append(actions)
    assert runs[0] == runs[1]
    for action in runs[0]:
        if isinstance(action, Control):
            spec = find_voice(action.voice).controls[action.control]
            assert spec.minimum <= action.value <= spec.maximum
