"""Twenty of each fault while it plays: how long until sound is back at its level, whether anything grows, and how loud
the loudest sample was. Every process is real; the card is jackd's dummy driver behind a card's name (fakes.sound_card).

The sink's guard against restarts in a row is switched off here, for nobody is to wait an hour for 160 of them.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal
import socket
import struct
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from unittest.mock import patch

import numpy as np
import soundfile

from bench.figures import Figure
from fakes.sound_card import FakeCard
from somatone.library.synthesise import ensure_library
from somatone.records import Status
from somatone.sinks.sound.cards import Card
from somatone.sinks.sound.devices import write_choice
from somatone.sinks.sound.meter import decibels
from somatone.sinks.sound.osc import pack_message
from somatone.sinks.sound.server import free_udp_port
from somatone.sinks.sound.sink import SoundSettings, SoundSink
from somatone.sinks.sound.wiring import Wiring

ROUNDS = 20
SETTLE_S = 1.2
LIMIT_S = 20.0
WITHIN_DB = 2.0
BUFFERS, EACH = 512, 16
PLAYED = {"drone.level": 0.75, "drone.swell": 0.0, "drone.beating": 9.0, "drone.pitch": 110.0, "grains.level": 0.0}
BARS_S = {
    "scsynth killed": 1.0,
    "scsynth stopped": 3.0,
    "scsynth exits with 0": 1.0,
    "jackd killed": 5.0,
    "jackd stopped": 5.0,
    "card pulled: to the dummy driver": 5.0,
    "card back: sound moves there": 5.0,
    "a file of the library is gone, and scsynth killed": 1.0,
    "infinity, then NaN, to every control, past us": 3.0,
}


@dataclass
class _Stage:
    """A sink that plays, and all that was measured."""

    sink: SoundSink
    card: FakeCard
    library: dict[str, Path]
    heard: Path
    port: int
    level_db: float = 0.0
    took_s: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in BARS_S})
    off_db: float = 0.0
    peak: float = 0.0
    alarms: set[str] = field(default_factory=set)

    def now_db(self) -> float:
        meter = self.sink.meter
        return decibels(meter.rms[0]) if meter.age_s < 0.3 else -math.inf

    def tell(self, message: tuple[str | int | float, ...]) -> bytes:
        """A stranger's word to scsynth's port, and its answer, if it comes at once."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.settimeout(0.2)
            stranger.sendto(pack_message(message), ("127.0.0.1", self.port))
            with suppress(TimeoutError):
                return stranger.recv(65536)
        return b""

    async def back(self, name: str, boots: int) -> None:
        """Until a new server plays at the old level; and whether it stays there."""
        begun_s = time.monotonic()
        while self.sink.meter.boots <= boots or abs(self.now_db() - self.level_db) > WITHIN_DB:
            if time.monotonic() - begun_s > LIMIT_S:
                break
            await asyncio.sleep(0.01)
        self.took_s[name].append(time.monotonic() - begun_s)
        await self.settle()

    async def settle(self) -> None:
        await asyncio.sleep(SETTLE_S)
        self.off_db = max(self.off_db, abs(self.now_db() - self.level_db))
        for path in self.heard.parent.glob("heard*.wav"):
            with suppress(soundfile.LibsndfileError):
                self.peak = max(self.peak, float(np.abs(soundfile.read(path)[0]).max(initial=0.0)))


def sound_faults() -> Iterator[Figure]:
    """A line for each fault, then what grew, and the loudest sample."""
    with tempfile.TemporaryDirectory() as folder, _plugged(Path(folder)) as card:
        stage, before, after = asyncio.run(_all(Path(folder), card))
    for name, took_s in stage.took_s.items():
        said = f"median {median(took_s):.2f} s, worst {max(took_s):.2f} s of {len(took_s)}"
        yield Figure(f"sound is back: {name}", f"<= {BARS_S[name]:g} s", said)
    yield Figure("level after a fault", f"within {WITHIN_DB:g} dB", f"at most {stage.off_db:.2f} dB off")
    for name, first in before.items():
        yield Figure(f"growth over the faults: {name}", "none", f"{first} -> {after[name]}")
    yield Figure("loudest sample in what was recorded", "below 0 dBFS", f"{decibels(stage.peak):.2f} dBFS")
    yield Figure("alarms that were said", "", "; ".join(sorted(stage.alarms)) or "none")
    yield Figure("load", "", f"{os.getloadavg()[0]:.1f}")


