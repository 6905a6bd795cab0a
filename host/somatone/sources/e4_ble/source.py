"""E4 bands heard directly over Bluetooth: found by name, started, decoded, and found again for ever.

One seeker scans and connects, one band after the other, because adapters do no two of these at once; each connected
band has a task of its own. A band that is away is no error: it is said once, and once that it is over.

Surprises: an E4 takes one central at a time and then stops advertising, so a band that another computer owns looks
like one that is switched off, and the sentence says both; a wearer keeps the band it had, and takes another one only
after that has been away for a minute (somebody replaced it).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from somatone.errors import UsageError
from somatone.records import NativeChunk, Status
from somatone.sources.e4_ble import codec, scales
from somatone.sources.e4_ble.backend import Backend, BleakBackend, Found, Link, LinkError
from somatone.sources.e4_ble.decoder import BandDecoder
from somatone.sources.e4_stream.troubles import Troubles

NAME_PREFIX = "Empatica E4"  # one build adds the ID: match by prefix [C]
SCAN_S = 5.0
BACKOFF_S = (0.2, 0.5, 1.0, 2.0)
SETUP_S = 10.0
SILENT_S = 5.0  # the pulse comes every 0.17 s
WATCH_S = 1.0
SWAP_S = 60.0

Tap = Callable[[float, str, str, bytes], None]  # seconds, band, characteristic, bytes
Emit = Callable[[NativeChunk | Status], None]


class E4BleSource:
    """The bands of `wearers`. `addresses` gives named bands to wearers; the others take what is free.

    `emit` gets NativeChunk and Status records from within the event loop; `now_s` is the path's clock; `tap` gets
    every raw notification first. Raises SourceError where `bleak` is missing and no other backend is given.
    """

    source = "e4-ble"

    def __init__(
        self,
        wearers: Sequence[str],
        emit: Emit,
        now_s: Callable[[], float],
        name_prefix: str = NAME_PREFIX,
        addresses: Mapping[str, str] | None = None,
        backend: Backend | None = None,
        tap: Tap | None = None,
    ) -> None:
        owners = {address.upper(): wearer for address, wearer in (addresses or {}).items()}
        if len(set(wearers)) < len(wearers) or len(set(owners.values())) < len(owners):
            raise UsageError("each wearer and each E4 can be named only once: give every wearer a band of their own.")
        if unknown := set(owners.values()) - set(wearers):
            raise UsageError(f"an E4 is meant for {min(unknown)!r}, who is no wearer: there are {', '.join(wearers)}.")
        self._backend = backend or BleakBackend()
        self._now_s = now_s
        self._prefix = name_prefix
        self._wake = asyncio.Event()
        named = {wearer: address for address, wearer in owners.items()}
        self.bands = [_Band(wearer, named.get(wearer), emit, now_s, tap) for wearer in wearers]

    async def run(self) -> None:
        """Until cancelled; every connection is ended then."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._seek(tasks)

    async def _seek(self, tasks: asyncio.TaskGroup) -> None:
        """One scan for all who want a band, and one connection at the most."""
        self._wake.clear()
        idle = [band for band in self.bands if not band.busy]
        due_s = min((band.retry_s for band in idle), default=float("inf")) - self._now_s()
        if due_s > 0:
            await self._pause(due_s)
            return
        try:
            found = await self._backend.scan(lambda found: self._taker(found) is not None, SCAN_S)
        except LinkError as error:
            idle[0].failed("radio", f"Bluetooth is not available here ({error}): plug in or switch on an adapter")
            for band in idle[1:]:
                band.failed("radio", "")  # it is the same for all
            return
        if found is None:
            for band in idle:
                band.unseen(self._prefix)
        elif taker := self._taker(found):
            await self._connect(tasks, taker, found)

    async def _pause(self, seconds: float) -> None:
        """Until the time is up or a band is lost."""
        try:
            async with asyncio.timeout(seconds if seconds < float("inf") else None):
                await self._wake.wait()
        except TimeoutError:
            return

    def _taker(self, found: Found) -> _Band | None:
        """Who takes this peripheral: its owner, else the first who is free for it."""
        if not found.name.startswith(self._prefix):
            return None
        address = found.address.upper()
        owner = next((band for band in self.bands if band.address == address), None)
        takers = [owner] if owner else self.bands
        return next((band for band in takers if band.takes(address)), None)

    async def _connect(self, tasks: asyncio.TaskGroup, band: _Band, found: Found) -> None:
        gone = asyncio.Event()
        try:
            link = await self._backend.connect(found, gone.set)
        except LinkError as error:
            band.failed(
                "refused",
                f"The E4 {found.address} is in reach but takes no connection ({error}): another computer or phone may "
                "have it; disconnect it there, or switch the band off and on",
            )
            return
        band.meet(found)  # only now: one that refuses shall not keep its wearer from another
        band.busy = True
        tasks.create_task(self._keep(band, link, gone))

    async def _keep(self, band: _Band, link: Link, gone: asyncio.Event) -> None:
        try:
            await band.stream(link, gone)
        finally:
            await link.disconnect()
            band.busy = False
            self._wake.set()


