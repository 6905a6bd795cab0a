"""The E4 streaming server as a live source: one TCP connection for each wearer, kept for ever.

Everything is decided in `client`; here are the sockets, the clock and nothing else. A server that is not there, closes
or talks rubbish is no error: it is said once and tried again, because nobody is near.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from somatone.errors import UsageError
from somatone.records import NativeChunk, Status
from somatone.sources.e4_stream import lines
from somatone.sources.e4_stream.client import BandClient, Claims

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 28000  # the vendor's own client and nearly every other [A, C]
CONNECT_S = 3.0
READ_BYTES = 65536
TICK_S = 1.0


class E4StreamSource:
    """The bands of `wearers`; `ids` names a band for each, None where any will do.

    `emit` gets NativeChunk and Status records, in order, from within the event loop; `now_s` is the path's clock.
    """

    source = "e4-server"

    def __init__(
        self,
        wearers: Sequence[str],
        host: str,
        port: int,
        emit: Callable[[NativeChunk | Status], None],
        now_s: Callable[[], float],
        ids: Sequence[str | None] | None = None,
        streams: Sequence[str] = lines.STREAMS,
    ) -> None:
        ids = ids or [None] * len(wearers)
        named = [band.upper() for band in ids if band]
        if len(set(wearers)) < len(wearers) or len(set(named)) < len(named) or len(ids) != len(wearers):
            raise UsageError("each wearer and each E4 can be named only once: give every wearer a band of their own.")
        self._address = (host, port)
        self._now_s = now_s
        claims = Claims()
        self.clients = [
            BandClient(wearer, band, f"{host}:{port}", emit, claims, streams)
            for wearer, band in zip(wearers, ids, strict=True)
        ]

    async def run(self) -> None:
        """Until cancelled; leaves no socket behind."""
        async with asyncio.TaskGroup() as tasks:
            for client in self.clients:
                tasks.create_task(self._keep(client))

    async def _keep(self, client: BandClient) -> None:
        while True:
            client.tick(self._now_s())
            if not client.wants_open:
                await asyncio.sleep(max(0.01, client.next_s - self._now_s()))
                continue
            try:
                async with asyncio.timeout(CONNECT_S):
                    reader, writer = await asyncio.open_connection(*self._address)
            except OSError as error:  # TimeoutError is one
                client.failed(self._now_s(), error.strerror or "it does not answer")
                continue
            try:
                await self._converse(client, reader, writer)
            finally:
                writer.transport.abort()  # what a full socket still holds is of no use to anybody

    async def _converse(self, client: BandClient, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client.opened(self._now_s())
        reason = "the server closed it"
        while not client.wants_close:
            writer.write(client.take_output())
            try:
                async with asyncio.timeout(max(0.0, min(TICK_S, client.next_s - self._now_s()))):
                    data = await reader.read(READ_BYTES)
            except TimeoutError:
                client.tick(self._now_s())
                continue
            except OSError as error:
                reason = error.strerror or str(error)
                break
            if not data:
                break
            now_s = self._now_s()
            client.feed(data, now_s)
            if now_s >= client.next_s:
                client.tick(now_s)
        client.closed(self._now_s(), reason)
