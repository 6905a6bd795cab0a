"""How long a frame of the board needs to be heard: from its bytes at our descriptor to a change at scsynth's output.

The card's own delay (about as many periods as it has) comes on top of every figure, and what the machine by itself is
late stands under it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import numpy as np

from bench.ears import can_listen
from bench.figures import Figure
from bench.latency_stage import Latency, latency_stage
from bench.wake_ups import wake_ups

PERIODS = (64, 128, 256, 1024)
EVENTS = 305
LONGEST_S = 150.0
BARS = {128: "median <= 3, p99 <= 8 ms"}


def sound_latency() -> Iterator[Figure]:
    """One line for each period, and below it where the time goes, and what the machine does by itself."""
    if not can_listen():
        yield Figure("frame read to change of sound", "", "not measured: gcc is not installed")
        return
    for period in PERIODS:
        yield from _figures(period, asyncio.run(_measure(period)))
        yield from wake_ups(period / 48_000)


async def _measure(period: int) -> Latency:
    async with latency_stage(period, int(LONGEST_S) + 20) as stage:
        return await stage.listen(EVENTS, LONGEST_S)


def _figures(period: int, found: Latency) -> Iterator[Figure]:
    about = f"{len(found.whole_ms)} events, {found.unheard} unheard, {found.xruns} xruns, load {os.getloadavg()[0]:.1f}"
    if not found.whole_ms:
        yield Figure(f"frame read to sound, period {period}", "", f"nothing was heard; {about}")
        return
    yield Figure(
        f"frame read to sound, period {period} ({period / 48:.2f} ms)",
        BARS.get(period, ""),
        f"{said_ms(found.whole_ms)}; {about}",
    )
    yield Figure(
        "   of it: bytes to note sent | scsynth and the wait for its period",
        "",
        f"{said_ms(found.path_ms)} | {said_ms(found.rest_ms)}",
    )


def said_ms(values: list[float]) -> str:
    """Median, 99th percentile and most, of milliseconds."""
    median, p99, most = np.percentile(values, (50, 99, 100))
    return f"median {median:.2f}, p99 {p99:.2f}, max {most:.2f} ms"
