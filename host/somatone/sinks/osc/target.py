"""One receiver: finds it, sends to it without ever waiting, and says once when it cannot and once when it can again.

Surprises: names are looked up in a thread of their own, because a resolver may hang for many seconds. The socket is
connected, so that Linux tells us of a closed port; it does so at the *next* send, which is then not made and has to be
made again. It is opened anew every `RENEW_S`: the receiver's or our own address may have changed.
"""

from __future__ import annotations

import contextlib
import errno
import math
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

from somatone.pieces.check_outside import parse_target

RENEW_S = 30.0
RETRY_S = 1.0
QUIET_S = 1.5  # so long without a refusal: somebody listens

Say = Callable[[str, str], None]  # value, sentence
Found = tuple[int, Any]  # an address family, and an address of it


class Target:
    """Sends datagrams to one HOST:PORT. `sent` and `lost` count them."""

    def __init__(self, text: str, say: Say) -> None:
        self.name = text
        self.sent = self.lost = 0
        self._host, self._port = parse_target(text)
        self._say = say
        self._socket: socket.socket | None = None
        self._found: list[Found] | OSError | None = None
        self._looking: threading.Thread | None = None
        self._try_s = -math.inf
        self._refused_s = -math.inf
        self._trouble = ""

    def tick(self, now_s: float) -> None:
        """Find and open what is to be found and opened; never waits."""
        found, self._found = self._found, None
        if isinstance(found, OSError):
            self._fail(f"its name is not known ({found.strerror or found})", now_s)
        elif found:
            self._open(found, now_s)
        if now_s >= self._try_s and not (self._looking and self._looking.is_alive()):
            self._try_s = now_s + (RENEW_S if self._socket else RETRY_S)
            self._looking = threading.Thread(target=self._look_up, name="osc-resolve", daemon=True)
            self._looking.start()
        if self._trouble and self._socket and now_s - self._refused_s > QUIET_S:
            self._trouble = ""
            self._say("running", f"OSC to {self.name} goes on.")

    def send(self, datagrams: Iterable[bytes], now_s: float) -> None:
        """All of them, or count what did not go."""
        for data in datagrams:
            if self._socket is None:
                self.lost += 1
                continue
            try:
                self._send(self._socket, data, now_s)
            except BlockingIOError:
                self.lost += 1
            except OSError as error:
                self.lost += 1
                self.close()
                self._try_s = now_s + RETRY_S
                self._fail(error.strerror or str(error), now_s)

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def _send(self, sock: socket.socket, data: bytes, now_s: float) -> None:
        for _ in range(2):
            try:
                sock.send(data)
                self.sent += 1
                return
            except ConnectionRefusedError:
                self._fail("nobody listens there", now_s)
        self.lost += 1

    def _fail(self, why: str, now_s: float) -> None:
        self._refused_s = now_s
        if why != self._trouble:
            self._trouble = why
            self._say("lost", f"OSC to {self.name} does not arrive ({why}); it is tried again.")

    def _look_up(self) -> None:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)
            self._found = [(family, address) for family, _, _, _, address in found]
        except OSError as error:
            self._found = error
        except UnicodeError:  # a name that no resolver could be asked for
            self._found = OSError(errno.EINVAL, "not a name")

    def _open(self, found: list[Found], now_s: float) -> None:
        error: OSError | None = None
        for family, address in found:
            sock = socket.socket(family, socket.SOCK_DGRAM)
            try:
                sock.setblocking(False)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                sock.connect(address)
            except OSError as why:
                error = why
                sock.close()
                continue
            self.close()
            self._socket = sock
            self._try_s = now_s + RENEW_S
            return
        with contextlib.suppress(AttributeError):
            self._fail(error.strerror or str(error), now_s)  # type: ignore[union-attr]
