"""Renders a piece to a file with scsynth's non-realtime mode: the same state and messages as live, faster than time.

Surprises it guards against: scsynth exits with 0 and writes silence when a recording or a definition is missing; every
packet would print a line; the file's length is rounded up to a block; without the seed two renders differ.
"""

from __future__ import annotations

import hashlib
import heapq
import math
import os
import re
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from somatone.errors import SoundError
from somatone.records import Control, Note
from somatone.sinks.sound.osc import Message, pack_bundle
from somatone.sinks.sound.pipe import blocks as pipe_blocks
from somatone.sinks.sound.recorder import check_format
from somatone.sinks.sound.state import State
from somatone.sinks.sound.stems import Block, container, split, stem_paths, whole_file
from somatone.sinks.sound.tools import child_command, require_tools
from somatone.sinks.sound.wiring import Wiring

SAMPLE_RATE_HZ = 48_000
REORDER_S = 30.0  # actions of different signals may be emitted this far out of the order of their times
SILENCE = 1e-4  # -80 dBFS: nothing that was meant to be heard is quieter over a whole render
SEEDED_S = 2 * 64 / SAMPLE_RATE_HZ  # two blocks: by then the seed has been taken
COMPLAINT = re.compile(r"FAILURE|ERROR|could not|not found|alloc failed")  # scsynth's exit status says nothing
BLOCK_FRAMES = 1 << 16
Process = subprocess.Popen[bytes]
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class RenderReport:
    """What was rendered: levels are linear, 1 is full scale; `sha256` is of the samples, not of the file."""

    path: Path
    seconds: float
    peak: float
    rms: float
    sha256: str
    actions: int
    dropped: int  # actions with a value or time that is not finite
    elapsed_s: float
    stems: tuple[Path, ...] = ()


def render(
    actions: Iterable[Control | Note],
    duration_s: float,
    out: Path,
    voices: Sequence[str],
    buffers: Mapping[str, Path],
    seed: int,
    progress: Callable[[float], None] | None = None,
    wiring: Wiring | None = None,
    stems: bool = False,
) -> RenderReport:
    """Renders `duration_s` seconds of `actions` (their `at_s` are score times) to `out`: WAV or FLAC, 24 bit, 48 kHz.

    `wiring` says for which loudspeakers (stereo without it) and through which inserts. With `stems` every voice is also
    written by itself, beside `out`, as the master gets it: together they are the mix before the master. `progress` is
    called with 0..1. Memory stays bounded: actions are written as they come. Raises SoundError when a tool or recording
    is missing, or when the result is silent; SomatoneError for an unknown voice or control. `out` appears only when it
    is whole.
    """
    require_tools("scsynth")
    if not 0 < duration_s < 100_000:
        raise SoundError(f"A render must last between 0 and 100000 seconds, not {duration_s:g}.")
    begun_s = time.monotonic()
    state = State(voices, buffers, seed, wiring)
    check_format(out, state.wiring.layout.channels)
    if stems:
        wiring = replace(state.wiring, stems=state.wiring.stem_names(state.voices))
        state = State(voices, buffers, seed, wiring)
    with tempfile.TemporaryDirectory(prefix="somatone-", dir=_folder_of(out)) as folder:
        score, wide, part = Path(folder) / "score.osc", Path(folder) / "wide.wav", Path(folder) / f"part{out.suffix}"
        with score.open("wb") as file:
            written = _write_score(file, state, actions, duration_s)
        parts = stem_paths(part, state.wiring.stems)
        _samples(score, state.wiring, duration_s, wide, part, parts, progress or (lambda _share: None))
        peak, rms, seconds, digest = _measure(part)
        written_to = stem_paths(out, state.wiring.stems)
        for made, place in zip([part, *parts], [out, *written_to], strict=True):
            made.replace(place)
    if rms < SILENCE:
        raise SoundError(f"{out} came out silent (rms {rms:.6f}): a level is at 0, or a recording could not be read.")
    elapsed_s = time.monotonic() - begun_s
    return RenderReport(out, seconds, peak, rms, digest, written.actions, written.dropped, elapsed_s, tuple(written_to))


@dataclass(slots=True)
class _Written:
    actions: int = 0
    dropped: int = 0


def _write_score(file: BinaryIO, state: State, actions: Iterable[Control | Note], duration_s: float) -> _Written:
    written = _Written()
    _write_bundle(file, state.definitions(), 0.0)
    _write_bundle(file, state.ground(), 0.0)
    _write_bundle(file, state.nodes(), SEEDED_S)
    for at_s, messages in _bundles(state, _usable(actions, written), duration_s):
        _write_bundle(file, messages, at_s)
        written.actions += len(messages)
    _write_bundle(file, [("/n_set", 0, "end", 0)], duration_s)  # no effect: the last packet's time is the length
    return written


