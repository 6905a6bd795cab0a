"""Training runs that come over TCP (`somatone.training.stream`): one at a time, as the wearer "run".

They come from this machine, and from one network where that was asked for: others are refused, with one sentence each.

A second client waits until the first has gone. What is no frame is counted and said once a connection; another
version of the format is one sentence, and the connection is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address

from somatone.errors import SourceError
from somatone.records import Sourced
from somatone.sources.training import RunSpeaker
from somatone.sources.training_protocol import RunMismatch

DEFAULT_PORT = 28100
READ = 1 << 16
SILENT_S = 60.0  # a client that says nothing for so long is taken for gone
MOST_REFUSED = 100  # addresses that are remembered
HELLO_S = 5.0  # until it has introduced itself


class TrainingServerSource:
    """Listens at `port` (0: any; `port` then holds which). Raises `SourceError` for a port that is taken."""

    def __init__(
        self,
        port: int,
        emit: Callable[[Sourced], None],
        now_s: Callable[[], float],
        network: IPv4Network | IPv6Network | None = None,
    ) -> None:
        self.port = port
        self.listening = asyncio.Event()
        self._network = network
        self._refused: set[str] = set()
        self._speaker = RunSpeaker(emit, now_s, source="training-server")
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            server = await asyncio.start_server(self._client, self._hosts(), self.port)
        except OSError as error:
            raise SourceError(
                f"Port {self.port} cannot be listened at ({error.strerror}): choose another, training-server:PORT."
            ) from None
        self.port = server.sockets[0].getsockname()[1]
        self.listening.set()
        self._speaker.say("training-server", "listening", f"A training run may come at port {self.port}.")
        async with server:
            await server.serve_forever()

    def _hosts(self) -> list[str]:
        """Where to listen: not beyond this machine unless a network was given."""
        if self._network is None:
            return ["127.0.0.1"]
        return ["0.0.0.0"] if self._network.version == 4 else ["127.0.0.1", "::"]

    def _may(self, peer: str) -> bool:
        address = ip_address(peer.partition("%")[0])
        return address.is_loopback or (self._network is not None and address in self._network)

    def _refuse(self, peer: str) -> None:
        """Said once an address: a client tries again every few seconds."""
        if peer not in self._refused and len(self._refused) < MOST_REFUSED:
            self._refused.add(peer)
            said = (
                f"A training run from {peer} was refused: {self._network} may stream, see training-server:PORT:NETWORK."
            )
            self._speaker.say("training-server", "refused", said)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = str(writer.get_extra_info("peername")[0])
        if not self._may(peer):
            self._refuse(peer)
            writer.close()
            return
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
