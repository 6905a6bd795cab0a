"""`somatone speakers`: one loudspeaker after the other says which it is, so that a wrong cable is found by ear."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.table import Table

from somatone.commands.progress import progress_bar
from somatone.errors import SomatoneError
from somatone.records import Note, Status
from somatone.space.layouts import Layout, find_layout

NOISE_S, STEP_S, REST_S = 1.3, 0.2, 0.7  # noise, then a tone for each unit of the number, then quiet
START_S = 20.0
LEVEL = 0.6


@dataclass(frozen=True, slots=True)
class SpeakersOptions:
    """What `somatone speakers` was asked for. `times` 0 goes round until it is stopped."""

    layout: str
    device: str | None = None
    period: int = 256
    times: int = 1
    render: Path | None = None


def speakers_command(options: SpeakersOptions) -> None:
    """Walk round the loudspeakers, aloud or into a file."""
    layout = find_layout(options.layout)
    Console().print(table_of(layout))
    if options.render:
        _render(layout, options.render)
    else:
        asyncio.run(_walk(layout, options))


def table_of(layout: Layout) -> Table:
    """What is to be connected where."""
    table = Table(title=f"layout {layout.name}")
    for column in ("output", "loudspeaker", "azimuth", "elevation", "says"):
        table.add_column(column)
    for output, (name, place) in enumerate(zip(layout.speakers, layout.positions, strict=True), 1):
        azimuth, elevation = (f"{place[0]:g}°", f"{place[1]:g}°") if place else ("", "")
        table.add_row(str(output), name, azimuth, elevation, f"noise, then {output} tone{'s' if output > 1 else ''}")
    return table


def walk(layout: Layout, times: int) -> Iterator[tuple[float, int]]:
    """When each output begins to speak, in seconds, and its number from 1; `times` 0 never ends."""
    at_s = 0.2
    for turn in count():
        if turn and turn == times:
            return
        for output in range(1, layout.channels + 1):
            yield at_s, output
            at_s += NOISE_S + STEP_S * output + REST_S


def _note(output: int, at_s: float) -> Note:
    return Note("speaker", at_s, {"output": float(output), "level": LEVEL})


def _render(layout: Layout, out: Path) -> None:
    from somatone.sinks.sound.score import render  # noqa: PLC0415
    from somatone.sinks.sound.wiring import Wiring  # noqa: PLC0415

    notes = [_note(output, at_s) for at_s, output in walk(layout, 1)]
    length_s = notes[-1].at_s + NOISE_S + STEP_S * layout.channels + REST_S
    with progress_bar(f"rendering {out.name}") as advance:
        report = render(notes, length_s, out, ["speaker"], {}, 1, advance, Wiring(layout))
    print(f"{report.path}: {layout.channels} channels, {report.seconds:.1f} s")


async def _walk(layout: Layout, options: SpeakersOptions) -> None:
    from somatone.sinks.sound.sink import SoundSettings, SoundSink  # noqa: PLC0415 - supriya takes a second to load
    from somatone.sinks.sound.wiring import Wiring  # noqa: PLC0415

    settings = SoundSettings(device=options.device, period=options.period, wiring=Wiring(layout))
    sink = SoundSink(["speaker"], {}, settings, _say, time.monotonic)
    task = asyncio.create_task(sink.run())
    try:
        await sink.started(START_S)
        begun_s = time.monotonic()
        for at_s, output in walk(layout, options.times):
            await asyncio.sleep(max(0.0, begun_s + at_s - time.monotonic()))
            print(f"output {output} of {layout.channels}: {layout.speakers[output - 1]}", flush=True)
            sink.note("speaker", _note(output, 0.0).values)
        await asyncio.sleep(NOISE_S + STEP_S * layout.channels + REST_S)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, SomatoneError):
            await task


def _say(status: Status) -> None:
    if status.message:
        print(status.message, file=sys.stderr)
