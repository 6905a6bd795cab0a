"""`somatone e4-capture`: keeps the raw Bluetooth notifications of an E4 in a file, for whoever decodes them better."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from somatone.clock import HostClock
from somatone.commands.progress import STDERR
from somatone.errors import SourceError
from somatone.records import NativeChunk, Status
from somatone.sources.e4_ble.backend import Backend, BleakBackend
from somatone.sources.e4_ble.capture import CaptureWriter
from somatone.sources.e4_ble.source import E4BleSource

LOST = ("lost", "silent", "start")  # what packets may have come before, so that a replay knows of the outage
NAMES = {"3ea1": "pulse", "3ea3": "acc", "3ea8": "eda", "3ea6": "temp", "3eb3": "battery", "3eb2": "button"}


def e4_capture_command(out: Path, name_prefix: str, for_s: float | None) -> None:
    """Capture until Ctrl-C, or for `for_s`. Raises SomatoneError, also where not one packet came."""
    backend = BleakBackend()
    clock = HostClock()
    writer = CaptureWriter(out, clock.now_s())
    try:
        with contextlib.suppress(KeyboardInterrupt, TimeoutError):
            asyncio.run(capture(writer, backend, name_prefix, for_s, clock))
    finally:
        writer.close()
    if not writer.packets:
        raise SourceError(f"No packet came, and {out} was not kept: see above why, and try again.")
    print(f"{out}: {_counts(writer)}. It holds a person's measurements and the band's address: send it as such.")


async def capture(
    writer: CaptureWriter, backend: Backend, name_prefix: str, for_s: float | None, clock: HostClock
) -> None:
    """Raises TimeoutError after `for_s`, SourceError when the file takes no more."""

    def emit(record: NativeChunk | Status) -> None:
        if not isinstance(record, Status):
            return
        if record.name == "e4" and record.value in LOST:
            writer.gone(clock.now_s(), record.source.partition(":")[2])
        print(record.message, file=sys.stderr, flush=True)

    source = E4BleSource(["band"], emit, clock.now_s, name_prefix, backend=backend, tap=writer.heard)
    task = asyncio.create_task(source.run())
    try:
        with STDERR.status("looking for the band ...") as status:
            async with asyncio.timeout(for_s):
                while not task.done() and not writer.failure:
                    await asyncio.sleep(1.0)
                    status.update(f"{_counts(writer) or 'looking for the band'} ... Ctrl-C ends")
        if writer.failure:
            raise SourceError(writer.failure)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _counts(writer: CaptureWriter) -> str:
    counted = ", ".join(f"{count} {NAMES.get(char, char)}" for char, count in writer.packets.items())
    return counted and f"packets: {counted}"
