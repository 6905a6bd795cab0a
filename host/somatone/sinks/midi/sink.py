"""The MIDI sink: the state, one port that comes and goes, and the thread between them and the path."""

from __future__ import annotations

import math
import socket
from collections.abc import Callable, Sequence

from mido import Message

from somatone.pieces.outside import MIDI, Outside
from somatone.records import Action, Control
from somatone.sinks.midi.port import AlsaPorts, Port, Ports, matching
from somatone.sinks.midi.state import MidiState
from somatone.sinks.worker import Worker

LOOK_S = 2.0  # ALSA does not tell when a port goes: the list is read so often

Say = Callable[[str, str], None]


class MidiPart:
    """What the thread does. `lost` counts messages without a port."""

    socket: socket.socket | None = None

    def __init__(self, outside: Outside, wanted: str, say: Say, ports: Ports | None = None) -> None:
        self.lost = 0
        self._state = MidiState(outside.midi)
        self._wanted = wanted
        self._say = say
        self._ports = ports or AlsaPorts()
        self._port: Port | None = None
        self._name = ""
        self._look_s = -math.inf
        self._trouble = ""

    def take(self, item: Action, now_s: float) -> None:
        if isinstance(item, Control):
            self._send(self._state.set(item.control, item.value))

    def receive(self, data: bytes, sender: str, now_s: float) -> None:
        """Nothing comes by a socket here."""

    def step(self, now_s: float) -> float:
        if now_s >= self._look_s + LOOK_S:
            self._look_s = now_s
            try:
                self._look()
            except OSError as error:
                self._fail(error.strerror or str(error))
        return self._look_s + LOOK_S

    def finish(self) -> None:
        self._send(self._state.silence())
        self._close()

    def _look(self) -> None:
        names = self._ports.names()
        if self._port and self._name in names:
            return
        self._close()
        name = matching(self._wanted, names)
        if name is None:
            there = f"there are {', '.join(names)}" if names else "there is none"
            what = f"no port called {self._wanted!r}" if self._wanted else "no port"
            self._fail(f"{what}: {there}")
            return
        self._port, self._name = self._ports.open(name), name
        self._trouble = ""
        self._say("running", f"MIDI goes to {name}.")
        self._send(self._state.everything())

    def _send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if self._port is None:
                self.lost += 1
                continue
            try:
                self._port.send(message)
            except Exception as error:  # rtmidi has exceptions of its own, which are not OSErrors
                self.lost += 1
                self._close()
                self._fail(str(error) or type(error).__name__)

    def _close(self) -> None:
        port, self._port = self._port, None
        if port:
            port.close()

    def _fail(self, why: str) -> None:
        if why != self._trouble:
            self._trouble = why
            self._say("lost", f"MIDI is not heard ({why}); it is tried again.")


class MidiSink(Worker[Action]):
    """Plays a piece's controllers and notes. `put` its controls."""

    def __init__(
        self, outside: Outside, wanted: str, say: Say, now_s: Callable[[], float], ports: Ports | None = None
    ) -> None:
        super().__init__("midi", MidiPart(outside, wanted or outside.midi_port, say, ports), now_s)

    def wants(self, action: Action) -> bool:
        return action.voice == MIDI
