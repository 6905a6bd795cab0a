"""One radio room: a central behind bleak behind our backend, emulated bands, a source, and what it emits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from bumble.device import Device
from bumble.link import LocalLink

from e4_ble.bumble_bleak import backend_types
from e4_ble.emulated_band import EmulatedBand, Feed, device_on, numbered
from somatone.records import NativeChunk, Status
from somatone.sources.e4_ble.backend import BleakBackend
from somatone.sources.e4_ble.source import E4BleSource, Tap

ADDRESSES = ("C0:07:80:43:D0:11", "C0:07:80:43:D0:22", "C0:07:80:43:D0:33")


@dataclass
class Room:
    link: LocalLink
    central: Device
    backend: BleakBackend
    records: list[NativeChunk | Status] = field(default_factory=list)

    def band(self, which: int = 0, feed: Feed = numbered, name: str = "Empatica E4") -> EmulatedBand:
        return EmulatedBand(self.link, ADDRESSES[which], feed, name, seed=which)

    @contextlib.asynccontextmanager
    async def source(self, *wearers: str, tap: Tap | None = None, **named: str) -> AsyncIterator[E4BleSource]:
        """A running source; `named` is wearer=address."""
        addresses = {address: wearer for wearer, address in named.items()}
        source = E4BleSource(wearers, self.records.append, now_s, addresses=addresses, backend=self.backend, tap=tap)
        task = asyncio.create_task(source.run())
        try:
            yield source
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def said(self, wearer: str | None = None, name: str = "e4") -> list[str]:
        """The words of the status records."""
        statuses = [record for record in self.records if isinstance(record, Status)]
        return [str(s.value) for s in statuses if s.name == name and wearer in (None, s.wearer)]

    def chunks(self, signal: str, wearer: str | None = None) -> list[NativeChunk]:
        chunks = [record for record in self.records if isinstance(record, NativeChunk)]
        return [chunk for chunk in chunks if chunk.signal == signal and wearer in (None, chunk.wearer)]


async def room() -> Room:
    link = LocalLink()  # type: ignore[no-untyped-call]
    central = device_on(link, "C0:00:00:00:00:01")
    await central.power_on()
    return Room(link, central, BleakBackend(*backend_types(central)))


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def until(true: Callable[[], object], within_s: float) -> float:
    """Seconds until it is true. Fails when it is not in time."""
    start_s = now_s()
    while not true():
        assert now_s() - start_s < within_s, "it did not come in time"
        await asyncio.sleep(0.05)
    return now_s() - start_s
