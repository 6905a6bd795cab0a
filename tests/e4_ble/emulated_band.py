"""An E4 that does not exist, on bumble's virtual Bluetooth link: GATT services 3e70, 3ea0, 3eb0, one central at a time.

It advertises, waits for its notifications to be switched on and for the start command, then sends the packets of
e4.md 2.4 at their pace, fed by a simulated body or by numbers. It vanishes, is switched off, loses packets (its
counters go on), refuses, falls silent, and comes back. `sent` and `dropped` are the truth to compare with.
"""

from __future__ import annotations

import asyncio
import random
import struct
from collections import Counter
from collections.abc import Callable

from bumble import ll
from bumble.att import Attribute
from bumble.controller import Controller
from bumble.core import AdvertisingData
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import Address, HCI_ErrorCode
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

from somatone.sources.e4_ble import codec
from somatone.sources.simulated_body import CALM, RECORD_FORMAT, RECORD_SIZE, RECORDS_PER_S, SimulatedBody

BVP_HZ = 63.997037
PACKET_S = {codec.BVP: 11 / BVP_HZ, codec.ACC: 12 / BVP_HZ, codec.EDA: 1.5, codec.TEMP: 2.0}
SAMPLES = {codec.BVP: 22, codec.ACC: 18, codec.EDA: 6, codec.TEMP: 8}
ENCODERS = {codec.BVP: codec.encode_bvp, codec.ACC: codec.encode_acc, codec.EDA: codec.encode_eda}
SERVICES = {"3E70": ("3e71",), "3EA0": ("3ea1", "3ea3", "3ea6", "3ea8"), "3EB0": ("3eb2", "3eb3")}
Feed = Callable[[str, int], list[int]]  # characteristic, number of the packet -> its samples


class _Controller(Controller):
    """A radio that may be deaf to whoever wants to connect."""

    deaf = False

    def on_le_connect_ind(self, packet: ll.ConnectInd) -> None:
        if not self.deaf:
            super().on_le_connect_ind(packet)


def device_on(link: LocalLink, address: str, name: str = "central") -> Device:
    return _device(_Controller(name, link=link, public_address=address), address, name)


def _device(controller: Controller, address: str, name: str) -> Device:
    return Device(name=name, address=Address(address), host=Host(controller, AsyncPipeSink(controller)))


def numbered(char: str, packet: int) -> list[int]:
    """Samples by which each packet is known."""
    low, high = {codec.BVP: (-64, 64), codec.ACC: (-128, 128), codec.EDA: (1, 1 << 24), codec.TEMP: (0, 1 << 16)}[char]
    return [low + (packet * 37 + at * 5) % (high - low) for at in range(SAMPLES[char])]


