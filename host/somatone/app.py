"""The path on one screen, live: builds source, path and sinks, owns every task, and takes them all down again.

    source --emit--> Path --records--> sound, outlets (OSC, Live, MIDI), log, monitor
               `---> recorder (what goes in, and when)

Everything here runs in one asyncio loop. `emit` is called by the source and reaches the sound server in the same call;
the log, the monitor and the view come after it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from somatone import __version__
from somatone.clock import HostClock
from somatone.live_view import watch_run
from somatone.options import RunOptions
from somatone.orders import Orders
from somatone.path import Path
from somatone.pieces.piece import Piece
from somatone.pieces.watching import watch_piece
from somatone.records import Action, Chunk, Gate, Record, Sourced, Status
from somatone.sinks.e4_service.sink import E4ServiceSink
from somatone.sinks.log import LogSink
from somatone.sinks.monitor import Monitor
from somatone.sinks.opened import play, recorder_of, recording, serving, showing, sounding
from somatone.sinks.osc.allow import Order, Reload
from somatone.sinks.outlets import Outlets, outlets
from somatone.sinks.recording.layout import Facts
from somatone.sinks.recording.sink import RecordingSink, recording_status
from somatone.sinks.terminal import PlainLines
from somatone.sources.choose import make_sources
from somatone.stopping import stop_signals, until, unwrapped
from somatone.timeline.live_clock import LiveClocks

if TYPE_CHECKING:
    from somatone.sinks.page.sink import PageSink
    from somatone.sinks.sound.sink import SoundSink

TICKER_S = 0.02  # how often the path is asked whether a tick is due
VIEW_S = 0.125
SUMMARY_S = 5.0
SNAPSHOT_S = 2.0  # how often an open page is shown all pairs
SOUND_START_S = 20.0


@dataclass(slots=True)
class RunReport:
    """What a run was, for its last line."""

    seconds: float = 0.0
    peak: float = 0.0
    beats: int = 0
    onsets: int = 0
    boots: int = 0
    losses: str = ""
    kept_in: FilePath | None = None
    not_kept: int = 0


class LiveRun:
    """One run of a piece: the path and its sinks, fed by `emit`."""

    def __init__(
        self, options: RunOptions, clock: HostClock, log: LogSink, recorder: RecordingSink | None = None
    ) -> None:
        self.options = options
        self.monitor = Monitor()
        self.plain = PlainLines()
        self.report = RunReport()
        self._clock = clock
        self._log = log
        self._recorder = recorder
        self._begun = False
        self._sound: SoundSink | None = None
        self._bands: E4ServiceSink | None = None
        self._outlets = Outlets()
        self._page: PageSink | None = None
        self._snapshot_s = 0.0
        self._path = Path(options.piece, LiveClocks(), self._on_chunk)
        self._orders = Orders(options.piece, self._path, self._dispatch, self.say)
        self._say_plain = options.plain

    def begin(
        self,
        sound: SoundSink | None,
        bands: E4ServiceSink | None = None,
        opened: Outlets | None = None,
        page: PageSink | None = None,
    ) -> None:
        """Time starts: every control gets its first value."""
        self._sound, self._bands, self._outlets, self._page = sound, bands, opened or self._outlets, page
        self._begun = True
        now_s = self._clock.now_s()
        if self._recorder:
            self._recorder.start(_facts(self.options.piece, now_s, self._clock.now_s()))
        for record in self._path.start(now_s):
            self._dispatch(record, now_s)

    def emit(self, item: Sourced) -> None:
        """Called by the source for everything it has; the sound hears it before this returns."""
        now_s = self._clock.now_s()
        self.tick(now_s)
        self._record(now_s, item)
        for record in self._path.feed(item):
            self._dispatch(record, now_s)

    def tick(self, now_s: float) -> None:
        """Run the mapping's ticks that are due."""
        for tick_s, record in self._path.advance(now_s):
            self._dispatch(record, tick_s)
        if self._page and self._page.audience and now_s >= self._snapshot_s:
            self._snapshot_s = now_s + SNAPSHOT_S
            self._page.put(self._path.correlations.snapshot(), now_s)

    def say(self, status: Status) -> None:
        """A sink's own word (the sound server died, came back): shown and logged, never mapped."""
        now_s = self._clock.now_s()
        if self._begun:
            self.tick(now_s)
        self._record(now_s, status)
        self._dispatch(status, now_s)

    def obey(self, order: Order) -> None:
        """What somebody who is listed orders by OSC."""
        now_s = self._clock.now_s()
        self.tick(now_s)
        self._orders.obey(order, now_s)

    def _record(self, now_s: float, item: Sourced) -> None:
        if self._recorder:
            self._recorder.put(now_s, item)

    def _on_chunk(self, chunk: Chunk) -> None:
        self.monitor.on_chunk(chunk)
        if self._page:
            self._page.put(chunk, self._clock.now_s())
        if self._bands and chunk.leads:
            self._bands.feed(chunk, self._clock.now_s())

    def _dispatch(self, record: Record, now_s: float) -> None:
        if self._sound and isinstance(record, Action) and not self._orders.silences(record):
            play(self._sound, record)
        self._outlets.put(record)
        if self._page:
            self._page.put(record, now_s)
        if self._bands and isinstance(record, Gate | Status):
            self._bands.feed(record, now_s)
        self._log.write(record, now_s)
        self.monitor.on_record(record, now_s)
        if self._say_plain:
            self.plain.on_record(record, now_s)