def _write_bundle(file: BinaryIO, messages: Sequence[Message], at_s: float) -> None:
    packed = pack_bundle(messages, at_s)
    file.write(struct.pack(">i", len(packed)) + packed)


def _usable(actions: Iterable[Control | Note], written: _Written) -> Iterator[Control | Note]:
    for action in actions:
        if math.isfinite(action.at_s) and (isinstance(action, Note) or math.isfinite(action.value)):
            yield action
        else:
            written.dropped += 1


def _bundles(
    state: State, actions: Iterable[Control | Note], duration_s: float
) -> Iterator[tuple[float, list[Message]]]:
    """Messages in order of time, those of one time together."""
    now_s, messages = SEEDED_S, list[Message]()
    for action in _in_order(actions):
        at_s = max(action.at_s, now_s)
        if at_s >= duration_s:
            break
        if at_s > now_s and messages:
            yield now_s, messages
            messages = []
        now_s = at_s
        if isinstance(action, Note):
            messages.append(state.note(action.voice, action.values))
        else:
            messages.append(state.set(action.voice, action.control, action.value))
    if messages:
        yield now_s, messages


def _in_order(actions: Iterable[Control | Note]) -> Iterator[Control | Note]:
    """Sorted by time within a window of REORDER_S; equal times keep their order."""
    tie = count()
    waiting: list[tuple[float, int, Control | Note]] = []
    for action in actions:
        heapq.heappush(waiting, (action.at_s, next(tie), action))
        while waiting[0][0] < action.at_s - REORDER_S:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


def _samples(
    score: Path, wiring: Wiring, duration_s: float, wide: Path, mix: Path, stems: list[Path], progress: Progress
) -> None:
    """Renders into `mix` and `stems`; what is wide is cut while it is rendered."""
    frames, step = duration_s * SAMPLE_RATE_HZ, wiring.layout.channels

    def told(process: Process, blocks: Iterator[Block]) -> Iterator[Block]:
        done = 0
        for block in blocks:
            yield block
            done += len(block)
            progress(min(done / frames, 1.0))
        process.wait()

    def cut(process: Process) -> None:
        blocks = pipe_blocks(pipe, wiring.outputs, lambda: process.poll() is None)
        split(told(process, blocks), frames, SAMPLE_RATE_HZ, step, mix, stems)

    def watch(process: Process) -> None:
        while process.poll() is None:
            time.sleep(0.05)
            progress(min(wide.stat().st_size / (frames * step * 3), 1.0) if wide.exists() else 0.0)

    if stems:
        with tempfile.TemporaryDirectory(prefix="somatone-") as folder:
            pipe = Path(folder) / "wide.raw"
            os.mkfifo(pipe)
            _run_scsynth(score, pipe, "RAW", "float", wiring.outputs, cut)
    else:
        _run_scsynth(score, wide, container(frames, step, 3), "int24", wiring.outputs, watch)
        if mix.suffix.lower() == ".flac":
            split(whole_file(wide), frames, SAMPLE_RATE_HZ, step, mix, [])
        else:
            wide.replace(mix)
    progress(1.0)


def _run_scsynth(
    score: Path, into: Path, kind: str, sample: str, outputs: int, follow: Callable[[Process], None]
) -> None:
    """`follow` is called while it runs, and returns when it has ended."""
    command = child_command(["scsynth", "-N", str(score), "_", str(into), str(SAMPLE_RATE_HZ), kind, sample])
    command += ["-o", str(outputs), "-i", "0", "-m", "65536", "-n", "4096", "-V", "-1", "-D", "0"]
    log = score.with_suffix(".log")
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            follow(process)
        finally:
            if process.poll() is None:
                process.kill()
    said = log.read_text(errors="replace")
    complaint = next((line for line in said.splitlines() if COMPLAINT.search(line)), "")
    if process.returncode or complaint or not into.exists():
        reason = complaint or said.strip()[-200:] or "no reason given"
        raise SoundError(f"scsynth could not render (status {process.returncode}): {reason}")


def _measure(path: Path) -> tuple[float, float, float, str]:
    peak, power, samples, digest = 0.0, 0.0, 0, hashlib.sha256()
    with soundfile.SoundFile(path) as file:
        for block in file.blocks(BLOCK_FRAMES, dtype="int32"):
            digest.update(block.tobytes())
            values = block.astype(np.float64) / 2**31
            peak = max(peak, float(np.abs(values).max(initial=0.0)))
            power += float(np.square(values).sum())
            samples += values.size
        seconds = file.frames / file.samplerate
    return peak, math.sqrt(power / max(samples, 1)), seconds, digest.hexdigest()


def _folder_of(out: Path) -> Path:
    folder = out.resolve().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise SoundError(f"{out} cannot be written: {folder} is not a folder that can be written to.")
    if shutil.disk_usage(folder).free < 50_000_000:
        raise SoundError(f"{folder} is full: free some space before rendering.")
    return folder