class BodyFeed:
    """A simulated body as an E4 would see it, by the shipped scales: pulse, acceleration, conductance, warmth."""

    def __init__(self, seed: int) -> None:
        self.body = SimulatedBody(seed, CALM)
        self._records: list[tuple[int, ...]] = []
        self._totals = [0, 0]

    def __call__(self, char: str, packet: int) -> list[int]:
        count = {codec.BVP: 11, codec.ACC: 6}.get(char, SAMPLES[char])
        step_s = PACKET_S[char] / count
        records = [self._at((packet * count + at) * step_s) for at in range(count)]
        if char == codec.BVP:
            return [self._difference(colour, record[colour]) for record in records for colour in (0, 1)]
        if char == codec.ACC:
            return [max(-128, min(127, mg * 64 // 1000)) for record in records for mg in record[4:7]]
        if char == codec.EDA:
            return [min(10**9 // max(record[2], 60), (1 << 24) - 1) for record in records]
        return [(record[3] + 27315) // 2 for record in records]

    def _at(self, at_s: float) -> tuple[int, ...]:
        while len(self._records) <= at_s * RECORDS_PER_S:
            second = len(self._records) // RECORDS_PER_S
            drawn = self.body.records(second, second + 1)
            self._records += [struct.unpack_from(RECORD_FORMAT, drawn, at) for at in range(0, len(drawn), RECORD_SIZE)]
        return self._records[int(at_s * RECORDS_PER_S)]

    def _difference(self, colour: int, light: int) -> int:
        """The converter follows the light in steps of 7 bits, and makes up for what it could not follow."""
        difference = max(-64, min(63, light // 16 - self._totals[colour]))
        self._totals[colour] += difference
        return difference


class EmulatedBand:
    """Call `appear` to switch it on."""

    def __init__(self, link: LocalLink, address: str, feed: Feed = numbered, name: str = "Empatica E4", seed: int = 0):
        self.address = address
        self.loss = 0.0  # share of packets
        self.counts_badly = False
        self.silent = False
        self.sent: dict[str, list[tuple[int, ...]]] = {char: [] for char in PACKET_S}
        self.dropped: Counter[str] = Counter()
        self.commands: list[bytes] = []
        self.streams = tuple(PACKET_S)
        self._radio = _Controller(name, link=link, public_address=address)
        self.device = _device(self._radio, address, name)
        self._feed = feed
        self._random = random.Random(seed)
        self._chars = {char: self._characteristic(char) for chars in SERVICES.values() for char in chars}
        for service, chars in SERVICES.items():
            self.device.add_service(Service(service, [self._chars[char] for char in chars]))
        self._numbers = dict.fromkeys(PACKET_S, 0)
        self._connection: Connection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._name = name
        self._on = False
        self.device.on(Device.EVENT_CONNECTION, self._connected)

    def _characteristic(self, char: str) -> Characteristic[bytes]:
        if char == codec.COMMAND:
            return Characteristic(
                char.upper(),
                Characteristic.Properties.WRITE,
                Attribute.WRITEABLE,
                CharacteristicValue(write=lambda _connection, value: self._commanded(bytes(value))),
            )
        return Characteristic(char.upper(), Characteristic.Properties.NOTIFY, Attribute.READABLE, b"")

    # what a person does with it

    async def appear(self, connectable: bool = True) -> None:
        """Switched on, or in reach again. Not connectable, it is seen and takes no connection."""
        if not self._on:
            await self.device.power_on()
            self._on = True
        self._radio.deaf = not connectable
        name = (AdvertisingData.COMPLETE_LOCAL_NAME, self._name.encode())
        await self.device.start_advertising(
            advertising_data=bytes(AdvertisingData([name])),
            advertising_interval_min=100.0,
            advertising_interval_max=100.0,
        )

    async def hide(self) -> None:
        await self.device.stop_advertising()

    async def vanish(self) -> None:
        """Switched off: the central hears of it at once. (Out of reach it would hear of it by a time-out.)"""
        connection = self._connection
        self._stop()
        if connection:
            await connection.disconnect(HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR)

    async def press(self) -> None:
        await self._notify(codec.BUTTON, b"\x01" + bytes(19))

    async def battery(self, percent: int) -> None:
        await self._notify(codec.BATTERY, bytes([percent]))

    # what it does by itself

    def _connected(self, connection: Connection) -> None:
        self._connection = connection
        connection.on(Connection.EVENT_DISCONNECTION, lambda _: self._stop())

    def _commanded(self, command: bytes) -> None:
        self.commands.append(command)
        if command[:1] == b"\x01" and len(command) == 5 and not self.silent:
            self._tasks = [asyncio.create_task(self._stream(char)) for char in self.streams]

    def _stop(self) -> None:
        self._connection = None
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    async def _stream(self, char: str) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + self._random.uniform(0, PACKET_S[char])
        while True:
            await asyncio.sleep(due_s - loop.time())
            due_s += PACKET_S[char]
            if self.silent:
                continue
            number = self._numbers[char]
            self._numbers[char] += 1
            samples = self._feed(char, number)
            if self._random.random() < self.loss:
                self.dropped[char] += 1
                continue
            self.sent[char].append(tuple(samples))
            counter = self._random.randrange(1 << 32) if self.counts_badly else number
            await self._notify(char, ENCODERS.get(char, codec.encode_temp)(samples, counter))

    async def _notify(self, char: str, data: bytes) -> None:
        if self._connection:
            await self.device.notify_subscriber(self._connection, self._chars[char], data)
