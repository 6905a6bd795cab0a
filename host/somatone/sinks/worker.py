"""A sink's own thread and bounded queue: whatever hangs there, the path goes on, and what was dropped is counted."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

Item_contra = TypeVar("Item_contra", contravariant=True)
Item = TypeVar("Item")

QUEUE = 4096
LONGEST_WAIT_S = 0.5
AT_ONCE = 256  # datagrams that are read before other work has its turn


class Part(Protocol[Item_contra]):
    """What the thread does. All methods are called in the thread, and none may wait for long."""

    @property
    def socket(self) -> socket.socket | None:
        """Where something may arrive; asked anew at every turn."""

    def take(self, item: Item_contra, now_s: float) -> None:
        """One item of the queue."""

    def receive(self, data: bytes, sender: str, now_s: float) -> None:
        """One datagram, and the address it came from."""

    def step(self, now_s: float) -> float:
        """Do what is due; say when the next is (seconds of the path's clock)."""

    def finish(self) -> None:
        """The last words."""


class Worker(Generic[Item]):
    """Runs a part. `put` never waits and never fails; `dropped` counts what the queue did not take, `errors` what the
    part could not do (a fault of ours: it must not end the thread, and must not be hidden)."""

    def __init__(self, name: str, part: Part[Item], now_s: Callable[[], float], queue: int = QUEUE) -> None:
        self.part = part
        self.dropped = 0
        self.errors = 0
        self.last_error = ""
        self._now_s = now_s
        self._most = queue
        self._queue: deque[Item] = deque()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._ending = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, item: Item) -> None:
        """Hand over one item."""
        if len(self._queue) >= self._most:
            self.dropped += 1
            return
        self._queue.append(item)
        if len(self._queue) == 1:
            os.eventfd_write(self._wake, 1)

    def close(self, timeout_s: float = 2.0) -> None:
        """Send what is left, say the last words, and end; a part that hangs is left behind."""
        self._ending = True
        os.eventfd_write(self._wake, 1)
        self._thread.join(timeout_s)
        if not self._thread.is_alive():
            os.close(self._wake)

    def _work(self) -> None:
        next_s = 0.0
        while True:
            ending = self._ending
            self._wait(0.0 if ending or self._queue else next_s - self._now_s())
            while self._queue:
                item = self._queue.popleft()
                self._guard(lambda item=item: self.part.take(item, self._now_s()))  # type: ignore[misc]
            self._guard(self._read)
            next_s = self._now_s() + LONGEST_WAIT_S
            said_s = self._guard(lambda: self.part.step(self._now_s()))
            if said_s is not None:
                next_s = min(next_s, said_s)
            if ending:
                self._guard(self.part.finish)
                return

    def _wait(self, timeout_s: float) -> None:
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        if self.part.socket is not None and self.part.socket.fileno() >= 0:
            poll.register(self.part.socket, select.POLLIN)
        poll.poll(max(0.0, min(timeout_s, LONGEST_WAIT_S)) * 1000)
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake)

    def _read(self) -> None:
        for _ in range(AT_ONCE):
            listening = self.part.socket
            if listening is None:
                return
            try:
                data, sender = listening.recvfrom(65536)
            except OSError:  # nothing there, or the peer refused what we sent: the sender's business
                return
            self._guard(lambda data=data, sender=sender: self.part.receive(data, sender[0], self._now_s()))  # type: ignore[misc]

    def _guard(self, step: Callable[[], float | None]) -> float | None:
        try:
            return step()
        except Exception as error:
            self.errors += 1
            self.last_error = f"{type(error).__name__}: {error}"
            return None
