"""`somatone serve-e4`: an E4 streaming server in front of a source, for programs that were written for the E4."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from somatone.clock import HostClock
from somatone.errors import UsageError
from somatone.gating.stage import Gating
from somatone.recorded import Session, open_session, session_clocks, session_items
from somatone.records import Gate, Picture, Sourced, Status
from somatone.sinks.e4_service.band import Band
from somatone.sinks.e4_service.device import DeviceModel
from somatone.sinks.e4_service.faults import Faults
from somatone.sinks.e4_service.feeds import ArchiveFeed
from somatone.sinks.e4_service.server import E4Server
from somatone.sinks.e4_service.service import E4Service
from somatone.sinks.e4_service.sink import E4ServiceSink, band_id
from somatone.sources.choose import make_source
from somatone.sources.e4_files import E4Session
from somatone.timeline.live_clock import LiveClocks
from somatone.timeline.timeline import ClockMaker, Timeline


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What `somatone serve-e4` was asked for. `faults` is kind and number (`faults.parse_faults`)."""

    source: str = "simulated"
    host: str = "127.0.0.1"
    port: int = 28000
    faults: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    speed: float = 1.0
    for_s: float | None = None


def serve_e4_command(options: ServeOptions) -> None:
    """Serve until Ctrl-C, or for `for_s`. Raises `SomatoneError`."""
    kind, _, path = options.source.partition(":")
    recorded = kind in ("archive", "recording")
    if recorded and not path:
        raise UsageError(f"--from {kind} needs a path: {kind}:PATH.")
    if not recorded and options.speed != 1.0:
        raise UsageError("--speed is for archives and recordings: a live source has its own pace.")
    session = open_session(Path(path)) if recorded else None
    with contextlib.suppress(TimeoutError):
        asyncio.run(_serve(options, session))


async def _serve(options: ServeOptions, session: Session | None) -> None:
    clock = HostClock()

    def now_s() -> float:
        return clock.now_s() * options.speed

    service = E4Service(Faults(options.faults, options.seed), time.time() - now_s())
    name = session.name if session else options.source
    async with (
        asyncio.timeout(options.for_s),
        E4Server(service, options.host, options.port, now_s) as server,
        asyncio.TaskGroup() as tasks,
    ):
        print(f"E4 clients are served {name} at {server.host}:{server.port}; Ctrl-C ends.", flush=True)
        if isinstance(session, E4Session):
            feed = ArchiveFeed(session, loop=True)
            DeviceModel(service, Band(band_id(session.name), service.faults), feed, streams=feed.streams)
        else:
            _through_timeline(tasks, service, options, session, now_s)
        print(f"bands: {', '.join(band.id for band in service.bands) or 'as they come'}", flush=True)


def _through_timeline(
    tasks: asyncio.TaskGroup,
    service: E4Service,
    options: ServeOptions,
    session: Session | None,
    now_s: Callable[[], float],
) -> None:
    """A live source or a recording: what the timeline makes of it, as the daemon would serve it."""
    feeder = _Feeder(E4ServiceSink(service), session_clocks(session) if session else LiveClocks(), now_s)
    if session:
        tasks.create_task(_play(session, feeder, now_s, options.speed))
    else:
        tasks.create_task(make_source(options.source, options.seed, feeder.emit, now_s).run())


class _Feeder:
    """Timeline and gates between a source and the sink."""

    def __init__(self, sink: E4ServiceSink, clocks: ClockMaker, now_s: Callable[[], float]) -> None:
        self._sink = sink
        self._timeline = Timeline(clocks)
        self._gating = Gating()
        self._now_s = now_s

    def emit(self, item: Sourced) -> None:
        now_s = self._now_s()
        if isinstance(item, Picture):
            return
        if isinstance(item, Status):
            self._sink.feed(item, now_s)
            if item.message:
                print(item.message, file=sys.stderr, flush=True)
            return
        for chunk in self._timeline.feed(item):
            if isinstance(chunk, Status):
                continue
            self._sink.feed(chunk, now_s)
            for event in self._gating.feed(chunk):
                if isinstance(event, Gate):
                    self._sink.feed(event, now_s)


async def _play(session: Session, feeder: _Feeder, now_s: Callable[[], float], speed: float) -> None:
    """A recording at its own pace, once."""
    begun_s = now_s()
    for time_s, item in session_items(session):
        await asyncio.sleep((time_s - (now_s() - begun_s)) / speed)
        feeder.emit(item)
    print("The recording is at its end.", flush=True)
