"""A daemon that ticks with a heart, and ears at scsynth's output: what latency is measured on.

Everything is real: the firmware behind a pty, board protocol, timeline, the pulse's rule, a route of a piece, OSC,
scsynth, and the limiter, which by itself is late by 24 samples (0.5 ms). The heart beats 210 times a minute so that
there are enough events. A voice whose first sample speaks is played, because those of the pieces swell on purpose.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from bench.ears import Ears, ears, raw_ns
from somatone.app import LiveRun
from somatone.clock import HostClock
from somatone.options import RunOptions, SoundOptions
from somatone.pieces.piece import load_piece
from somatone.records import Status
from somatone.sinks.log import LogSink
from somatone.sinks.opened import sounding
from somatone.sinks.sound.sink import SoundSink
from somatone.sources import board
from somatone.sources.simulated import SimulatedSource
from somatone.sources.simulated_body import CLEAN, SimulatedBody

WITHIN_NS = 120_000_000  # what is heard later than this is not the answer
PIECE = """
name = "latency"
about = "each beat is a click"
voices = ["tick"]
[rest]
"master.level" = 1.0
[[notes]]
from = "pulse.beat"
voice = "tick"
values = { level = 1.0, pitch = 4000, ring = 0.02, grit = 0.0, repeats = 1, room = 0.0 }
"""
HEART = replace(CLEAN, heart_bpm=210.0, heart_drift_bpm=6.0, responses_per_min=0.0)


@dataclass(frozen=True, slots=True)
class Latency:
    """Of one stretch: milliseconds from bytes read to sound, of it to the note sent, and from there on."""

    whole_ms: list[float]
    path_ms: list[float]
    rest_ms: list[float]
    unheard: int
    xruns: int


@dataclass(slots=True)
class _Stamps:
    """Moments on the audio clock: when the bytes of a beat were there, and when its note was sent."""

    read_ns: int = 0
    beats: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class LatencyStage:
    """The running daemon. `run.emit` takes what another source says beside the heart."""

    run: LiveRun
    clock: HostClock
    _stamps: _Stamps
    _heard: Ears
    _playing: asyncio.Task[None]

    async def listen(self, events: int, longest_s: float) -> Latency:
        """Until so many beats were played, from now on, or so long."""
        first, xruns, until_s = len(self._stamps.beats), self._heard.xruns, self.clock.now_s() + longest_s
        while len(self._stamps.beats) < first + events and self.clock.now_s() < until_s:
            await asyncio.sleep(0.02)
            self.run.tick(self.clock.now_s())
            if self._playing.done():
                self._playing.result()
        await asyncio.sleep(0.2)
        return _latency(self._stamps.beats[first : first + events], self._heard, xruns)


@contextlib.asynccontextmanager
async def latency_stage(period: int, seconds: int) -> AsyncIterator[LatencyStage]:
    """Plays with periods of so many frames; the heart is drawn for so many seconds."""
    stamps, drawn = _Stamps(), _Drawn(SimulatedBody(7, HEART), seconds)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "piece.toml").write_text(PIECE)
        piece = load_piece(Path(folder) / "piece.toml")
    options = RunOptions(piece, sound=SoundOptions(device="dummy", period=period))
    clock = HostClock()
    run = LiveRun(options, clock, LogSink(None))
    async with sounding(options.sound, piece, {}, _nothing, clock.now_s) as sound:
        assert sound and sound.jack_name
        sound.__class__, sound.stamps = _Stamped, stamps  # type: ignore[attr-defined]
        with ears(sound.jack_name) as heard, _reading(stamps):
            run.begin(sound)
            source = SimulatedSource("body", 7, run.emit, clock.now_s, HEART)
            source.body = drawn  # type: ignore[assignment]
            playing = asyncio.create_task(source.run())
            try:
                yield LatencyStage(run, clock, stamps, heard, playing)
            finally:
                playing.cancel()
                await asyncio.gather(playing, return_exceptions=True)


class _Drawn:
    """A body that was drawn beforehand: drawing it while it plays would hold up the loop as no real body does."""

    def __init__(self, body: SimulatedBody, seconds: int) -> None:
        self._seconds = [body.records(at, at + 1) for at in range(seconds)]

    def records(self, from_s: int, to_s: int) -> bytes:
        return b"".join(self._seconds[from_s:to_s])


class _Stamped(SoundSink):
    """The sink, noting when a note has left it."""

    stamps: _Stamps

    def note(self, voice: str, values: Mapping[str, float]) -> None:
        super().note(voice, values)
        self.stamps.beats.append((self.stamps.read_ns, raw_ns()))


@contextlib.contextmanager
def _reading(stamps: _Stamps) -> Iterator[None]:
    """Stamps each read of the descriptor, the moment it returns."""
    original = board.BoardSource._on_bytes

    def stamped(self: board.BoardSource, data: bytes) -> None:
        stamps.read_ns = raw_ns()
        original(self, data)

    board.BoardSource._on_bytes = stamped  # type: ignore[method-assign]
    try:
        yield
    finally:
        board.BoardSource._on_bytes = original  # type: ignore[method-assign]


def _latency(beats: list[tuple[int, int]], heard: Ears, xruns_before: int) -> Latency:
    sounds = np.array(heard.heard_ns, dtype=np.int64)
    found = Latency([], [], [], 0, heard.xruns - xruns_before)
    unheard = 0
    for read_ns, sent_ns in beats:
        after = sounds[(sounds > read_ns) & (sounds < read_ns + WITHIN_NS)]
        if not len(after):
            unheard += 1
            continue
        found.whole_ms.append((after[0] - read_ns) / 1e6)
        found.path_ms.append((sent_ns - read_ns) / 1e6)
        found.rest_ms.append((after[0] - sent_ns) / 1e6)
    return replace(found, unheard=unheard)


def _nothing(_: Status) -> None:
    pass
