"""The wire format over a port, without an event loop: for commands that ask a board something and leave.

Listening alone (`greet`) changes nothing on the board; `start` opens a session and so ends another host's.
"""

from __future__ import annotations

import errno
import os
import secrets
import termios
import time
from collections.abc import Callable
from types import TracebackType

import serial

from somatone.errors import SourceError
from somatone.sources import board_protocol as protocol

PING_S = 0.4
READ_S = 0.05
KEPT_BYTES = 2000
PORT_ERRORS = (serial.SerialException, OSError, termios.error)  # the last, no OSError, when a port goes while it opens


class Conversation:
    """An open port. `text` is what came that was no frame's business: a REPL's words. A context manager."""

    def __init__(self, port: str) -> None:
        self.port = port
        self.text = b""
        self.protocol = protocol.BoardProtocol("flash", secrets.randbelow((1 << 30) - 1) + 1)
        self._pinged_s = 0.0
        try:
            self._serial = serial.Serial(port, timeout=READ_S, write_timeout=1.0, exclusive=True)
        except (*PORT_ERRORS, ValueError) as error:
            raise SourceError(_sentence(port, error)) from None

    def greet(self, patience_s: float) -> protocol.Hello | protocol.Mismatch | None:
        """The board's hello, or that its table is another; None when nothing like it comes."""
        self._send(self.protocol.connect())
        came = self.until(patience_s, lambda event: isinstance(event, protocol.Hello | protocol.Mismatch), False)
        return came if isinstance(came, protocol.Hello | protocol.Mismatch) else None

    def until(
        self, patience_s: float, wanted: Callable[[protocol.BoardEvent], bool], take_part: bool = True
    ) -> protocol.BoardEvent | None:
        """The first event that is `wanted`; None after `patience_s`. `take_part`: keep a session going."""
        deadline_s = time.monotonic() + patience_s
        while time.monotonic() < deadline_s:
            for event in self.protocol.feed(self._read(), time.monotonic()):
                if wanted(event):
                    return event
            answer = self.protocol.take_output()
            if take_part:
                self._send(answer)
            if time.monotonic() - self._pinged_s > PING_S:
                self._pinged_s = time.monotonic()
                self._send(self.protocol.ack() if take_part else self.protocol.ping(0))
        return None

    def start(self, patience_s: float) -> bool:
        """Open a session; whether the board streams to us."""
        self._send(self.protocol.connect())
        return bool(self.until(patience_s, lambda event: isinstance(event, protocol.Hello) and event.streaming))

    def self_test(self) -> None:
        self._send(self.protocol.selftest())

    def to_repl(self) -> None:
        """Ask the application to end."""
        self._send(b"\x00" + self.protocol.repl())

    def at_prompt(self, patience_s: float) -> bool:
        """Whether a REPL answers. Two control bytes and no more: an unknown program is not interrupted."""
        self.text = b""
        self._send(b"\r\x02")  # ends a half-typed line, leaves the raw REPL
        return self.wait_text(b">>> ", patience_s)

    def wait_text(self, wanted: bytes, patience_s: float) -> bool:
        deadline_s = time.monotonic() + patience_s
        while wanted not in self.text and time.monotonic() < deadline_s:
            self._read()
        return wanted in self.text

    def _read(self) -> bytes:
        try:
            data: bytes = self._serial.read(max(1, self._serial.in_waiting))
        except (*PORT_ERRORS, TypeError) as error:
            raise SourceError(f"The board at {self.port} went away ({error}): is its cable sound?") from None
        self.text = (self.text + data)[-KEPT_BYTES:]
        return data

    def _send(self, data: bytes) -> None:
        if not data:
            return
        try:
            self._serial.write(data)
        except PORT_ERRORS as error:
            raise SourceError(f"The board at {self.port} takes no bytes ({error}): unplug it and plug it in.") from None

    def close(self) -> None:
        self._serial.close()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.close()


def _sentence(port: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ENOENT or not os.path.exists(port):  # noqa: PTH110 - a link to a port that is gone counts
        return f"There is no port {port}: is the board plugged in?"
    if number == errno.EACCES:
        return f"The port {port} may not be opened: add this user to the group `dialout` and log in again."
    if number in (errno.EAGAIN, errno.EBUSY) or "lock" in str(error):
        return f"The port {port} is in use by another program: end that one (`somatone run`?), or choose another port."
    return f"{port} is not a serial port that can be opened ({error})."
