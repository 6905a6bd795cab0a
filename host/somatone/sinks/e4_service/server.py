"""The service on a TCP port: one asyncio server, each line its own send, the service's clock the owner's."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable

from somatone.errors import SourceError
from somatone.sinks.e4_service.service import E4Service
from somatone.sinks.e4_service.session import Session

PUMP_S = 0.02
MOST_BUFFERED = 1 << 20  # bytes; a client that reads no more is let go
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of zero: closing sends a reset


class E4Server:
    """`async with E4Server(...) as server:` listens; `server.port` is the real one where 0 was asked for."""

    def __init__(self, service: E4Service, host: str, port: int, now_s: Callable[[], float]) -> None:
        self.service = service
        self.host = host
        self.port = port
        self._now_s = now_s
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._pump_task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> E4Server:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: _Connection(self), self.host, self.port)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SourceError(
                f"E4 clients cannot be served at {self.host}:{self.port} ({reason}): choose another --port."
            ) from None
        self.port = self._server.sockets[0].getsockname()[1]
        self._pump_task = asyncio.create_task(self._pump())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None and self._pump_task is not None
        self._server.close()
        self._pump_task.cancel()
        for connection in tuple(self._connections):
            connection.abort()
        with contextlib.suppress(asyncio.CancelledError):
            await self._pump_task
        await self._server.wait_closed()

    @property
    def clients(self) -> int:
        return len(self._connections)

    async def _pump(self) -> None:
        while True:
            now_s = self._now_s()
            self.service.advance(now_s)
            for connection in tuple(self._connections):
                connection.send()
            await asyncio.sleep(max(0.001, min(PUMP_S, self.service.next_s - now_s)))

    def now_s(self) -> float:
        return self._now_s()

    def joined(self, connection: _Connection) -> None:
        self._connections.add(connection)

    def left(self, connection: _Connection) -> None:
        self._connections.discard(connection)


class _Connection(asyncio.Protocol):
    """One client's socket."""

    def __init__(self, server: E4Server) -> None:
        self._server = server
        self._session: Session = server.service.connect()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.joined(self)

    def data_received(self, data: bytes) -> None:
        self._session.feed(data, self._server.now_s())
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.service.disconnect(self._session)
        self._server.left(self)

    def send(self) -> None:
        """Everything that the session holds; then what became of it."""
        transport, session = self._transport, self._session
        if transport is None or transport.is_closing():
            return
        session.flush()
        while session.sends:
            transport.write(session.sends.popleft())
        if session.reset or transport.get_write_buffer_size() > MOST_BUFFERED:
            self.abort()
        elif session.closing:
            transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            raw = self._transport.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._transport.abort()
