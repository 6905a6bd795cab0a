"""Whether a network that trains beside it makes sound later: the same daemon, in turns without and with a child.

Four stretches in one run, so that what else goes on in the machine falls on both. The child compiles between the
stretches, which is not measured: it does so at its niceness, and while the piece's first section plays a recorded run.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import numpy as np

from bench.ears import can_listen
from bench.figures import Figure
from bench.latency_stage import Latency, LatencyStage, latency_stage
from bench.sound_latency import said_ms
from somatone.records import Sourced, Status
from somatone.sources.training import TrainingSource
from somatone.training.child import SHARE
from somatone.training.launch import Order, can_train

PERIOD = 256  # the daemon's own
EVENTS, LONGEST_S = 160, 60.0
TURNS = 2
COMPILING_S = 60.0


def training_latency() -> Iterator[Figure]:
    """A line without, a line with, and their ratio."""
    if not (can_listen() and can_train()):
        yield Figure("sound beside training", "", "not measured: gcc or the extra [training] is not installed")
        return
    without, beside, shares = asyncio.run(_turns())
    for what, found in (("without training", without), ("while it trains", beside)):
        xruns, unheard = sum(each.xruns for each in found), sum(each.unheard for each in found)
        said = f"{said_ms(_all(found))}; {len(_all(found))} events, {unheard} unheard, {xruns} xruns"
        yield Figure(f"frame read to sound, period {PERIOD}, {what}", "", f"{said}, load {os.getloadavg()[0]:.1f}")
    ratio, ratio_p99 = _median(beside) / _median(without), _p99(beside) / _p99(without)
    yield Figure("   with : without, median and p99", "within noise", f"{ratio:.2f}, {ratio_p99:.2f}")
    noise, noise_p99 = _median(without[1:]) / _median(without[:1]), _p99(without[1:]) / _p99(without[:1])
    yield Figure("   the noise: without, second turn : first", "", f"{noise:.2f}, {noise_p99:.2f}")
    yield Figure("   the child's share of a processor, as it says", f"<= {SHARE:g}", f"{np.median(shares):.2f}")


async def _turns() -> tuple[list[Latency], list[Latency], list[float]]:
    without: list[Latency] = []
    beside: list[Latency] = []
    shares: list[float] = []
    seconds = int(TURNS * 2 * LONGEST_S + TURNS * COMPILING_S) + 20
    async with latency_stage(PERIOD, seconds) as stage:
        for _ in range(TURNS):
            without.append(await stage.listen(EVENTS, LONGEST_S))
            beside.append(await _with_child(stage, shares))
    return without, beside, shares


async def _with_child(stage: LatencyStage, shares: list[float]) -> Latency:
    began = asyncio.Event()

    def emit(item: Sourced) -> None:
        stage.run.emit(item)
        if isinstance(item, Status) and item.name == "run.cpu":
            shares.append(float(item.value))
        if not isinstance(item, Status):
            began.set()

    training = asyncio.create_task(TrainingSource(Order("learns", 1), emit, stage.clock.now_s).run())
    try:
        await asyncio.wait_for(began.wait(), COMPILING_S)
        return await stage.listen(EVENTS, LONGEST_S)
    finally:
        training.cancel()
        await asyncio.gather(training, return_exceptions=True)


def _all(found: list[Latency]) -> list[float]:
    return [each for stretch in found for each in stretch.whole_ms]


def _median(found: list[Latency]) -> float:
    return float(np.median(_all(found)))


def _p99(found: list[Latency]) -> float:
    return float(np.percentile(_all(found), 99))