def _facts(piece: Piece, origin_s: float, now_s: float) -> Facts:
    """What a replay must know of this run; UTC is for people and files only."""
    start_utc_ns = time.time_ns() - round(now_s * 1e9)
    return Facts(start_utc_ns, origin_s=origin_s, piece=piece.name, version=__version__)


async def run_live(options: RunOptions, buffers: MappingOf[str, FilePath]) -> RunReport:
    """Run until cancelled, or for `for_s` seconds. Raises `SomatoneError` where it cannot go on."""
    clock = HostClock()
    with LogSink(options.log) as log:
        recorder = recorder_of(options, lambda value, message: run.say(recording_status(value, message, clock.now_s())))
        run = LiveRun(options, clock, log, recorder)
        sources = make_sources(options.source, options.seed, run.emit, clock.now_s, options.piece.sections)
        stop = stop_signals()
        async with (
            recording(recorder),
            serving(options.e4_port, clock) as bands,
            sounding(options.sound, options.piece, buffers, run.say, clock.now_s) as sound,
            outlets(options.out, options.piece, run.say, run.obey, clock.now_s) as opened,
            showing(options.page_port, options.piece, run.say, clock.now_s) as page,
        ):
            run.begin(sound, bands, opened, page)
            with unwrapped():
                async with asyncio.TaskGroup() as tasks:
                    for source in sources:
                        tasks.create_task(source.run())
                    tasks.create_task(_ticker(run, clock, sound))
                    tasks.create_task(watch_run(options, run, clock, sound))
                    tasks.create_task(watch_piece(options.piece, lambda: run.obey(Reload())))
                    tasks.create_task(until(stop, options.for_s))
            run.report.boots = sound.meter.boots if sound else 0
        if recorder:
            run.report.kept_in, run.report.not_kept = recorder.run, recorder.dropped
        run.report.seconds = clock.now_s()
        run.report.beats = run.monitor.counts.get("pulse.beat", 0)
        run.report.onsets = run.monitor.counts.get("eda.onset", 0)
        losses = {**run.monitor.losses, **opened.losses(), **(page.losses() if page else {})}
        run.report.losses = ", ".join(f"{name} {count}" for name, count in losses.items() if count)
        return run.report


async def _ticker(run: LiveRun, clock: HostClock, sound: SoundSink | None) -> None:
    while True:
        await asyncio.sleep(TICKER_S)
        run.tick(clock.now_s())
        if sound:
            run.report.peak = max(run.report.peak, *sound.meter.peak)
