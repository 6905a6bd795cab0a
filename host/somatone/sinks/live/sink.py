"""The Live sink: the set, the two ports of AbletonOSC, and the thread between them and the path.

Surprise: AbletonOSC answers to port 11001 of whoever asked, never to the port that asked, so that port is ours alone on
this machine. What it says by itself (that it started) goes to 127.0.0.1 until somebody has asked, so a Live on another
machine is found again by asking.
"""

from __future__ import annotations

import contextlib
import math
import socket
from collections.abc import Callable

from pythonosc.osc_message_builder import OscMessageBuilder

from somatone.pieces.outside import LIVE, LIVE_CLIPS, Outside
from somatone.records import Action, Control
from somatone.sinks.live.facts import Message
from somatone.sinks.live.liveset import LiveSet
from somatone.sinks.osc.parse import messages_in
from somatone.sinks.worker import Worker

PORT, REPLY_PORT = 11000, 11001
RETRY_S = 2.0

Say = Callable[[str, str], None]


class LivePart:
    """What the thread does."""

    def __init__(self, outside: Outside, say: Say, port: int = PORT, reply_port: int = REPLY_PORT) -> None:
        self.set = LiveSet(outside)
        self.socket: socket.socket | None = None
        self.ignored = 0  # datagrams that are not Live's, or cannot be read
        self._host = outside.live_host
        self._port, self._reply_port = port, reply_port
        self._address = ""
        self._say = say
        self._try_s = -math.inf
        self._trouble = ""

    def take(self, item: Action, now_s: float) -> None:
        if isinstance(item, Control):
            self.set.set(item.control, item.value)
        else:
            for label in item.values:
                self.set.fire(label)

    def receive(self, data: bytes, sender: str, now_s: float) -> None:
        if sender != self._address:
            self.ignored += 1
            return
        try:
            for address, arguments in messages_in(data):
                self.set.hear(address, arguments, now_s)
        except ValueError:
            self.ignored += 1

    def step(self, now_s: float) -> float:
        if self.socket is None:
            if now_s < self._try_s:
                return self._try_s
            self._open(now_s)
        for message in self.set.due(now_s):
            self._send(message, now_s)
        for value, sentence in self.set.news:
            self._say(value, sentence)
        self.set.news.clear()
        return self.set.next_s(now_s)

    def finish(self) -> None:
        if self.socket:
            self.socket.close()
            self.socket = None

    def _open(self, now_s: float) -> None:
        self._try_s = now_s + RETRY_S
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._address = str(socket.getaddrinfo(self._host, self._port, socket.AF_INET)[0][4][0])
            opened.setblocking(False)
            opened.bind(("127.0.0.1" if self._address.startswith("127.") else "", self._reply_port))
        except OSError as error:
            with contextlib.suppress(OSError):
                opened.close()
            self._fail(error)
            return
        self._trouble = ""
        self.socket = opened

    def _send(self, message: Message, now_s: float) -> None:
        if self.socket is None:
            return
        try:
            self.socket.sendto(_packed(message), (self._address, self._port))
        except BlockingIOError:
            return
        except OSError as error:
            self.finish()
            self._try_s = now_s + RETRY_S
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        why = error.strerror or str(error)
        if why != self._trouble:
            self._trouble = why
            self._say(
                "lost",
                f"Ableton Live cannot be spoken to at {self._host} ({why}): its answers come to UDP port "
                f"{self._reply_port} of this machine, which must be free; it is tried again.",
            )


class LiveSink(Worker[Action]):
    """Plays a piece's parameters and launches in Live. `put` its controls and notes."""

    def __init__(
        self,
        outside: Outside,
        say: Say,
        now_s: Callable[[], float],
        port: int = PORT,
        reply_port: int = REPLY_PORT,
    ) -> None:
        self.live = LivePart(outside, say, port, reply_port)
        super().__init__("live", self.live, now_s)

    def wants(self, action: Action) -> bool:
        return action.voice in (LIVE, LIVE_CLIPS)


def _packed(message: Message) -> bytes:
    address, arguments = message
    builder = OscMessageBuilder(address=address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build().dgram
