"""The whole path in one process: a startled body, the real firmware behind a pty, the daemon's own path, the
real scsynth; and a recording of what came out, with the moment at which it began. For tests and benchmarks.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from somatone.app import LiveRun, sounding
from somatone.clock import HostClock
from somatone.library.synthesise import ensure_library
from somatone.options import RunOptions, SoundOptions
from somatone.pieces.piece import load_piece
from somatone.records import Gate, Record, Status
from somatone.sinks.log import LogSink
from somatone.sinks.sound.sink import SoundSink
from somatone.sources.simulated import SimulatedSource
from somatone.sources.simulated_body import CLEAN

# Silence until an onset, then grains: the first sound is the answer to the first response.
PROBE = """
name = "probe"
about = "silent until a skin-conductance response"
voices = ["grains", "pulse"]
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
SILENCE_S = 0.05
HEARD = 10 ** (-50 / 20)  # -50 dBFS: far above nothing, far below a grain


@dataclass(frozen=True, slots=True)
class Heard:
    """One startle: when it was (path seconds), when its gate was emitted, when it was heard. None: never."""

    onset_s: float
    gate_s: float | None
    sound_s: float | None
    interpreter: str


class _Ears(LogSink):
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
    wav = folder / "heard.wav"
    piece = load_piece(folder / "piece.toml")
    buffers = ensure_library(folder / "library")
    options = RunOptions(piece, sound=SoundOptions(device="dummy", period=period, record_to=wav))
    clock, ears = HostClock(), _Ears()
    run = LiveRun(options, clock, ears)
    profile = replace(CLEAN, responses_per_min=0.0, tonic_drift=0.0, skin_noise_nsiemens=0.3)
    source = SimulatedSource("body", seed, run.emit, clock.now_s, profile)
    async with sounding(options.sound, piece, buffers, run.say, clock.now_s) as sound:
        assert sound
        run.begin(sound)
        running = asyncio.create_task(source.run())
        try:
            stroke_s, onset_s = await _startle(run, clock, source, running, sound)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    gates = [at_s for at_s in ears.onsets_s if at_s >= onset_s]
    return Heard(onset_s, min(gates, default=None), _first_sound(wav, stroke_s, onset_s), ears.interpreter)


async def _startle(
    run: LiveRun, clock: HostClock, source: SimulatedSource, running: asyncio.Task[None], sound: SoundSink
) -> tuple[float, float]:
    """Let the body settle, strike once to mark the time, startle it, wait for the answer; path times of both."""
    until_s = clock.now_s() + SETTLED_S
    stroke_s, onset_s = 0.0, 0.0
    while clock.now_s() < until_s:
        await asyncio.sleep(0.02)
        run.tick(clock.now_s())
        if running.done():
            running.result()
        if not stroke_s and clock.now_s() > until_s - 2.0:
            stroke_s = clock.now_s()
            sound.note("pulse", {"level": 1.0, "knock": 1.0, "decay": 0.08})
        if not onset_s and clock.now_s() > until_s - 0.1:
            assert source.started_s is not None
            body_s = source.body.startle(clock.now_s() - source.started_s + 0.5, amplitude_nsiemens=600.0)
            onset_s = source.started_s + body_s
            until_s = onset_s + 4.0
    return stroke_s, onset_s


def _first_sound(wav: Path, stroke_s: float, onset_s: float) -> float | None:
    """Path time at which sound begins, out of silence, after the onset; the first of all was the stroke."""
    sound, rate_hz = soundfile.read(wav, always_2d=True)
    loud = np.flatnonzero(np.abs(sound).max(axis=1) > HEARD)
    if not len(loud):
        return None
    beginnings = loud[1:][np.diff(loud) > SILENCE_S * rate_hz]
    after = beginnings[beginnings > loud[0] + (onset_s - stroke_s) * rate_hz]
    return stroke_s + (int(after[0]) - int(loud[0])) / int(rate_hz) if len(after) else None
