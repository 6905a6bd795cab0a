"""The sinks of one run, each opened for as long as it lasts and closed however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from collections.abc import Mapping as MappingOf
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from somatone.clock import HostClock
from somatone.errors import SomatoneError
from somatone.mapping.routes import Mapping
from somatone.options import RunOptions, SoundOptions
from somatone.pieces.outside import OUTSIDE_VOICES
from somatone.pieces.piece import Piece
from somatone.records import Action, Control, Note, Status
from somatone.sinks.e4_service.faults import Faults
from somatone.sinks.e4_service.server import E4Server
from somatone.sinks.e4_service.service import E4Service
from somatone.sinks.e4_service.sink import E4ServiceSink
from somatone.sinks.recording.sink import RecordingSink

if TYPE_CHECKING:
    from somatone.sinks.page.sink import PageSink
    from somatone.sinks.sound.sink import SoundSink

SOUND_START_S = 20.0


def play(sound: SoundSink, action: Action) -> None:
    """One control or note to the sound sink, unless it is for Live or MIDI."""
    if action.voice in OUTSIDE_VOICES:
        return
    if isinstance(action, Control):
        sound.control(action.voice, action.control, action.value)
    elif isinstance(action, Note):
        sound.note(action.voice, dict(action.values))


def recorder_of(options: RunOptions, say: Callable[[str, str], None]) -> RecordingSink | None:
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
