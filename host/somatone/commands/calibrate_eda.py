"""`somatone calibrate-eda`: a person, two or three resistors, and a record for the board."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import Sequence

from somatone.calibration.fit import CalibrationError, seen_ohm, spoken_ohm
from somatone.calibration.guide import DEFAULT_OHMS, Calibrated, calibrate
from somatone.commands.progress import progress_bar
from somatone.errors import UsageError
from somatone.timeline.units import NOMINAL

_VALUE = re.compile(r"(\d+(?:\.\d+)?)\s*([kM]?)", re.ASCII)
_FACTORS = {"": 1, "k": 1_000, "M": 1_000_000}


def parse_ohm(text: str) -> int:
    """100k, 1M, 4.99k, 22000. Raises UsageError."""
    found = _VALUE.fullmatch(text.strip())
    if not found:
        raise UsageError(f"--resistor {text!r} is no resistance: write it as 100k, 1M, 4.99k or 22000.")
    return round(float(found[1]) * _FACTORS[found[2]])


def calibrate_eda_command(port: str | None, resistors: Sequence[str]) -> None:
    """Calibrate the board at `port` and print what came out."""
    ohms = [parse_ohm(text) for text in resistors] or list(DEFAULT_OHMS)
    with progress_bar("reading") as advance:
        done = asyncio.run(calibrate(port, ohms, _ask, advance))
    _print(done)


async def _ask(request: str) -> None:
    """Show the request and wait for Enter. The event loop goes on meanwhile, and Ctrl-C works."""
    print(f"{request}, then press Enter.", flush=True)
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[None] = loop.create_future()

    def on_input() -> None:
        byte = os.read(sys.stdin.fileno(), 1)
        if byte in (b"", b"\n") and not answered.done():
            if byte:
                answered.set_result(None)
            else:
                answered.set_exception(CalibrationError("The input ended before the calibration did."))

    try:
        loop.add_reader(sys.stdin.fileno(), on_input)
    except (OSError, ValueError):  # a file or a closed descriptor: nobody is there to connect a resistor
        raise CalibrationError("Calibration needs somebody at the keyboard: run it in a terminal.") from None
    try:
        await answered
    finally:
        with contextlib.suppress(OSError, ValueError):
            loop.remove_reader(sys.stdin.fileno())


def _print(done: Calibrated) -> None:
    print(f"Board {done.serial}:")
    for ohm, hundredths in done.readings:
        before, after = (100 * (ohm / seen_ohm(hundredths, front) - 1) for front in (NOMINAL, done.front_end))
        print(f"  {spoken_ohm(ohm):>9}  conductance off by {before:+6.2f} % before, {after:+6.2f} % now")
    front = done.front_end
    gain = f"{100 * front.scale_code_ohm / NOMINAL.scale_code_ohm:.2f} %"
    print(f"  in series {spoken_ohm(front.series_ohm)}, gain {gain}, zero at code {front.offset_code}")
    print(f"Kept in {done.path}; it is applied whenever this board is connected.")
