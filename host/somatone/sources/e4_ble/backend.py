"""The Bluetooth adapter behind four verbs (scan, connect, notify, write), and `bleak` behind them.

`bleak` is the optional extra `[ble]`, imported only when a band is wanted. Whatever goes wrong below, in whatever
class of whatever platform, comes out as LinkError with its words.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from somatone.errors import SourceError

if TYPE_CHECKING:
    from bleak import BleakClient
    from bleak.backends.adapter import BaseBleakAdapter
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

CONNECT_S = 10.0  # a band that refuses holds up the others for as long
HEX_DIGITS = "0000{}-0000-1000-8000-00805f9b34fb"  # 16-bit ids in the Bluetooth base [certain]
OWN_SERVICES = ("3e70", "3ea0", "3eb0", "1800")
INSTALL = "Direct Bluetooth needs the package bleak: type `.venv/bin/pip install -e '.[ble]'` in somatone's folder."


class LinkError(Exception):
    """The adapter, or the band behind it, does not do what was asked. The text says what."""


@dataclass(frozen=True, slots=True)
class Found:
    """A peripheral that advertises. `handle` is the backend's own."""

    address: str
    name: str
    handle: object = None


class Link(Protocol):
    """One connection to one band. All raise LinkError, but `disconnect`, which never raises."""

    async def notify(self, char: str, heard: Callable[[bytes], None]) -> None: ...

    async def write(self, char: str, data: bytes) -> None: ...

    async def disconnect(self) -> None: ...


class Backend(Protocol):
    """An adapter. Both raise LinkError; `char` is four hex digits everywhere."""

    async def scan(self, wanted: Callable[[Found], bool], for_s: float) -> Found | None:
        """The first peripheral that is wanted, at once; None after `for_s`."""
        ...

    async def connect(self, found: Found, gone: Callable[[], None]) -> Link:
        """`gone` is called once, when the connection ends by itself."""
        ...


class BleakBackend:
    """The platform's adapter through `bleak`. The types replace bleak's own choice (tests, other stacks)."""

    def __init__(
        self,
        scanner_type: type[BaseBleakScanner] | None = None,
        client_type: type[BaseBleakClient] | None = None,
        adapter_type: type[BaseBleakAdapter] | None = None,
    ) -> None:
        """Raises SourceError where `bleak` is not installed."""
        try:
            import bleak  # noqa: PLC0415
        except ImportError:
            raise SourceError(INSTALL) from None
        self._bleak: Any = bleak
        self._scanner_type = scanner_type
        self._client_type = client_type
        self._adapter_type = adapter_type

    async def scan(self, wanted: Callable[[Found], bool], for_s: float) -> Found | None:
        seen: asyncio.Future[Found] = asyncio.get_running_loop().create_future()

        def advertised(device: BLEDevice, data: AdvertisementData) -> None:
            found = Found(device.address, data.local_name or device.name or "", device)
            if not seen.done() and wanted(found):
                seen.set_result(found)

        if left := await self._left_connected(wanted, for_s):
            return left
        async with _in_words(), self._bleak.BleakScanner(advertised, backend=self._scanner_type):
            await asyncio.wait([seen], timeout=for_s)
        return seen.result() if seen.done() else None

    async def _left_connected(self, wanted: Callable[[Found], bool], within_s: float) -> Found | None:
        """A band that a daemon which was killed left connected to this machine: it advertises to nobody."""
        with contextlib.suppress(Exception):  # not every platform can say; then scanning has to do
            async with asyncio.timeout(within_s):
                adapter = await self._bleak.BleakAdapter.get(backend=self._adapter_type)
                devices = await adapter.get_connected_devices(list(OWN_SERVICES))
            for device in devices:
                found = Found(device.address, device.name or "", device)
                if wanted(found):
                    return found
        return None

    async def connect(self, found: Found, gone: Callable[[], None]) -> Link:
        client = self._bleak.BleakClient(
            found.handle or found.address, lambda _: gone(), timeout=CONNECT_S, backend=self._client_type
        )
        try:
            async with _in_words(), asyncio.timeout(CONNECT_S):
                await client.connect()
        except BaseException:
            await _BleakLink(client).disconnect()  # half a connection keeps the band from everybody
            raise
        return _BleakLink(client)


class _BleakLink:
    def __init__(self, client: BleakClient) -> None:
        self._client = client

    async def notify(self, char: str, heard: Callable[[bytes], None]) -> None:
        async with _in_words():
            await self._client.start_notify(HEX_DIGITS.format(char), lambda _, data: heard(bytes(data)))

    async def write(self, char: str, data: bytes) -> None:
        """With response where the characteristic has it: the one program that says, does so [D]."""
        async with _in_words():
            characteristic = self._client.services.get_characteristic(HEX_DIGITS.format(char))
            if characteristic is None:
                raise LinkError(f"it has no characteristic {char}")
            await self._client.write_gatt_char(characteristic, data, response="write" in characteristic.properties)

    async def disconnect(self) -> None:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CONNECT_S):
                await self._client.disconnect()


@contextlib.asynccontextmanager
async def _in_words() -> AsyncIterator[None]:
    """Every platform has errors of its own (D-Bus, WinRT, CoreBluetooth, sockets): one kind comes out."""
    try:
        yield
    except LinkError:
        raise
    except TimeoutError:
        raise LinkError("it does not answer") from None
    except FileNotFoundError:  # the socket of the system's bus
        raise LinkError("the system's Bluetooth service does not run") from None
    except Exception as error:
        raise LinkError(" ".join(str(error).split()) or type(error).__name__) from error
