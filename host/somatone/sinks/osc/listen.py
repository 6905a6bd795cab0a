"""OSC in: the socket, in a thread of its own, so that a flood of datagrams is nobody else's business."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Sequence

from somatone.errors import SomatoneError
from somatone.pieces.schema import OscIn
from somatone.sinks.osc.allow import AllowList, Order
from somatone.sinks.worker import LONGEST_WAIT_S, Worker


class ListenPart:
    """What the thread does: datagrams in, orders out through `act` (called in the thread)."""

    def __init__(self, settings: OscIn, voices: Sequence[str], act: Callable[[Order], None]) -> None:
        """Raises `SomatoneError` when the port is taken."""
        self.allow = AllowList(settings, voices)
        self._act = act
        self.socket: socket.socket | None = _bound(settings)

    def take(self, item: object, now_s: float) -> None:
        """Nothing is handed to this part."""

    def receive(self, data: bytes, sender: str, now_s: float) -> None:
        for order in self.allow.read(data, sender, now_s):
            self._act(order)

    def step(self, now_s: float) -> float:
        return now_s + LONGEST_WAIT_S

    def finish(self) -> None:
        if self.socket:
            self.socket.close()


class OscListener(Worker[object]):
    """Listens at a port. `listening.allow.counts` says what came."""

    def __init__(
        self, settings: OscIn, voices: Sequence[str], act: Callable[[Order], None], now_s: Callable[[], float]
    ) -> None:
        self.listening = ListenPart(settings, voices, act)
        super().__init__("osc-in", self.listening, now_s)


def _bound(settings: OscIn) -> socket.socket:
    """A socket that only hears this machine where only this machine is listed."""
    local = all(source in ("127.0.0.1", "::1") for source in settings.sources)
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        bound.bind(("127.0.0.1" if local else "", settings.port))
    except OSError as error:
        with contextlib.suppress(OSError):
            bound.close()
        raise SomatoneError(
            f"OSC port {settings.port} cannot be opened ({error.strerror}): choose another --osc-in port."
        ) from None
    return bound
