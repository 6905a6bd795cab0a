"""The firmware's own classes on simulated chips inside CPython, with a clock and a cable that tests hold in hand.

Nothing waits: `run_ms` moves the clock in ticks of 10 ms, runs the sampling callback and the main loop. The cable can
stall (the port takes nothing), be pulled (bytes vanish, as USB does when nobody listens) or damage what passes.
`truth` records every sample that reached a ring, by signal and index.
"""

import importlib
import importlib.util
import select
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import wire
from somatone.records import NativeChunk
from somatone.sources.board_protocol import BoardProtocol

ROOT = Path(__file__).resolve().parents[2]
VIRTUAL_BOARD = ROOT / "host" / "somatone" / "sources" / "virtual_board"
TICK_US = 10_000


def _load(name: str, path: Path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Timer:
    PERIODIC = 1

    def __init__(self, *_args, **_options) -> None:
        pass


class Pin:
    """The LED keeps a diary: (ms, 0 or 1) of each change."""

    OUT, OPEN_DRAIN = 0, 1

    def __init__(self, *_args, **_options) -> None:
        self.diary: list[tuple[int, int]] = []

    def value(self, level: int) -> None:
        self.diary.append((board.world.current.clock.now_us() // 1000, level))

    def lit_at(self, ms: int) -> int:
        return next((level for at, level in reversed(self.diary) if at <= ms), 0)


class Dog:
    """A watchdog that does not bite but remembers how long it starved."""

    started = 0

    def __init__(self, timeout: int) -> None:
        Dog.started += 1
        self.timeout_ms = timeout
        self.fed_ms = board.world.current.clock.now_us() // 1000

    def feed(self) -> None:
        self.fed_ms = board.world.current.clock.now_us() // 1000

    @property
    def hungry_ms(self) -> int:
        return board.world.current.clock.now_us() // 1000 - self.fed_ms


class Reset(Exception):
    """machine.reset() was called."""


def _reset() -> None:
    raise Reset


def _firmware() -> SimpleNamespace:
    """The firmware's and the simulator's modules, imported once under the names they have on a board."""
    sys.modules["micropython"] = _load("micropython", VIRTUAL_BOARD / "stand_ins" / "micropython.py")
    sys.modules["machine"] = SimpleNamespace(
        Timer=_Timer,
        Pin=Pin,
        I2C=lambda *_args, **_options: None,
        WDT=Dog,
        unique_id=lambda: b"benchtop",
        reset_cause=lambda: 1,
        reset=_reset,
    )
    sys.modules["uselect"] = select
    sys.modules["utime"] = SimpleNamespace(
        ticks_us=lambda: time.monotonic_ns() // 1000, ticks_diff=lambda a, b: a - b, sleep_us=None
    )
    sys.path += [str(ROOT / "firmware"), str(VIRTUAL_BOARD)]
    names = ["pins", "ring", "sampler", "link", "heartbeat", "lamp", "light", "selftest", "watchdog", "app"]
    names += ["world", "body_feed", "chip_max30102", "chip_tmp117", "chip_lis3dh", "chip_ads1115"]
    modules = {name: importlib.import_module(name) for name in names}
    board = SimpleNamespace(**modules)
    hand_time = _load("hand_time", VIRTUAL_BOARD / "stand_ins" / "time.py")
    board.sampler.time = board.link.time = board.lamp.time = board.app.time = hand_time
    return board


board = _firmware()


class Body:
    """A body that tests change by hand; every attribute of a feed's record."""

    def __init__(self) -> None:
        self.ir, self.red, self.eda_ns, self.temp_cc = 120_000, 90_000, 5_000, 3_300
        self.acc_x, self.acc_y, self.acc_z = 10, -20, 1000
        self.contact, self.flags = 1, 0
        self.light, self.beat = 120_000, 0  # infrared at rest; samples from beat to beat, 0 for a sawtooth

    def at(self, number: int) -> "Body":
        if self.beat:
            phase = number % self.beat  # systole in 150 ms, the rest of the beat runs off
            self.ir = self.light - 3_000 * min(phase * (self.beat - 15), (self.beat - phase) * 15) // (15 * self.beat)
        else:
            self.ir = self.light + number * 37 % 9_001  # so that no sample is like its neighbour
        self.acc_x = number * 7 % 401 - 200
        return self


class Bus:
    """machine.I2C over the simulated world."""

    def __init__(self, world) -> None:
        self.world = world
        self.failing: set[int] = set()  # addresses that do not answer

    def _chip(self, address: int):
        if address in self.failing:
            raise OSError(5)
        return self.world.chip(address, 0, 400_000)

    def writeto_mem(self, address: int, register: int, data) -> None:
        self._chip(address).write(register, data)

    def readfrom_mem_into(self, address: int, register: int, out) -> None:
        self._chip(address).read(register, out)


class Port:
    """Both streams of the board and both polls. `damage` maps bytes on their way to bytes that arrive."""

    def __init__(self) -> None:
        self.to_board, self.to_host = bytearray(), bytearray()
        self.stalled = self.pulled = False
        self.short_writes = False
        self.longest_write = 0
        self.buffer = self

    def readinto(self, out) -> int:
        out[0] = self.to_board.pop(0)
        return 1

    def write(self, data):
        self.longest_write = max(self.longest_write, len(data))
        if self.stalled:
            return None
        count = max(1, len(data) // 3) if self.short_writes else len(data)
        if not self.pulled:
            self.to_host += data[:count]
        return count


class _Poll:
    def __init__(self, port: Port) -> None:
        self._port = port
        self._events = 0

    def register(self, _stream, events: int) -> None:
        self._events = events

    def ipoll(self, _timeout: int):
        reading = self._events == select.POLLIN
        ready = bool(self._port.to_board) if reading else not self._port.stalled
        return [(None, self._events)] if ready else []


class Bench:
    """One board. `ppm` and `absent` by chip name; `feed` None is a Body to be changed by hand."""

    def __init__(self, ppm=None, absent=()) -> None:
        self.body = Body()
        self.clock = board.world.Clock(True, 0)
        pins = board.pins
        makers = {
            "max30102": (pins.MAX30102, board.chip_max30102),
            "ads1115": (pins.ADS1115, board.chip_ads1115),
            "tmp117": (pins.TMP117, board.chip_tmp117),
            "lis3dh": (pins.LIS3DH, board.chip_lis3dh),
        }
        self.chips = {
            address: module.Chip((ppm or {}).get(name, 0))
            for name, (address, module) in makers.items()
            if name not in absent
        }
        self.world = board.world.current = board.world.World(self.clock, self.body, self.chips, b"benchtop")
        self.bus = Bus(self.world)
        self.port = Port()
        board.link.select = SimpleNamespace(poll=lambda: _Poll(self.port), POLLIN=select.POLLIN, POLLOUT=select.POLLOUT)
        self.led = Pin()
        self.app = board.app.Board(self.bus, self.port, self.port, self.led, dog_allowed=True)
        self.sampler, self.link = self.app.sampler, self.app.link
        self.truth = [{} for _ in self.sampler.rings]
        self._recorded = [0] * len(self.truth)

    def run_ms(self, duration_ms: int, sampling: bool = True, each_tick=None) -> None:
        for _ in range(duration_ms * 1000 // TICK_US):
            self.clock.charge_us(TICK_US)
            if sampling:
                self.sampler.tick(None)
                self._record()
            while self.app.turn():
                pass
            if each_tick:
                each_tick()

    def _record(self) -> None:
        for number, ring in enumerate(self.sampler.rings):
            for index in range(self._recorded[number], ring.head):
                slot = index & (ring.capacity - 1)
                if ring.stamps[slot] >= 0:
                    self.truth[number][index] = bytes(ring.data[slot * ring.width : (slot + 1) * ring.width])
            self._recorded[number] = ring.head


class Host:
    """A host at the other end of a bench's cable: the real protocol, acknowledging each second."""

    def __init__(self, bench: Bench, session: int = 5, damage=None) -> None:
        self.bench = bench
        self.protocol = BoardProtocol("w", session)
        self.damage = damage or (lambda data: data)
        self.events: list = []
        self._due_us = 0
        bench.port.to_board += self.protocol.connect()

    def tick(self) -> None:
        """Take what came, answer it, acknowledge when a second has passed."""
        port = self.bench.port
        data = self.damage(bytes(port.to_host))
        port.to_host.clear()
        now_us = self.bench.clock.now_us()
        self.events += self.protocol.feed(data, now_us / 1e6)
        out = self.protocol.take_output()
        if now_us >= self._due_us:
            self._due_us = now_us + 1_000_000
            out += self.protocol.ack()
        if not port.pulled:
            port.to_board += self.damage(out)

    def run_ms(self, duration_ms: int) -> None:
        self.bench.run_ms(duration_ms, each_tick=self.tick)

    def received(self, number: int) -> dict[int, bytes]:
        """Every sample that arrived, by index; an index that came twice fails."""
        name, width = wire.SIGNALS[number][1], wire.SIGNALS[number][6]
        size = wire.sample_bytes(number)
        got: dict[int, bytes] = {}
        last = -1
        for chunk in self.events:
            if not isinstance(chunk, NativeChunk) or chunk.signal != name:
                continue
            raw = wire.packing.pack_samples(number, chunk.samples)
            assert chunk.width == width and chunk.index > last, "twice or out of order"
            for k in range(len(raw) // size):
                last = chunk.index + k
                got[last] = raw[k * size : (k + 1) * size]
        return got