class _Band:
    """One wearer's band, whichever it is."""

    def __init__(
        self, wearer: str, address: str | None, emit: Emit, now_s: Callable[[], float], tap: Tap | None
    ) -> None:
        self.wearer = wearer
        self.address = address
        self.busy = False
        self.retry_s = 0.0
        self.sessions = 0
        self.decoder: BandDecoder | None = None
        self._decoders: dict[str, BandDecoder] = {}
        self._pinned = address is not None
        self._emit = emit
        self._now_s = now_s
        self._tap = tap
        self._troubles = Troubles("", self._say)
        self._attempt = 0
        self._heard_s = 0.0
        self._fresh = False  # connected, and nothing heard yet
        self._away_s: float | None = None

    def takes(self, address: str) -> bool:
        now_s = self._now_s()
        if self.busy or now_s < self.retry_s:
            return False
        swap = not self._pinned and self._away_s is not None and now_s - self._away_s > SWAP_S
        return self.address in (None, address) or swap

    def meet(self, found: Found) -> None:
        """A new band gets a decoder of its own; one that was there before goes on counting."""
        address = self.address = found.address.upper()
        if address in self._decoders:
            self.decoder = self._decoders[address]
            self.decoder.outage()
            return
        try:
            record = scales.load(address)
        except scales.ScaleError as error:
            self._say("e4.calibration", "refused", str(error).rstrip(".") + "; the shipped one is used.")
            record = scales.shipped()
        self.decoder = self._decoders[address] = BandDecoder(self.wearer, address, record, self._emit)
        if not record.verified:
            message = f"Pulse, skin conductance and temperature of the E4 {address} are estimates: no scale is proven."
            self._say("e4.calibration", "unverified", message)

    async def stream(self, link: Link, gone: asyncio.Event) -> None:
        """Start the band and stay until it goes."""
        self._fresh, self._heard_s = True, self._now_s()
        try:
            async with asyncio.timeout(SETUP_S):
                await self._start(link)
        except (LinkError, TimeoutError) as error:
            reason = str(error) or "it does not answer"
            self.failed("start", f"The E4 {self.address} does not start ({reason})")
            return
        while not gone.is_set():
            try:
                async with asyncio.timeout(WATCH_S):
                    await gone.wait()
            except TimeoutError:
                if self._now_s() - self._heard_s > SILENT_S:
                    self.failed("silent", f"The E4 {self.address} is connected but silent for {SILENT_S:.0f} s")
                    return
        self.failed("lost", f"The E4 {self.address} went out of reach or was switched off")

    async def _start(self, link: Link) -> None:
        """Notifications first, then the command [C]. Battery and button may be missing: no signal depends on them."""
        for char in codec.SENSORS:
            await link.notify(char, partial(self._notified, char))
        for char in codec.STATUS:
            try:
                await link.notify(char, partial(self._notified, char))
            except LinkError:
                continue
        await link.write(codec.COMMAND, codec.start_command(int(time.time())))

    def _notified(self, char: str, data: bytes) -> None:
        now_s = self._now_s()
        if self._tap:
            self._tap(now_s, self.address or "", char, data)
        assert self.decoder is not None
        self.decoder.feed(char, data, now_s)
        if char not in codec.SENSORS:
            return
        self._heard_s = now_s
        if self._fresh:
            self._fresh, self._attempt, self._away_s = False, 0, None
            self.sessions += 1
            self._troubles.over("streaming", f"The E4 {self.address} streams to {self.wearer!r} over Bluetooth.")

    def unseen(self, prefix: str) -> None:
        """Nobody found it in a whole scan: next scan at once, for scanning is the waiting."""
        if self.retry_s > self._now_s():
            return
        which = f"The E4 {self.address}" if self.address else f"A band whose name begins with {prefix!r}"
        self._troubles.say(
            "unseen",
            f"{which} is not in reach: switch it on (2 s press, its light blinks), and disconnect it from any other "
            "computer or phone, which makes it invisible",
        )

    def failed(self, kind: str, sentence: str) -> None:
        if sentence:
            self._troubles.say(kind, sentence)
        now_s = self._now_s()
        self._away_s = now_s if self._away_s is None else self._away_s
        self.retry_s = now_s + BACKOFF_S[min(self._attempt, len(BACKOFF_S) - 1)]
        self._attempt += 1

    def _say(self, name: str, value: str | int | float, message: str) -> None:
        source = f"{E4BleSource.source}:{self.address}" if self.address else E4BleSource.source
        self._emit(Status(name, value, self._now_s(), message, wearer=self.wearer, source=source))
