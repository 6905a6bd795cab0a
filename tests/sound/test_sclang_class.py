"""The class for SuperCollider users hears what is really sent: the sink's own state and packets, to a real sclang.

sclang surprises: it does not end on an error, so every wait here has an end; it reads its standard input, which must
stay open.
"""

from __future__ import annotations

import os
import queue
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pythonosc.osc_message_builder import build_msg
from pythonosc.osc_packet import OscPacket

from somatone.paths import CHECKOUT
from somatone.pieces.schema import Osc
from somatone.records import Control, Gate, Level, Note, Record, Status, Validity
from somatone.sinks.osc.packets import Packer
from somatone.sinks.osc.state import OscState
from somatone.sinks.sound.compile import HEADLESS
from somatone.sinks.sound.server import free_udp_port
from somatone.sinks.sound.tools import child_command

START_S, ANSWER_S = 90.0, 20.0
SCRIPT = Path(__file__).with_name("somatone_class.scd")


class Listener:
    """A running sclang with the class in it, and a sender whose clock is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.state, self.packer, self.now_s = OscState(Osc()), Packer(), 0.0
        self._to = ("127.0.0.1", free_udp_port(None))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # stands for scsynth: hears /c_set
        self.server.bind(("127.0.0.1", 0))
        self.server.settimeout(ANSWER_S)
        config = folder / "sclang_conf.yaml"
        config.write_text(f"includePaths:\n    - {CHECKOUT / 'sclang' / 'classes'}\n")
        command = ["sclang", "-l", str(config), str(SCRIPT), str(self._to[1]), str(self.server.getsockname()[1])]
        self.process = subprocess.Popen(
            child_command(command),
            env=os.environ | HEADLESS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self.other: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith("> "):
                self._lines.put(line[2:].strip())
            else:
                self.other.append(line)

    def wait(self, wanted: str, limit_s: float = ANSWER_S) -> list[str]:
        """Lines up to the first that begins so."""
        seen, end_s = [], time.monotonic() + limit_s
        while True:
            try:
                seen.append(self._lines.get(timeout=max(0.01, end_s - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f"no {wanted!r}; seen {seen}; said {self.other[-10:]}") from None
            if seen[-1].startswith(wanted):
                return seen

    def send(self, data: bytes) -> None:
        self.udp.sendto(data, self._to)

    def pass_time(self, seconds: float, lost: bool = False) -> None:
        """What is due is sent, or is lost on the way."""
        self.now_s += seconds
        due = self.state.due(self.now_s)
        for data in [*map(self.packer.single, due.messages), *self.packer.bundles(due.snapshot)]:
            if not lost:
                self.send(data)

    def say(self, *records: Record, lost: bool = False) -> None:
        for record in records:
            self.state.take(record, self.now_s)
        self.pass_time(0.001, lost)

    def ask(self, name: str) -> list[str]:
        """value, is it open, bpm, missed edges, number of names"""
        self.send(build_msg("/test/ask", [name]).dgram)
        return self.wait(f"answer {name}")[-1].split()[2:]


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    if shutil.which("sclang") is None:
        pytest.skip("sclang is not installed")
    made = Listener(tmp_path_factory.mktemp("sclang"))
    try:
        made.wait("ready", START_S)
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        made.udp.close()
        made.server.close()


def gate(name: str, value: int, at_s: float = 1.0) -> Gate:
    return Gate("body", name, value, at_s, Validity.WORN, "test", 640)


def level(name: str, value: float) -> Level:
    return Level("body", name, value, 1.0, Validity.WORN, "test")


def test_what_is_said_is_heard_once(listener: Listener) -> None:
    listener.pass_time(0.0)
    assert listener.wait("alive")[-1] == "alive true"
    listener.say(gate("pulse.beat", 1), level("eda.tonic", 0.25), Control("grains", "density", 30.0, 1.0))
    for _ in range(5):  # the repeats of the edge, and the snapshots
        listener.pass_time(0.1)
    listener.say(Note("pulse", 1.0, {"level": 0.6, "pitch": 52.0}))
    for _ in range(3):
        listener.pass_time(0.1)
    listener.say(gate("pulse.beat", 0))
    heard = listener.wait("gate body.pulse.beat 0")
    wanted = ["control grains.density 30.0", "gate body.pulse.beat 1 640", "level body.eda.tonic 0.25"]
    assert sorted(line for line in heard if line in wanted) == wanted, "each once"
    assert [line for line in heard if line.startswith("note")] == ["note pulse 0.6"]
    assert any("a function of the user's that fails" in line for line in listener.other)


def test_buses_follow(listener: Listener) -> None:
    listener.say(level("eda.tonic", 0.75))
    listener.wait("level body.eda.tonic 0.75")
    sent = set()
    while ("/c_set", 0.75) not in sent:
        for message in OscPacket(listener.server.recv(4096)).messages:
            sent.add((message.message.address, round(float(message.message.params[1]), 4)))
    assert {("/c_set", 1.0), ("/c_set", 0.25), ("/c_set", 0.75)} <= sent


def test_lost_datagrams_are_put_right_by_the_next_snapshot(listener: Listener) -> None:
    listener.say(gate("eda.onset", 1, 2.0), level("motion.energy", 0.5), lost=True)
    listener.pass_time(0.1, lost=True)
    listener.pass_time(0.5)
    heard = listener.wait("level body.motion.energy 0.5")
    if "gate body.eda.onset 1 640" not in heard:
        listener.wait("gate body.eda.onset 1 640")
    listener.say(Status("bvp.validity", "moving", 2.0, "", "body", Validity.MOVING, "test"))
    assert listener.wait("validity")[-1] == "validity body.pulse moving"
    for value in (0, 1, 0):
        listener.say(gate("eda.onset", value, 3.0), lost=True)
    listener.pass_time(0.5)
    listener.wait("gate body.eda.onset 0")
    assert listener.ask("body.eda.onset")[:2] == ["0", "false"]
    assert int(listener.ask("body.eda.onset")[3]) >= 2, "edges that never arrived are counted"


def test_a_new_start_is_believed_and_what_is_gone_is_forgotten(listener: Listener) -> None:
    listener.say(gate("motion.active", 1, 4.0))
    listener.wait("gate body.motion.active 1")
    listener.state, listener.now_s = OscState(Osc()), 0.0  # somatone was killed and started again
    listener.say(gate("temp.rise", 1, 0.5))
    heard = listener.wait("gate body.motion.active 0")
    if not any(line.startswith("gate body.temp.rise 1") for line in heard):
        listener.wait("gate body.temp.rise 1")
    assert listener.ask("body.eda.tonic")[0] == "nil"


def test_silence_closes_every_gate(listener: Listener) -> None:
    listener.say(gate("temp.rise", 0, 0.6))
    listener.say(gate("temp.rise", 1, 0.7))
    listener.wait("gate body.temp.rise 1")
    heard = listener.wait("alive false")
    assert any(line.startswith("gate body.temp.rise 0") for line in heard)
    listener.pass_time(1.0)
    heard = listener.wait("alive true")
    if not any(line.startswith("gate body.temp.rise 1") for line in heard):
        listener.wait("gate body.temp.rise 1")
    for data in listener.packer.bundles(listener.state.farewell()):
        listener.send(data)
    assert any(line.startswith("gate body.temp.rise 0") for line in listener.wait("alive false"))


def test_nonsense_is_survived_and_it_ends(listener: Listener) -> None:
    for address in ("/somatone", "/somatone/", "/somatone/body", "/somatone/snapshot/end", "/somatone/note/pulse"):
        for arguments in ([], [1], ["x", 2.0], [1, "level"], [0.5, 1, 2, 3, 4]):
            listener.send(build_msg(address, arguments).dgram)
    listener.pass_time(1.0)
    listener.wait("alive true")
    listener.send(build_msg("/test/quit", []).dgram)
    listener.wait("freed")
    assert listener.process.wait(ANSWER_S) == 0
    errors = [line for line in listener.other if "ERROR" in line and "user's" not in line]
    assert errors == []