@contextmanager
def _plugged(folder: Path) -> Iterator[FakeCard]:
    card = FakeCard(folder)
    card.plug()
    environment = {"PATH": f"{card.programs}:{os.environ['PATH']}", "SOMATONE_HOME": str(folder)}
    with (
        patch.dict(os.environ, environment),
        patch("somatone.sinks.sound.cards.CARDS", card.listing),
        patch("somatone.sinks.sound.guards.FREE_RESTARTS", 10**6),
    ):
        write_choice(Card("Bench", "USB-Audio - A card that does not exist"))
        yield card


async def _all(folder: Path, card: FakeCard) -> tuple[_Stage, dict[str, int], dict[str, int]]:
    library = dict(ensure_library(folder / "library"))
    (folder / "heard").mkdir()
    heard, port = folder / "heard" / "heard.wav", free_udp_port(None)
    wiring = Wiring(inserts=("filter",), through=("drone",))
    settings = SoundSettings(port=port, record_to=heard, wiring=wiring)
    alarms: set[str] = set()

    def report(status: Status) -> None:
        if status.name in ("sound.alarm", "sound.library"):
            alarms.add(status.message)

    sink = SoundSink(["drone", "grains", "breath", "space"], library, settings, report, time.monotonic)
    for name, value in PLAYED.items():
        voice, _, control = name.partition(".")
        sink.control(voice, control, value)
    stage = _Stage(sink, card, library, heard, port, alarms=alarms)
    task = asyncio.create_task(sink.run())
    try:
        await sink.started(30)
        await asyncio.sleep(2)
        stage.level_db = stage.now_db()
        before: dict[str, int] = {}
        for _ in range(ROUNDS):
            for fault in FAULTS:
                await fault(stage)
            before = before or _count(stage)
        return stage, before, _count(stage)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _signals(name: str, jackd: bool, number: signal.Signals) -> Callable[[_Stage], Awaitable[None]]:
    async def fault(stage: _Stage) -> None:
        boots, pid = stage.sink.meter.boots, stage.sink.pids[jackd]
        assert pid
        os.kill(pid, number)
        await stage.back(name, boots)

    return fault


async def _exits(stage: _Stage) -> None:
    boots = stage.sink.meter.boots
    stage.tell(("/quit",))
    await stage.back("scsynth exits with 0", boots)


async def _card(stage: _Stage) -> None:
    boots, jackd = stage.sink.meter.boots, stage.sink.pids[1]
    assert jackd
    stage.card.pull()
    os.kill(jackd, signal.SIGKILL)  # its driver has lost the card
    await stage.back("card pulled: to the dummy driver", boots)
    boots = stage.sink.meter.boots
    stage.card.plug()
    await stage.back("card back: sound moves there", boots)


async def _file(stage: _Stage) -> None:
    boots, scsynth = stage.sink.meter.boots, stage.sink.pids[0]
    path = stage.library["metal"]
    aside = path.with_suffix(".aside")
    assert scsynth
    path.rename(aside)
    os.kill(scsynth, signal.SIGKILL)
    await stage.back("a file of the library is gone, and scsynth killed", boots)
    aside.rename(path)


async def _infinity(stage: _Stage) -> None:
    """Until the level leaves its place no more."""
    begun_s = last_s = time.monotonic()
    for value in (math.inf, math.nan):
        stage.tell(("/c_setn", 0, 300, *[value] * 300))
    while time.monotonic() - begun_s < 6.0:
        if abs(stage.now_db() - stage.level_db) > WITHIN_DB:
            last_s = time.monotonic()
        await asyncio.sleep(0.02)
    stage.took_s["infinity, then NaN, to every control, past us"].append(last_s - begun_s)
    await stage.settle()


FAULTS: tuple[Callable[[_Stage], Awaitable[None]], ...] = (
    _signals("scsynth killed", False, signal.SIGKILL),
    _signals("scsynth stopped", False, signal.SIGSTOP),
    _exits,
    _signals("jackd killed", True, signal.SIGKILL),
    _signals("jackd stopped", True, signal.SIGSTOP),
    _card,
    _file,
    _infinity,
)


def _count(stage: _Stage) -> dict[str, int]:
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    buffers = sum(_allocated(stage, first) for first in range(0, BUFFERS, EACH))
    resident = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return {
        "child processes": len(children),
        "file descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "asyncio tasks": len(asyncio.all_tasks()),
        "buffers in scsynth": buffers,
        "files in shared memory": len(list(Path("/dev/shm").iterdir())),
        "our memory (MB)": int(resident.split()[1]) // 1024,
    }


def _allocated(stage: _Stage, first: int) -> int:
    """How many of EACH buffers have frames; the answer ends with index, frames, channels and rate of each."""
    answer = stage.tell(("/b_query", *range(first, first + EACH)))
    values = struct.unpack(f">{4 * EACH}i", answer[-16 * EACH :])
    return sum(frames > 0 for frames in values[1::4])
