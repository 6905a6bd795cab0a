"""The declared state: exact messages, fixed indices, and packets that another library reads the same."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from somatone.errors import SomatoneError, SoundError
from somatone.sinks.sound.osc import Message, pack_bundle, pack_message
from somatone.sinks.sound.state import State
from somatone.sinks.sound.wiring import Wiring
from somatone.space.layouts import find_layout
from somatone.voices import load_voices

HERE = Path(__file__)
STEREO = find_layout("stereo")
VOICES = ["pulse", "space", "grains"]
BUSES = {
    (voice.name, control): index
    for index, (voice, control) in enumerate(
        (voice, control) for voice in load_voices().values() for control in voice.controls
    )
}


def state() -> State:
    return State(VOICES, {"one": HERE, "two": HERE}, seed=7)


def test_the_transcript_of_a_fill_is_exact() -> None:
    nodes = state().nodes()
    assert [message[:5] for message in nodes] == [
        ("/s_new", "grains", 100, 1, 10),
        ("/s_new", "space", 102, 1, 20),
        ("/s_new", "master_2", 103, 1, 30),
        ("/s_new", "layout_2", 601, 1, 25),
    ]
    assert nodes[1][5:] == (
        *("in", 28, "out", 16, "level", f"c{BUSES['space', 'level']}", "decay", f"c{BUSES['space', 'decay']}"),
        *("brightness", f"c{BUSES['space', 'brightness']}", "echo", f"c{BUSES['space', 'echo']}"),
        *("delay", f"c{BUSES['space', 'delay']}", "width", f"c{BUSES['space', 'width']}"),
    )
    assert nodes[0][5:17] == (
        *("out", 16, "send", 28, "law", STEREO.law, "first_buffer", 0, "buffer_count", 2),
        *("machine", 0),
    )
    assert nodes[2][5:9] == ("in", 64, "out", 0)
    assert nodes[3][5:] == ("in", 16, "out", 64, "gains", 4096)
    values, gains, *groups, seed = state().ground()
    assert values == ("/c_setn", 0, len(BUSES), *(load_voices()[v].controls[c].default for v, c in BUSES))
    assert gains == ("/c_setn", 4096, 24, *STEREO.gains[0], *STEREO.gains[1])
    assert groups == [("/g_new", group, 1, 0) for group in (10, 15, 20, 25, 30)]
    assert seed == ("/s_new", "seed", -1, 0, 10, "seed", 7)


def test_definitions_come_before_recordings() -> None:
    messages = state().definitions()
    loaded = [Path(str(message[1])).stem for message in messages if message[0] == "/d_load"]
    assert loaded == ["grains", "join", "layout_2", "master_2", "meter_2", "pulse", "record_2", "seed", "space"]
    assert messages[-2:] == [("/b_allocRead", 0, str(HERE)), ("/b_allocRead", 1, str(HERE))]


def wired(message: Message) -> dict[object, object]:
    return dict(zip(message[5::2], message[6::2], strict=True))


def test_a_chain_of_inserts_stands_between_its_voices_and_the_mix() -> None:
    wiring = Wiring(STEREO, inserts=("filter",), through=("grains",))
    nodes = {message[1]: message for message in State(["drone", "grains", "space"], {"one": HERE}, 1, wiring).nodes()}
    assert (wired(nodes["grains"])["out"], wired(nodes["grains"])["send"]) == (40, 52)
    assert (wired(nodes["drone"])["out"], wired(nodes["drone"])["send"]) == (16, 28)
    assert (nodes["filter"][4], wired(nodes["filter"])["bus"]) == (15, 40)
    assert nodes["join"][4] == 15
    assert wired(nodes["join"]) == {"in": 40, "out": 16, "send": 28, "room": f"c{BUSES['grains', 'room']}"}
    assert list(nodes).index("filter") < list(nodes).index("join")


def test_private_buses_stand_above_every_output() -> None:
    ring = find_layout("ring8")
    wiring = Wiring(ring, stems=("drone", "pulse", "space"))
    assert (wiring.outputs, wiring.mix) == (32, 32)
    nodes = [wired(m) for m in State(["drone", "pulse", "space"], {}, 1, wiring).nodes() if m[1] == "layout_8"]
    assert [(node["in"], node["out"]) for node in nodes] == [(32, 80), (96, 8), (108, 16), (120, 24)]


def test_a_note_takes_its_own_values_and_leaves_the_rest_to_the_buses() -> None:
    message = state().note("pulse", {"pitch": 1e9, "decay": math.nan})
    assert message[:5] == ("/s_new", "pulse", -1, 0, 10)
    pairs = dict(zip(message[5::2], message[6::2], strict=True))
    assert pairs["pitch"] == 160.0
    assert pairs["decay"] == f"c{BUSES['pulse', 'decay']}"


changes = st.lists(
    st.tuples(st.sampled_from([key for key in BUSES if key[0] in VOICES]), st.floats(allow_nan=False)), max_size=30
)


@given(changes)
def test_a_refill_plays_the_last_values(changed: list[tuple[tuple[str, str], float]]) -> None:
    played = state()
    heard = list(played.ground()[0][3:])
    for (voice, control), value in changed:
        address, index, sent = played.set(voice, control, value)
        assert (address, index) == ("/c_set", BUSES[voice, control])
        assert sent == played.value(voice, control) == load_voices()[voice].controls[control].clamp(value)
        assert isinstance(index, int)
        heard[index] = sent
    assert list(played.ground()[0][3:]) == heard
    assert played.nodes() == state().nodes()


@pytest.mark.parametrize(
    ("call", "telling"),
    [
        (lambda s: s.set("grain", "level", 1), "did you mean 'grains'"),
        (lambda s: s.set("drone", "level", 1), "voice that plays"),
        (lambda s: s.set("grains", "levle", 1), "did you mean 'level'"),
        (lambda s: s.note("pulse", {"pich": 1}), "did you mean 'pitch'"),
        (lambda s: s.note("grains", {}), "takes no notes"),
        (lambda s: State(["grainz"], {}, 1), "did you mean 'grains'"),
        (lambda s: State(["grains"], {}, 1), "library is empty"),
        (lambda s: State(["drone"], {}, 1, Wiring(STEREO, ("filtr",))), "did you mean 'filter'"),
        (lambda s: State(["drone"], {}, 1, Wiring(STEREO, ("filter",), ("dron",))), "did you mean 'drone'"),
        (lambda s: State(["drone"], {}, 1, Wiring(STEREO, ("filter", "filter"))), "stands twice"),
        (lambda s: State(["grains"], {"a": Path("/none.wav")}, 1), "no file /none.wav"),
    ],
)
def test_wrong_names_are_errors(call: object, telling: str) -> None:
    assert callable(call)
    with pytest.raises((SomatoneError, SoundError), match=telling):
        call(state())


texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1)
arguments = st.one_of(st.integers(-(2**31), 2**31 - 1), st.floats(width=32, allow_nan=False), texts, st.binary())


@given(st.lists(st.tuples(texts.map(lambda text: "/" + text), st.lists(arguments)), max_size=5), st.floats(0, 1e6))
def test_packets_read_the_same_in_python_osc(content: list[tuple[str, list[int]]], at_s: float) -> None:
    messages: list[Message] = [(address, *values) for address, values in content]
    for message in messages:
        read = OscMessage(pack_message(message))
        assert (read.address, *read.params) == message
    bundle = OscBundle(pack_bundle(messages, at_s))
    assert [(part.address, *part.params) for part in bundle] == messages
    packed = int.from_bytes(pack_bundle([], at_s)[8:16]) / 2**32
    assert packed == pytest.approx(at_s, abs=1e-6)
