"""The path on one screen, live: builds source, path and sinks, owns every task, and takes them all down again.

    source --emit--> Path --records--> sound, outlets (OSC, Live, MIDI), log, monitor
               `---> recorder (what goes in, and when)

Everything here runs in one asyncio loop. `emit` is called by the source and reaches the sound server in the same call;
the log, the monitor and the view come after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live as RichLive

from somatone import __version__
from somatone.clock import HostClock
from somatone.errors import SomatoneError
from somatone.mapping.routes import Mapping
from somatone.options import RunOptions, SoundOptions
from somatone.orders import Orders
from somatone.path import Path
from somatone.pieces.outside import OUTSIDE_VOICES
from somatone.pieces.piece import Piece
from somatone.pieces.watching import watch_piece
from somatone.records import Action, Chunk, Control, Gate, Note, Record, Sourced, Status
from somatone.sinks.e4_service.faults import Faults
from somatone.sinks.e4_service.server import E4Server
from somatone.sinks.e4_service.service import E4Service
from somatone.sinks.e4_service.sink import E4ServiceSink
from somatone.sinks.log import LogSink
from somatone.sinks.monitor import Monitor
from somatone.sinks.osc.allow import Order, Reload
from somatone.sinks.outlets import Outlets, outlets
from somatone.sinks.recording.layout import Facts
from somatone.sinks.recording.sink import RecordingSink, recording_status
from somatone.sinks.terminal import PlainLines, draw
from somatone.sources.choose import make_sources
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


def play(sound: SoundSink, action: Action) -> None:
    """One control or note to the sound sink, unless it is for Live or MIDI."""
    if action.voice in OUTSIDE_VOICES:
        return
    if isinstance(action, Control):
        sound.control(action.voice, action.control, action.value)
    elif isinstance(action, Note):
        sound.note(action.voice, dict(action.values))


async def run_live(options: RunOptions, buffers: MappingOf[str, FilePath]) -> RunReport:
    """Run until cancelled, or for `for_s` seconds. Raises `SomatoneError` where it cannot go on."""
    clock = HostClock()
    with LogSink(options.log) as log:
        recorder = _recorder(options, lambda value, message: run.say(recording_status(value, message, clock.now_s())))
        run = LiveRun(options, clock, log, recorder)
        sources = make_sources(options.source, options.seed, run.emit, clock.now_s, options.piece.sections)
        stop = _stop_signals()
        async with (
            recording(recorder),
            serving(options.e4_port, clock) as bands,
            sounding(options.sound, options.piece, buffers, run.say, clock.now_s) as sound,
            outlets(options.out, options.piece, run.say, run.obey, clock.now_s) as opened,
            showing(options.page_port, options.piece, run.say, clock.now_s) as page,
        ):
            run.begin(sound, bands, opened, page)
            with _unwrapped():
                async with asyncio.TaskGroup() as tasks:
                    for source in sources:
                        tasks.create_task(source.run())
                    tasks.create_task(_ticker(run, clock, sound))
                    tasks.create_task(_watch(options, run, clock, sound))
                    tasks.create_task(watch_piece(options.piece, lambda: run.obey(Reload())))
                    tasks.create_task(_until(stop, options.for_s))
            run.report.boots = sound.meter.boots if sound else 0
        if recorder:
            run.report.kept_in, run.report.not_kept = recorder.run, recorder.dropped
        run.report.seconds = clock.now_s()
        run.report.beats = run.monitor.counts.get("pulse.beat", 0)
        run.report.onsets = run.monitor.counts.get("eda.onset", 0)
        losses = {**run.monitor.losses, **opened.losses(), **(page.losses() if page else {})}
        run.report.losses = ", ".join(f"{name} {count}" for name, count in losses.items() if count)
        return run.report


def _recorder(options: RunOptions, say: Callable[[str, str], None]) -> RecordingSink | None:
    """The recorder, if one was asked for; it speaks from its own thread, and is heard in the loop's."""
    if options.session is None:
        return None
    loop = asyncio.get_running_loop()

    def say_in_loop(value: str, message: str) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            loop.call_soon_threadsafe(say, value, message)

    return RecordingSink(options.session, say_in_loop)


