"""A receiver as naive as they come (the last value of every address), and a careful one; and a network that loses."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

from somatone.sinks.osc.parse import messages_in


class Receiver:
    """`state` is what a patch shows that only keeps the last value; `events` what it would play."""

    def __init__(self) -> None:
        self.state: dict[str, list[Any]] = {}
        self.events: list[tuple[str, list[Any]]] = []
        self.careful: dict[int, str] = {}  # notes by their id, wherever they came

    def hear(self, datagram: bytes) -> None:
        for address, arguments in messages_in(datagram):
            if address.startswith("/somatone/again/note/"):
                self.careful.setdefault(arguments[0], address.replace("/again", ""))
            elif address.startswith("/somatone/note/"):
                self.careful.setdefault(arguments[0], address)
                self.events.append((address, arguments))
            else:
                self.state[address] = arguments


class Lossy:
    """A relay on a port of its own: each datagram goes to each listener, or is lost, by a chance of its own."""

    def __init__(self, share: float, seed: int) -> None:
        self.passed = self.lost = 0
        self.listeners: list[int] = []
        self._chance, self._share = random.Random(seed), share
        self._in = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._in.bind(("127.0.0.1", 0))
        self._in.settimeout(0.1)
        self.port = self._in.getsockname()[1]
        self._ending = False
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Lossy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        self._thread.join()
        self._in.close()

    def _work(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            while not self._ending:
                try:
                    data = self._in.recv(65536)
                except TimeoutError:
                    continue
                for port in list(self.listeners):
                    if self._chance.random() < self._share:
                        self.lost += 1
                    else:
                        self.passed += 1
                        out.sendto(data, ("127.0.0.1", port))


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def deliver(datagrams: Iterable[bytes], receivers: Iterable[Receiver], lost: Callable[[], bool]) -> None:
    for datagram in datagrams:
        for receiver in receivers:
            if not lost():
                receiver.hear(datagram)
