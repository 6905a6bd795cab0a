"""What a thousand grains at once cost on eight loudspeakers: scsynth's own measure, and the processor's time."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from somatone.library.synthesise import ensure_library
from somatone.sinks.sound.jack import Jack
from somatone.sinks.sound.server import Server, free_udp_port
from somatone.sinks.sound.state import State
from somatone.sinks.sound.wiring import Wiring
from somatone.space.layouts import find_layout

WHAT = "1000 particles on 8 channels (ring8), scsynth"
CLOUDS, EACH = 17, 60  # grains that sound at once in a cloud, on average
MEASURE_S = 8.0


def particles() -> Iterator[Figure]:
    """Clouds as dense as they may be, every grain with its own place and height; scattered lengths are 4 % longer."""
    quiet = asyncio.run(_measured(0))
    for clouds in (CLOUDS, 1):
        grains = f"{clouds * EACH} grains in {clouds} cloud{'s' if clouds > 1 else ''}"
        share = asyncio.run(_measured(clouds))
        yield Figure(WHAT, "stated", f"{grains}: {100 * share:.0f} % of a core ({100 * quiet:.0f} % with none)")


async def _measured(clouds: int) -> float:
    """Processor time of scsynth over time, while so many clouds sound."""
    with tempfile.TemporaryDirectory() as folder:
        state = State(["grains"], ensure_library(Path(folder)), 1, Wiring(find_layout("ring8")))
        jack = Jack("dummy", 48_000, 256, state.wiring.layout)
        server: Server | None = None
        try:
            await jack.start()
            server = await Server.boot(free_udp_port(None), jack.environment, lambda _: None, lambda _: None, 8)
            for message in state.definitions():
                server.send(message)
            await server.sync()
            for control, value in {"density": 240.0, "size": 0.25 / 1.04, "spread": 1.0, "elevation": 20.0}.items():
                state.set("grains", control, value)
            server.send(*state.ground())
            fill = state.nodes()
            cloud = next(message for message in fill if message[1] == "grains")
            server.send(*(message for message in fill if message is not cloud))
            for number in range(clouds):
                server.send((*cloud[:2], 2000 + number, *cloud[3:]))
            await asyncio.sleep(2)
            begun, before_s = time.monotonic(), _cpu_s(server)
            await asyncio.sleep(MEASURE_S)
            return (_cpu_s(server) - before_s) / (time.monotonic() - begun)
        finally:
            if server:
                await server.kill()
            await jack.stop()
            jack.close()


def _cpu_s(server: Server) -> float:
    fields = Path(f"/proc/{server.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
