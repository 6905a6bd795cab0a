"""The generic OSC sink: the state that heals, its receivers, and the thread between them and the path."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence

from somatone.pieces.schema import Osc
from somatone.records import Record
from somatone.sinks.osc.packets import Packer
from somatone.sinks.osc.state import Message, OscState
from somatone.sinks.osc.target import Say, Target
from somatone.sinks.worker import Worker

TARGETS_S = 0.25  # how often a receiver's address is looked after


class OscPart:
    """What the thread does: records in, datagrams out. Time tags are in UTC, read at every send."""

    socket: socket.socket | None = None

    def __init__(self, targets: Sequence[str], settings: Osc, say: Say, utc_s: Callable[[], float] = time.time) -> None:
        """Raises `UsageError` for a target that is not HOST:PORT."""
        self.state = OscState(settings)
        self.targets = [Target(text, say) for text in targets]
        self._settings = settings
        self._packer = Packer()
        self._utc_s = utc_s

    def take(self, item: Record, now_s: float) -> None:
        self.state.take(item, now_s)

    def receive(self, data: bytes, sender: str, now_s: float) -> None:
        """Nobody answers: this sink only speaks."""

    def step(self, now_s: float) -> float:
        for target in self.targets:
            target.tick(now_s)
        due = self.state.due(now_s)
        datagrams = [self._single(message, now_s) for message in due.messages]
        if due.snapshot:
            datagrams += self._packer.bundles(due.snapshot, self._tag(now_s, now_s))
        self._send(datagrams, now_s)
        return min(self.state.next_s, now_s + TARGETS_S)

    def finish(self) -> None:
        """Every gate is closed three times, so that none stays open at a receiver."""
        farewell = list(self._packer.bundles(self.state.farewell()))
        for _ in range(3):
            self._send(farewell, 0.0)
            time.sleep(0.02)
        for target in self.targets:
            target.close()

    def _send(self, datagrams: list[bytes], now_s: float) -> None:
        for target in self.targets:
            target.send(datagrams, now_s)

    def _single(self, message: Message, now_s: float) -> bytes:
        at_s = now_s if message.at_s is None else message.at_s
        return self._packer.single(message, self._tag(at_s, now_s))

    def _tag(self, at_s: float, now_s: float) -> float | None:
        """When a receiver should act: a fixed `latency_s` after the signal's own time, where that is wanted."""
        if not self._settings.bundles:
            return None
        return self._utc_s() - now_s + at_s + self._settings.latency_s


class OscSink(Worker[Record]):
    """Speaks to every target. `put` a record; `close` says good-bye."""

    def __init__(self, targets: Sequence[str], settings: Osc, say: Say, now_s: Callable[[], float]) -> None:
        self.osc = OscPart(targets, settings, say)
        super().__init__("osc", self.osc, now_s)