@contextlib.asynccontextmanager
async def recording(recorder: RecordingSink | None) -> AsyncIterator[None]:
    """The recorder's file is closed however the run ends; until then nobody waits for it."""
    try:
        yield
    finally:
        if recorder:
            await asyncio.to_thread(recorder.close)


@contextlib.asynccontextmanager
async def serving(port: int | None, clock: HostClock) -> AsyncIterator[E4ServiceSink | None]:
    """An E4 streaming server on this machine, for programs that were written for the E4; None without a port."""
    if port is None:
        yield None
        return
    service = E4Service(Faults({}, 0), time.time() - clock.now_s())
    async with E4Server(service, "127.0.0.1", port, clock.now_s):
        yield E4ServiceSink(service)


@contextlib.asynccontextmanager
async def showing(
    port: int | None, piece: Piece, say: Callable[[Status], None], now_s: Callable[[], float]
) -> AsyncIterator[PageSink | None]:
    """The page with the stage; None without a port. It speaks from its own thread, and is heard in the loop's."""
    if port is None:
        yield None
        return
    try:
        from somatone.sinks.page.sink import PageSink  # noqa: PLC0415 - half a second of other people's code
    except ImportError as error:
        say(Status("page", "off", now_s(), f"There is no stage, for {error.name} is missing: pip install '.[page]'."))
        yield None
        return
    loop = asyncio.get_running_loop()

    def say_in_loop(value: str, message: str) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            loop.call_soon_threadsafe(lambda: say(Status("page", value, now_s(), message)))

    page = PageSink(piece.stage, piece.name, port, now_s, say_in_loop)
    page.start()
    try:
        yield page
    finally:
        await asyncio.to_thread(page.close)


class _Stopped(Exception):
    """The run is over because somebody asked for it, or its time is up."""


def _stop_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set, so that everything is taken down in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop.set)
    return stop


async def _until(stop: asyncio.Event, for_s: float | None) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), for_s)
    raise _Stopped


@contextlib.contextmanager
def _unwrapped() -> Iterator[None]:
    """A task group's errors as the one that a person should read; being stopped is none."""
    try:
        yield
    except BaseExceptionGroup as group:
        errors = [error for error in _leaves(group) if not isinstance(error, _Stopped)]
        for error in errors:
            if isinstance(error, SomatoneError):
                raise error from None
        if errors:
            raise


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


@contextlib.asynccontextmanager
async def sounding(
    options: SoundOptions,
    piece: Piece,
    buffers: MappingOf[str, FilePath],
    say: Callable[[Status], None],
    now_s: Callable[[], float],
) -> AsyncIterator[SoundSink | None]:
    """The sound sink, sounding the piece at rest; stopped again however the run ends."""
    if not options.on:
        yield None
        return
    from somatone.sinks.sound.sink import SoundSettings, SoundSink  # noqa: PLC0415 - supriya takes a second to load
    from somatone.sinks.sound.wiring import wire_piece  # noqa: PLC0415

    settings = SoundSettings(
        period=options.period,
        device=options.device,
        port=options.port,
        seed=options.seed,
        record_to=options.record_to,
        wiring=wire_piece(piece, options.layout),
    )
    sink = SoundSink(piece.voices, buffers, settings, say, now_s)
    for action in Mapping(piece).start(now_s()):  # before it sounds, so that the first moment is the piece's own
        play(sink, action)
    task = asyncio.create_task(sink.run())
    try:
        await _started(task, sink.started(SOUND_START_S))
        yield sink
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, SomatoneError):
            await task


async def _started(task: asyncio.Task[None], started: Coroutine[None, None, None]) -> None:
    """Wait until it sounds; if the sink gives up first, its own error is the one to show."""
    waiting = asyncio.create_task(started)
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        await (task if task.done() else waiting)
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def _ticker(run: LiveRun, clock: HostClock, sound: SoundSink | None) -> None:
    while True:
        await asyncio.sleep(TICKER_S)
        run.tick(clock.now_s())
        if sound:
            run.report.peak = max(run.report.peak, *sound.meter.peak)


async def _watch(options: RunOptions, run: LiveRun, clock: HostClock, sound: SoundSink | None) -> None:
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
