"""How long a frame of the board needs to be heard: from its bytes at our descriptor to a change at scsynth's output.

Everything is real: the firmware behind a pty, board protocol, timeline, the pulse's rule, a route of a piece, OSC,
scsynth, and the limiter, which by itself is late by 24 samples (0.5 ms). The heart beats 210 times a minute so that
there are enough events. A voice whose first sample speaks is played, because those of the pieces swell on purpose.
The card's own delay (about as many periods as it has) comes on top of every figure, and what the machine by itself is
late stands under it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from bench.ears import Ears, can_listen, ears, raw_ns
from bench.figures import Figure
from bench.wake_ups import wake_ups
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

PERIODS = (64, 128, 256, 1024)
EVENTS = 305
LONGEST_S = 150.0
WITHIN_NS = 120_000_000  # what is heard later than this is not the answer
BARS = {128: "median <= 3, p99 <= 8 ms"}
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


@dataclass(slots=True)
class _Stamps:
    """Moments on the audio clock: when the bytes of a beat were there, and when its note was sent."""

    read_ns: int = 0
    beats: list[tuple[int, int]] = field(default_factory=list)


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


def sound_latency() -> Iterator[Figure]:
    """One line for each period, and one for where the time goes."""
    if not can_listen():
        yield Figure("frame read to change of sound", "", "not measured: gcc is not installed")
        return
    for period in PERIODS:
        yield from asyncio.run(_measure(period))
        yield from wake_ups(period / 48_000)


async def _measure(period: int) -> Iterator[Figure]:
    stamps, drawn = _Stamps(), _Drawn(SimulatedBody(7, HEART), int(LONGEST_S) + 20)
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
                    await _enough(run, clock, stamps, playing)
                finally:
                    playing.cancel()
                    await asyncio.gather(playing, return_exceptions=True)
                return iter(list(_figures(period, stamps, heard)))


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


async def _enough(run: LiveRun, clock: HostClock, stamps: _Stamps, playing: asyncio.Task[None]) -> None:
    until_s = clock.now_s() + LONGEST_S
    while len(stamps.beats) < EVENTS and clock.now_s() < until_s:
        await asyncio.sleep(0.02)
        run.tick(clock.now_s())
        if playing.done():
            playing.result()
    await asyncio.sleep(0.2)


def _figures(period: int, stamps: _Stamps, heard: Ears) -> Iterator[Figure]:
    sounds = np.array(heard.heard_ns, dtype=np.int64)
    whole, path, rest, unheard = [], [], [], 0
    for read_ns, sent_ns in stamps.beats:
        after = sounds[(sounds > read_ns) & (sounds < read_ns + WITHIN_NS)]
        if not len(after):
            unheard += 1
            continue
        whole.append((after[0] - read_ns) / 1e6)
        path.append((sent_ns - read_ns) / 1e6)
        rest.append((after[0] - sent_ns) / 1e6)
    if not whole:
        yield Figure(f"frame read to sound, period {period}", "", f"nothing was heard of {len(stamps.beats)} beats")
        return
    load = os.getloadavg()[0]
    about = f"{len(whole)} events, {unheard} unheard, {heard.xruns} xruns, load {load:.1f}"
    yield Figure(
        f"frame read to sound, period {period} ({period / 48:.2f} ms)", BARS.get(period, ""), f"{_ms(whole)}; {about}"
    )
    yield Figure("   of it: bytes to note sent | scsynth and the wait for its period", "", f"{_ms(path)} | {_ms(rest)}")


def _ms(values: list[float]) -> str:
    median, p99, most = np.percentile(values, (50, 99, 100))
    return f"median {median:.2f}, p99 {p99:.2f}, max {most:.2f} ms"


def _nothing(_: Status) -> None:
    pass
