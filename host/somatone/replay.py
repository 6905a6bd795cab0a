"""Replays a recorded session: to the log alone, live through the sound server at any speed, or rendered offline.

The same iterator of records feeds all three, so the log does not depend on how the replay is heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from somatone.clock import HostClock
from somatone.options import ReplayOptions
from somatone.pieces.outside import OUTSIDE_VOICES
from somatone.recorded import TAIL_S, Session, session_records
from somatone.records import Action, Control, Note, Record, Status
from somatone.sinks.log import LogSink
from somatone.sinks.monitor import Monitor
from somatone.sinks.opened import play, showing, sounding
from somatone.sinks.outlets import outlets

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What came out: the log's hash, and the sound's measures where there was sound (linear, full scale 1)."""

    lines: int
    log_sha256: str
    beats: int
    onsets: int
    peak: float | None = None
    rms: float | None = None
    sound_sha256: str | None = None
    stems: tuple[Path, ...] = ()


def _logged(records: Iterator[tuple[float, Record]], log: LogSink, monitor: Monitor) -> Iterator[tuple[float, Record]]:
    for host_s, record in records:
        log.write(record, host_s)
        monitor.on_record(record, host_s)
        yield host_s, record


def replay_fast(session: Session, options: ReplayOptions, progress: Progress) -> ReplayReport:
    """As fast as it goes, to the log only."""
    with LogSink(options.log) as log:
        monitor = Monitor()
        for host_s, _ in _logged(session_records(session, options.piece), log, monitor):
            progress(host_s / session.length_s)
        return _report(log, monitor)


def replay_rendered(
    session: Session, options: ReplayOptions, buffers: Mapping[str, Path], progress: Progress
) -> ReplayReport:
    """Offline, by scsynth's non-realtime mode, faster than real time; equal runs give equal samples."""
    from somatone.sinks.sound.score import render  # noqa: PLC0415 - replay without sound stays light
    from somatone.sinks.sound.wiring import wire_piece  # noqa: PLC0415

    assert options.render
    with LogSink(options.log) as log:
        monitor = Monitor()

        def actions() -> Iterator[Control | Note]:
            for host_s, record in _logged(session_records(session, options.piece), log, monitor):
                if isinstance(record, Action) and record.voice not in OUTSIDE_VOICES:
                    yield emitted(record, host_s)

        rendered = render(
            actions(),
            session.length_s + TAIL_S,
            options.render,
            options.piece.voices,
            buffers,
            options.seed,
            progress,
            wire_piece(options.piece, options.sound.layout),
            options.stems,
        )
        report = _report(log, monitor)
    return replace(report, peak=rendered.peak, rms=rendered.rms, sound_sha256=rendered.sha256, stems=rendered.stems)


def emitted(action: Action, host_s: float) -> Action:
    """The action as it would have sounded live: when it was emitted, not at the signal time that it speaks of."""
    if isinstance(action, Control):
        return Control(action.voice, action.control, action.value, host_s)
    return Note(action.voice, host_s, action.values)


async def replay_live(
    session: Session,
    options: ReplayOptions,
    speed: float,
    buffers: Mapping[str, Path],
    say: Callable[[Status], None],
    progress: Progress,
) -> ReplayReport:
    """Through the live sound server, `speed` times as fast as it was."""
    clock = HostClock()
    with LogSink(options.log) as log:
        monitor = Monitor()
        async with (
            sounding(options.sound, options.piece, buffers, say, clock.now_s) as sound,
            outlets(options.out, options.piece, say, lambda order: None, clock.now_s) as opened,
            showing(options.page_port, options.piece, say, clock.now_s) as page,
        ):
            start_s = clock.now_s()
            on_chunk = (lambda chunk: page.put(chunk, clock.now_s())) if page else None
            for host_s, record in _logged(session_records(session, options.piece, on_chunk), log, monitor):
                ahead_s = start_s + host_s / speed - clock.now_s()
                if ahead_s > 0:
                    progress(host_s / session.length_s)
                    await asyncio.sleep(ahead_s)
                if sound and isinstance(record, Action):
                    play(sound, record)
                opened.put(record)
                if page:
                    page.put(record, clock.now_s())
        return _report(log, monitor)


def _report(log: LogSink, monitor: Monitor) -> ReplayReport:
    counts = monitor.counts
    return ReplayReport(log.lines, log.sha256, counts.get("pulse.beat", 0), counts.get("eda.onset", 0))
