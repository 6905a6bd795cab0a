"""Training runs that come over TCP (`somatone.training.stream`): one at a time, from anywhere, as the wearer "run".

A second client waits until the first has gone. What is no frame is counted and said once a connection; another
version of the format is one sentence, and the connection is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from somatone.errors import SourceError
from somatone.records import Sourced
from somatone.sources.training import RunSpeaker
from somatone.sources.training_protocol import RunMismatch

DEFAULT_PORT = 28100
READ = 1 << 16
SILENT_S = 60.0  # a client that says nothing for so long is taken for gone
HELLO_S = 5.0  # until it has introduced itself


class TrainingServerSource:
    """Listens at `port` (0: any; `port` then holds which). Raises `SourceError` for a port that is taken."""

    def __init__(
        self, port: int, emit: Callable[[Sourced], None], now_s: Callable[[], float], host: str = "127.0.0.1"
    ) -> None:
        self.port = port
        self.listening = asyncio.Event()
        self._host = host
        self._speaker = RunSpeaker(emit, now_s, source="training-server")
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            server = await asyncio.start_server(self._client, self._host, self.port)
        except OSError as error:
            raise SourceError(
                f"Port {self.port} cannot be listened at ({error.strerror}): choose another, training-server:PORT."
            ) from None
        self.port = server.sockets[0].getsockname()[1]
        self.listening.set()
        self._speaker.say("training-server", "listening", f"A training run may come at port {self.port}.")
        async with server:
            await server.serve_forever()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._turn:
            rubbish = self._speaker.protocol.rubbish
            self._speaker.protocol.connect()
            try:
                await self._listen(reader)
            except (OSError, TimeoutError):
                pass
            finally:
                self._speaker.gone()
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
            more = self._speaker.protocol.rubbish - rubbish
            said = f", and {more} messages were rubbish" if more else ""
            self._speaker.say("training-server", "disconnected", f"The training run has gone{said}.")
            if more:
                self._speaker.say("run.loss.rubbish", self._speaker.protocol.rubbish)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            wait_s = SILENT_S if self._speaker.protocol.rate_hz else HELLO_S
            data = await asyncio.wait_for(reader.read(READ), wait_s)
            if not data or any(isinstance(event, RunMismatch) for event in self._speaker.feed(data)):
                return
