"""Routes: what a gate or level does to a control, at once and over time, valid and not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from somatone.errors import PieceError
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


def other(name: str, value: float, wearer: str, validity: Validity = Validity.WORN) -> Level:
    return Level(wearer, name, value, 1.0, validity, "test")


def test_of_two_wearers_the_strongest_is_heard(tmp_path: Path) -> None:
    mapping = Mapping(piece_of(tmp_path, '[[routes]]\nfrom = "eda.tonic"\nto = "grains.level"\nrange = [0.0, 1.0]\n'))
    mapping.start(0.0)
    assert values(mapping.feed(other("eda.tonic", 0.3, "a")), "grains.level") == [pytest.approx(0.3)]
    assert values(mapping.feed(other("eda.tonic", 0.7, "b")), "grains.level") == [pytest.approx(0.7)]
    assert values(mapping.feed(other("eda.tonic", 0.5, "a")), "grains.level") == []
    assert values(mapping.feed(other("eda.tonic", 0.7, "b", Validity.ABSENT)), "grains.level") == [pytest.approx(0.5)]


def test_a_route_may_listen_to_one_wearer_only(tmp_path: Path) -> None:
    body = '[[routes]]\nfrom = "eda.tonic"\nto = "grains.level"\nrange = [0.0, 1.0]\nwearer = "a"\n'
    mapping = Mapping(piece_of(tmp_path, body))
    mapping.start(0.0)
    assert mapping.feed(other("eda.tonic", 0.9, "b")) == []
    assert values(mapping.feed(other("eda.tonic", 0.2, "a")), "grains.level") == [pytest.approx(0.2)]


MADE = (
    '[[gates]]\nname = "stirred"\neither = ["eda.onset", "motion.active"]\n'
    '[[gates]]\nname = "calm"\nboth = ["motion.still", "contact.worn"]\n'
    '[[gates]]\nname = "held"\nlatch = "stirred"\nuntil = "calm"\nlongest_s = 5.0\n'
    '[[gates]]\nname = "toggled"\nlatch = "eda.onset"\n'
)


def _route(gate_name: str) -> str:
    return f'[[routes]]\nfrom = "{gate_name}"\nto = "grains.level"\nrange = [0.0, 1.0]\n'


def _levels_after(tmp_path: Path, gate_name: str, events: list[Any]) -> list[float]:
    mapping = Mapping(piece_of(tmp_path, MADE + _route(gate_name)))
    actions: list[Action] = mapping.start(0.0)
    for event in events:
        actions += mapping.tick(event) if isinstance(event, float) else mapping.feed(event)
    return values(actions, "grains.level")


def test_either_is_open_while_any_is(tmp_path: Path) -> None:
    events = [gate("eda.onset", 1), gate("motion.active", 1), gate("eda.onset", 0), gate("motion.active", 0)]
    assert _levels_after(tmp_path, "stirred", events) == [0.0, 1.0, 0.0]


def test_both_is_open_while_all_are(tmp_path: Path) -> None:
    events = [gate("contact.worn", 1), gate("motion.still", 1), gate("contact.worn", 0)]
    assert _levels_after(tmp_path, "calm", events) == [0.0, 1.0, 0.0]


def test_a_latch_holds_until_another_gate_or_its_longest_time(tmp_path: Path) -> None:
    events = [gate("eda.onset", 1), gate("eda.onset", 0), gate("contact.worn", 1), gate("motion.still", 1)]
    assert _levels_after(tmp_path, "held", events) == [0.0, 1.0, 0.0]
    assert _levels_after(tmp_path, "held", [gate("eda.onset", 1), 5.9]) == [0.0, 1.0]
    assert _levels_after(tmp_path, "held", [gate("eda.onset", 1), 5.9, 6.0]) == [0.0, 1.0, 0.0]


def test_a_latch_without_until_toggles(tmp_path: Path) -> None:
    events = [gate("eda.onset", k % 2) for k in (1, 0, 1, 0, 1)]
    assert _levels_after(tmp_path, "toggled", events) == [0.0, 1.0, 0.0, 1.0]


def note_events(mapping: Mapping, count: int) -> list[Note]:
    return [a for k in range(count) for a in mapping.feed(gate("pulse.beat", 1, float(k))) if isinstance(a, Note)]


def test_probability_is_a_share_and_repeats(tmp_path: Path) -> None:
    body = '[[notes]]\nfrom = "pulse.beat"\nvoice = "pulse"\nprobability = 0.25\n'
    counts = [len(note_events(Mapping(piece_of(tmp_path, body)), 1000)) for _ in range(2)]
    assert counts[0] == counts[1]
    assert 200 < counts[0] < 300


def test_notes_keep_apart(tmp_path: Path) -> None:
    body = '[[notes]]\nfrom = "pulse.beat"\nvoice = "pulse"\napart_s = 2.5\n'
    assert [note.at_s for note in note_events(Mapping(piece_of(tmp_path, body)), 9)] == [0.0, 3.0, 6.0]


@pytest.mark.parametrize(("energy", "expected"), [(0.0, 2.0), (1.0, 20.0)])
def test_density_follows_a_level_while_the_gate_is_open(tmp_path: Path, energy: float, expected: float) -> None:
    body = (
        '[[notes]]\nfrom = "contact.worn"\nvoice = "pulse"\ndensity = { from = "motion.energy", range = [2.0, 20.0] }\n'
    )
    mapping = Mapping(piece_of(tmp_path, body))
    mapping.feed(level("motion.energy", energy))
    assert ticks(mapping, 5.0) == []
    mapping.feed(gate("contact.worn", 1))
    notes = [a for a in ticks(mapping, 100.0) if isinstance(a, Note)]
    assert len(notes) == pytest.approx(100 * expected, rel=0.2)
    mapping.feed(gate("contact.worn", 0))
    assert ticks(mapping, 5.0) == []


def test_a_reload_glides_and_forgets_nothing(tmp_path: Path) -> None:
    body = '[[routes]]\nfrom = "eda.tonic"\nto = "grains.level"\nrange = [0.0, {}]\n'
    mapping = Mapping(piece_of(tmp_path, body.format(1.0)))
    mapping.start(0.0)
    mapping.feed(level("eda.tonic", 1.0))
    mapping, actions = mapping.reload(piece_of(tmp_path, body.format(0.5)), 2.0)
    assert actions == []
    glide = values(ticks(mapping, 10.0), "grains.level")
    assert glide[-1] == pytest.approx(0.5)
    steps = [a - b for a, b in zip([1.0, *glide], glide, strict=False)]
    assert max(steps) < 0.12 and min(steps) >= 0


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('[[gates]]\nname = "a.b"\nlatch = "eda.onset"\n', "must be a new name"),
        ('[[gates]]\nname = "a"\nlatch = "eda.onsett"\n', "did you mean 'eda.onset'"),
        ('[[gates]]\nname = "a"\nlatch = "a"\n', "is no gate or level"),
        ('[[gates]]\nname = "a"\nlatch = "eda.onset"\neither = ["eda.onset"]\n', "exactly one of"),
        ('[[routes]]\nfrom = "eda.tonic"\nto = "grains.level"\nprobability = 0.5\n', "is a level"),
        ('[[notes]]\nfrom = "pulse.beat"\nvoice = "pulse"\ndensity = 5000.0\n', "from 0 to 50"),
    ],
)
def test_what_cannot_be_played_is_one_sentence(tmp_path: Path, body: str, sentence: str) -> None:
    with pytest.raises(PieceError, match=sentence):
        piece_of(tmp_path, body)
