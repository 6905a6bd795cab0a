"""The whole path in one process: a startled body, the real firmware behind a pty, the daemon's own path, the
real scsynth; and the moment, on the audio clock, at which something came out. For tests and benchmarks.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from pathlib import Path

from bench.ears import Ears, ears
from somatone.app import LiveRun
from somatone.clock import HostClock
from somatone.library.synthesise import ensure_library
from somatone.options import RunOptions, SoundOptions
from somatone.pieces.piece import load_piece
from somatone.records import Gate, Record, Status
from somatone.sinks.log import LogSink
from somatone.sinks.opened import sounding
from somatone.sources.simulated import SimulatedSource
from somatone.sources.simulated_body import CLEAN

# Silence until an onset, then grains: the first sound is the answer to the first response.
PROBE = """
name = "probe"
about = "silent until a skin-conductance response"
voices = ["grains"]
[rest]
"grains.density" = 100.0
"grains.level" = 0.0
[[routes]]
from = "eda.onset"
to = "grains.level"
range = [0.0, 1.0]
down_s = 0.1
"""
SETTLED_S = 24.0  # the electrodes have wetted: until then conductance rises by itself


@dataclass(frozen=True, slots=True)
class Heard:
    """One startle: when it was (path seconds), when its gate was emitted, when it was heard. None: never."""

    onset_s: float
    gate_s: float | None
    sound_s: float | None
    interpreter: str


class _Said(LogSink):
    """Keeps the moments at which onsets were said."""

    def __init__(self) -> None:
        super().__init__(None)
        self.onsets_s: list[float] = []
        self.interpreter = ""

    def write(self, record: Record, host_s: float) -> None:
        if isinstance(record, Gate) and record.name == "eda.onset" and record.value:
            self.onsets_s.append(host_s)
        elif isinstance(record, Status) and record.name == "simulated":
            self.interpreter = str(record.value)


def startle_and_listen(folder: Path, period: int = 256, seed: int = 11) -> Heard:
    """Startle a quiet body once and say when it was heard. Takes about 25 s, all of it real time."""
    (folder / "piece.toml").write_text(PROBE)
    return asyncio.run(_listen(folder, period, seed))


async def _listen(folder: Path, period: int, seed: int) -> Heard:
    piece = load_piece(folder / "piece.toml")
    buffers = ensure_library(folder / "library")
    options = RunOptions(piece, sound=SoundOptions(device="dummy", period=period))
    clock, said = HostClock(), _Said()
    run = LiveRun(options, clock, said)
    profile = replace(CLEAN, responses_per_min=0.0, tonic_drift=0.0, skin_noise_nsiemens=0.3)
    source = SimulatedSource("body", seed, run.emit, clock.now_s, profile)
    async with sounding(options.sound, piece, buffers, run.say, clock.now_s) as sound:
        assert sound and sound.jack_name
        with ears(sound.jack_name) as heard:
            run.begin(sound)
            running = asyncio.create_task(source.run())
            try:
                onset_s = await _startle(run, clock, source, running)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
            sound_s = _first_sound(heard, clock, onset_s)
    gates = [at_s for at_s in said.onsets_s if at_s >= onset_s]
    return Heard(onset_s, min(gates, default=None), sound_s, said.interpreter)


async def _startle(run: LiveRun, clock: HostClock, source: SimulatedSource, running: asyncio.Task[None]) -> float:
    """Let the body settle, startle it, wait for the answer; path time of the onset."""
    until_s = clock.now_s() + SETTLED_S
    onset_s = 0.0
    while clock.now_s() < until_s:
        await asyncio.sleep(0.02)
        run.tick(clock.now_s())
        if running.done():
            running.result()
        if not onset_s and clock.now_s() > until_s - 0.1:
            assert source.started_s is not None
            body_s = source.body.startle(clock.now_s() - source.started_s + 0.5, amplitude_nsiemens=600.0)
            onset_s = source.started_s + body_s
            until_s = onset_s + 4.0
    return onset_s


def _first_sound(heard: Ears, clock: HostClock, onset_s: float) -> float | None:
    """Path time at which sound begins, out of silence, after the onset."""
    path_s = time.monotonic() - clock.now_s()
    return min((at_s - path_s for at_s in heard.heard_s if at_s - path_s > onset_s), default=None)
