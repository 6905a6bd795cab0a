"""What a person sees of a run: the live view where there is a terminal, else a summary line now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live as RichLive

from somatone.clock import HostClock
from somatone.options import RunOptions
from somatone.sinks.terminal import draw

if TYPE_CHECKING:
    from somatone.app import LiveRun
    from somatone.sinks.sound.sink import SoundSink

VIEW_S = 0.125
SUMMARY_S = 5.0


async def watch_run(options: RunOptions, run: LiveRun, clock: HostClock, sound: SoundSink | None) -> None:
    """The live view where there is a terminal, else a summary line now and then."""

    def peaks() -> tuple[float, ...]:
        return sound.meter.peak if sound else (0.0,)

    if options.plain:
        await _summaries(run, clock, peaks)
    else:
        await _view(run, clock, peaks, f"somatone · {options.piece.name} · {options.source} · Ctrl-C ends")


async def _summaries(run: LiveRun, clock: HostClock, peaks: Callable[[], tuple[float, ...]]) -> None:
    loudest = 0.0
    next_s = SUMMARY_S
    while True:
        await asyncio.sleep(VIEW_S)
        loudest = max(loudest, *peaks())
        if clock.now_s() >= next_s:
            run.plain.summary(clock.now_s(), run.monitor, (loudest,))
            loudest, next_s = 0.0, next_s + SUMMARY_S


async def _view(run: LiveRun, clock: HostClock, peaks: Callable[[], tuple[float, ...]], header: str) -> None:
    console = Console()
    with RichLive(console=console, auto_refresh=False, screen=True) as live:
        while True:
            sound = "" if run.options.sound.on else "sound is off"
            picture = draw(run.monitor, header, sound, peaks(), clock.now_s())
            await asyncio.to_thread(live.update, picture, refresh=True)
            await asyncio.sleep(VIEW_S)
