"""A backend of bleak's own kind over bumble's virtual link, so that `BleakBackend` is tested through bleak itself.

No such package is to be had (bleak needs BlueZ and D-Bus, which test machines lack), so here are the few verbs that
somatone uses: bleak's BleakScanner and BleakClient in front, bumble's GATT, ATT, L2CAP and HCI behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, cast

from bleak.args import SizedBuffer
from bleak.assigned_numbers import CharacteristicPropertyName
from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.uuids import normalize_uuid_str
from bumble.core import AdvertisingData
from bumble.device import Advertisement, Connection, Device, Peer
from bumble.gatt import Characteristic
from bumble.hci import Address

PROPERTIES: dict[Characteristic.Properties, CharacteristicPropertyName] = {
    Characteristic.Properties.NOTIFY: "notify",
    Characteristic.Properties.WRITE: "write",
    Characteristic.Properties.WRITE_WITHOUT_RESPONSE: "write-without-response",
}


def backend_types(
    central: Device,
) -> tuple[type[BaseBleakScanner], type[BaseBleakClient], type[BaseBleakAdapter]]:
    """The types that bleak takes as `backend`, bound to this central."""
    scanner = type("BumbleScanner", (_Scanner,), {"central": central})
    client = type("BumbleClient", (_Client,), {"central": central})
    return scanner, client, NothingConnected


class NothingConnected(BaseBleakAdapter):
    """A system that has no device connected but ours."""

    @classmethod
    async def get(cls, **_: Any) -> Self:
        return cls()

    async def get_connected_devices(self, service_uuids: frozenset[str]) -> list[BLEDevice]:
        return []


class _Scanner(BaseBleakScanner):
    central: Device

    def __init__(self, detection_callback: Any, service_uuids: Any, scanning_mode: str, **_: Any) -> None:
        super().__init__(detection_callback, service_uuids)

    async def start(self) -> None:
        self.seen_devices = {}
        self.central.on(Device.EVENT_ADVERTISEMENT, self._advertised)
        await self.central.start_scanning()

    async def stop(self) -> None:
        self.central.remove_listener(Device.EVENT_ADVERTISEMENT, self._advertised)
        await self.central.stop_scanning()

    def _advertised(self, advertisement: Advertisement) -> None:
        name = advertisement.data.get(AdvertisingData.Type.COMPLETE_LOCAL_NAME)
        address = advertisement.address.to_string(with_type_qualifier=False)
        data = AdvertisementData(name, {}, {}, [], None, advertisement.rssi, ())
        device = self.create_or_update_device(address, address, name, advertisement.address, data)
        self.call_detection_callbacks(device, data)


class _Client(BaseBleakClient):
    central: Device

    def __init__(self, address_or_ble_device: BLEDevice | str, **kwargs: Any) -> None:
        super().__init__(address_or_ble_device, **kwargs)
        assert isinstance(address_or_ble_device, BLEDevice)
        self._peer_address = cast(Address, address_or_ble_device.details)
        self._connection: Connection | None = None

    @property
    def mtu_size(self) -> int:
        return 23

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        self._connection = await self.central.connect(self._peer_address, timeout=self._timeout)
        self._connection.on(Connection.EVENT_DISCONNECTION, self._ended)
        peer = Peer(self._connection)
        await peer.discover_services()
        await peer.discover_characteristics()
        self.services = BleakGATTServiceCollection()
        for service in peer.services:
            ours = BleakGATTService(service, service.handle, _uuid(service.uuid))
            self.services.add_service(ours)
            for proxy in service.characteristics:
                names = [name for flag, name in PROPERTIES.items() if flag in proxy.properties]
                self.services.add_characteristic(
                    BleakGATTCharacteristic(proxy, proxy.handle, _uuid(proxy.uuid), names, lambda: 20, ours)
                )

    def _ended(self, _reason: int) -> None:
        if self._connection is not None:
            self._connection = None
            if self._disconnected_callback:
                self._disconnected_callback()

    async def disconnect(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.disconnect()

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: Callable[[bytearray], None], **kwargs: Any
    ) -> None:
        await characteristic.obj.subscribe(lambda value: callback(bytearray(value)))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        await characteristic.obj.write_value(bytes(data), with_response=response)

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        raise NotImplementedError

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError

    async def unpair(self) -> None:
        raise NotImplementedError

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **kwargs: Any) -> bytearray:
        raise NotImplementedError

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **kwargs: Any) -> bytearray:
        raise NotImplementedError

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        raise NotImplementedError


def _uuid(uuid: Any) -> str:
    """All 128 bits, as bleak writes them."""
    return normalize_uuid_str(uuid.to_hex_str("-"))
