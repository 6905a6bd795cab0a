"""MIDI: the bytes that go out, and a port that comes and goes. The port is one of the test's: this needs no ALSA."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mido import Message

from live_set.example import piece_of
from somatone.errors import PieceError
from somatone.mapping.routes import Mapping
from somatone.pieces.outside import MIDI, MidiTarget
from somatone.pieces.piece import Piece
from somatone.records import Control, Gate, Level, Validity
from somatone.sinks.midi.port import AlsaPorts, matching
from somatone.sinks.midi.sink import MidiPart
from somatone.sinks.midi.state import MidiState

BODY = """
[[midi]]
from = "eda.tonic"
cc = 74
channel = 2

[[midi]]
from = "pulse.beat"
note = 36
velocity = 90

[[midi]]
from = "motion.energy"
cc = 1
fine = true
"""


class FakePorts:
    """Ports as ALSA lists them; what is sent to one that has gone goes nowhere, as there."""

    def __init__(self, *names: str) -> None:
        self.there = list(names)
        self.sent: list[bytes] = []
        self.broken = False

    def names(self) -> list[str]:
        return self.there

    def open(self, name: str) -> FakePorts:
        self.opened = name
        return self

    def send(self, message: Message) -> None:
        if self.broken:
            raise RuntimeError("MidiOutAlsa::sendMessage: error sending")
        if self.opened in self.there:
            self.sent.append(bytes(message.bytes()))

    def close(self) -> None: ...


@pytest.fixture
def piece(tmp_path: Path) -> Piece:
    made: Piece = piece_of(tmp_path, BODY)
    return made


def test_the_mapping_moves_controllers_and_holds_notes(piece: Piece) -> None:
    ports = FakePorts("synth 20:0")
    part = MidiPart(piece.outside, "synth", lambda value, sentence: None, ports)
    part.step(0.0)
    ports.sent.clear()
    mapping = Mapping(piece)

    def feed(*records: Gate | Level) -> list[bytes]:
        ports.sent.clear()
        for record in records:
            for action in mapping.feed(record):
                if isinstance(action, Control) and action.voice == MIDI:
                    part.take(action, 1.0)
        return ports.sent

    mapping.start(0.0)
    assert feed(Level("body", "eda.tonic", 0.5, 1.0, Validity.WORN, "t")) == [bytes([0xB1, 74, 64])]
    assert feed(Level("body", "motion.energy", 1.0, 1.0, Validity.WORN, "t")) == [
        bytes([0xB0, 1, 127]),
        bytes([0xB0, 33, 127]),
    ]
    assert feed(Gate("body", "pulse.beat", 1, 1.0, Validity.WORN, "t")) == [bytes([0x90, 36, 90])]
    assert feed(Gate("body", "pulse.beat", 0, 1.1, Validity.WORN, "t")) == [bytes([0x80, 36, 0])]


def test_a_port_that_returns_is_told_everything(piece: Piece) -> None:
    said: list[tuple[str, str]] = []
    ports = FakePorts()
    part = MidiPart(piece.outside, "synth", lambda *news: said.append(news), ports)
    part.step(0.0)
    part.take(Control(MIDI, "ch2_cc74", 1.0, 0.0), 0.0)
    part.take(Control(MIDI, "ch1_note36", 0.5, 0.0), 0.0)
    assert part.lost == 2
    ports.there = ["Midi Through", "synth 20:0"]
    part.step(2.0)
    assert ports.sent[0] == bytes([0x80, 36, 0])  # nothing hangs from before
    assert bytes([0xB1, 74, 127]) in ports.sent
    assert ports.sent[-1] == bytes([0x90, 36, 64])
    ports.there = []
    part.step(4.0)
    ports.there = ["synth 24:0"]  # ALSA numbered it anew
    ports.sent.clear()
    part.step(6.0)
    assert ports.sent[-1] == bytes([0x90, 36, 64])
    part.finish()
    assert ports.sent[-2:] == [bytes([0x80, 36, 0]), bytes([0xB0, 123, 0])]
    assert [value for value, _ in said] == ["lost", "running", "lost", "running"]


def test_a_port_that_fails_is_one_sentence_and_tried_again(piece: Piece) -> None:
    said: list[tuple[str, str]] = []
    ports = FakePorts("synth")
    part = MidiPart(piece.outside, "", lambda *news: said.append(news), ports)
    part.step(0.0)
    ports.broken = True
    for place in (0.1, 0.2, 0.3):
        part.take(Control(MIDI, "ch2_cc74", place, 0.0), 0.0)
    ports.broken = False
    part.step(2.0)
    assert ports.sent[-1] == bytes([0xB1, 74, 38])
    assert [value for value, _ in said] == ["running", "lost", "running"]


def test_without_a_port_the_sentence_says_what_there_is(piece: Piece) -> None:
    said: list[str] = []
    part = MidiPart(
        piece.outside, "nanoKONTROL", lambda value, sentence: said.append(sentence), FakePorts("synth 20:0")
    )
    part.step(0.0)
    part.step(2.0)
    assert said == [
        "MIDI is not heard (no port called 'nanoKONTROL': there are synth 20:0); it is tried again.",
    ]


@pytest.mark.skipif(Path("/dev/snd/seq").exists(), reason="this machine has ALSA")
def test_a_machine_without_alsa_says_so(piece: Piece) -> None:
    said: list[str] = []
    MidiPart(piece.outside, "", lambda value, sentence: said.append(sentence), AlsaPorts()).step(0.0)
    assert said == [
        "MIDI is not heard (this machine has no ALSA sequencer: load the kernel module snd-seq); it is tried again."
    ]


@given(st.lists(st.tuples(st.sampled_from(["cc", "fine", "note"]), st.floats(0, 1)), max_size=40))
def test_what_was_sent_says_where_everything_is(moves: list[tuple[str, float]]) -> None:
    """An instrument that only hears the messages stands where the targets stand; a note is on or off once."""
    targets = {"cc": MidiTarget(1, 7), "fine": MidiTarget(1, 1, fine=True), "note": MidiTarget(1, 60, is_note=True)}
    state = MidiState(targets)
    controllers: dict[int, int] = {}
    held, last = 0, {"cc": 0.0, "fine": 0.0, "note": 0.0}
    for label, place in moves:
        last[label] = place
        for message in state.set(label, place):
            if message.type == "control_change":
                controllers[message.control] = message.value
            else:
                held += 1 if message.type == "note_on" else -1
                assert held in (0, 1)
    assert controllers.get(7, 0) == round(last["cc"] * 127)
    assert controllers.get(1, 0) * 128 + controllers.get(33, 0) == round(last["fine"] * 16383)
    assert held == (round(last["note"] * 127) > 0)


def test_ports_are_found_by_a_part_of_their_name() -> None:
    names = ["Midi Through 14:0", "nanoKONTROL2:nanoKONTROL2 MIDI 1 28:0"]
    assert matching("nanokontrol", names) == names[1]
    assert matching(names[0], names) == names[0]
    assert matching("launchpad", names) is None


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('[[midi]]\nfrom = "eda.tonic"\n', "exactly one of cc and note"),
        ('[[midi]]\nfrom = "eda.tonic"\nnote = 60\n', "a note is held by a gate"),
        ('[[midi]]\nfrom = "eda.tonic"\ncc = 40\nfine = true\n', r"midi\[0\].cc is 40: give a number from 0 to 31"),
        ('[[midi]]\nfrom = "eda.tonic"\ncc = 4\nchannel = 17\n', r"midi\[0\].channel is 17"),
        ('[[midi]]\nfrom = "eda.tonic"\ncc = 4\nrange = [0, 127]\n', "outside 0.0 .. 1.0 ratio"),
    ],
)
def test_wrong_keys_are_one_sentence(tmp_path: Path, body: str, sentence: str) -> None:
    with pytest.raises(PieceError, match=sentence):
        piece_of(tmp_path, body)
