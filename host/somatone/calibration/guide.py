"""Leads a person through the resistors at one port, and keeps the record.

The board is talked to as by the daemon, through BoardSource, so whatever that says of a wrong port, an old firmware or
a cable is said here too. Surprises: a board hands over its backlog first (readings of half a minute ago), so nothing
is measured until samples come at the pace of the converter; and a board that goes ends the calibration, because
another one may come back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from somatone.calibration.fit import (
    CalibrationError,
    Reading,
    check_open,
    check_reading,
    check_resistors,
    fit_front_end,
    spoken_ohm,
)
from somatone.calibration.steady import SteadyReading
from somatone.calibration.store import save
from somatone.records import NativeChunk, Status
from somatone.sources.board import BoardSource
from somatone.timeline.units import FrontEnd

DEFAULT_OHMS = (22_000, 100_000, 1_000_000)  # 45, 10 and 1 uS: the ends and the middle of skin
FIRST_HELLO_S = 10.0
SILENCE_S = 4.0
LIVE_GAP_S = 0.15  # samples come 0.25 s apart; those of the backlog come at once

Result = TypeVar("Result")
Ask = Callable[[str], Awaitable[None]]  # shows a request, returns when the person has done it
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Calibrated:
    """What came out: for whom, what, and where it is kept."""

    serial: str
    front_end: FrontEnd
    readings: tuple[Reading, ...]
    path: Path


async def calibrate(port: str | None, ohms: Sequence[int], ask: Ask, progress: Progress) -> Calibrated:
    """Ask for each resistor, read it, fit, save. Raises SomatoneError with one sentence; then nothing is saved."""
    check_resistors(ohms)
    meter = _Meter(port)
    try:
        serial = await meter.connected()
        await meter.unless_it_fails(ask("Take every resistor off, and hold the two clips apart"))
        open_hundredths = await meter.read(progress)
        check_open(open_hundredths)
        readings: list[Reading] = []
        for ohm in sorted(ohms, reverse=True):
            await meter.unless_it_fails(ask(f"Connect the {spoken_ohm(ohm)} resistor between the two clips"))
            hundredths = await meter.read(progress)
            check_reading(ohm, hundredths)
            readings.append((ohm, hundredths))
        front_end = fit_front_end(open_hundredths, readings)
        return Calibrated(serial, front_end, tuple(readings), save(serial, front_end, open_hundredths, readings))
    finally:
        await meter.close()


class _Meter:
    """The board as an instrument: codes of its skin conductance, as they come."""

    def __init__(self, port: str | None) -> None:
        self._codes: asyncio.Queue[tuple[int, ...]] = asyncio.Queue()
        self._here = asyncio.Event()
        self._source = BoardSource("calibration", port, self._on_record, time.monotonic)
        self._task = asyncio.create_task(self._source.run())
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def _on_record(self, record: NativeChunk | Status) -> None:
        if isinstance(record, NativeChunk):
            if record.signal == "eda":
                self._codes.put_nowait(record.samples)
        elif (record.name, record.value) == ("board", "connected"):
            self._here.set()
        elif record.name in ("board", "board.restart", "board.chip.eda") and not self._gone.done():
            self._gone.set_exception(CalibrationError(f"{record.message.rstrip('.')}; nothing was saved."))

    async def connected(self) -> str:
        """The board's serial, once it says hello and its backlog is over."""
        try:
            await self.unless_it_fails(asyncio.wait_for(self._here.wait(), FIRST_HELLO_S))
        except TimeoutError:
            raise CalibrationError("No board says hello: connect one, or name its port with --port.") from None
        began_s = time.monotonic()
        while time.monotonic() - began_s < LIVE_GAP_S:
            began_s = time.monotonic()
            await self._next()
        return self._source.protocol.serial

    async def read(self, progress: Progress) -> int:
        """A steady reading of what is connected now, in hundredths of a code."""
        while not self._codes.empty():
            self._codes.get_nowait()
        reading = SteadyReading()
        while reading.hundredths is None:
            reading.feed(await self._next())
            progress(reading.share)
        return reading.hundredths

    async def _next(self) -> tuple[int, ...]:
        try:
            return await self.unless_it_fails(asyncio.wait_for(self._codes.get(), SILENCE_S))
        except TimeoutError:
            raise CalibrationError(
                "The board sends no skin conductance: check the wires of its ADS1115, and its ADDR pin at 3.3 V."
            ) from None

    async def unless_it_fails(self, wanted: Awaitable[Result]) -> Result:
        """The result of `wanted`, or what is wrong with the board, whichever comes first."""
        task = asyncio.ensure_future(wanted)
        futures: set[asyncio.Future[Any]] = {task, self._task, self._gone}
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            (self._gone if self._gone.done() else self._task).result()
        return await task

    async def close(self) -> None:
        self._task.cancel()
        self._gone.cancel()
        await asyncio.gather(self._task, self._gone, return_exceptions=True)
