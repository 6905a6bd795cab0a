"""How fast an hour of E4 recording replays to the log, and renders to sound."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, no_recording, reference_session
from somatone.library.synthesise import ensure_library
from somatone.options import ReplayOptions
from somatone.pieces.piece import find_piece
from somatone.replay import replay_fast, replay_rendered
from somatone.sources.e4_files import read_session

REPLAY, REPLAY_BAR = "replay of an hour's session to the log", ">= 1000 x real time"
RENDER, RENDER_BAR = "render of an hour's session to sound", ">= 10 x real time"


def replay_speed() -> Iterator[Figure]:
    """Reading the files, the whole path, and the log written to disk."""
    path = reference_session()
    if path is None:
        yield no_recording(REPLAY, REPLAY_BAR)
        return
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        session = read_session(path)
        read_s = time.monotonic() - begun
        options = ReplayOptions(find_piece("correlations"), path, None, Path(folder) / "log.jsonl")
        report = replay_fast(session, options, lambda share: None)
        took_s = time.monotonic() - begun
    speed = session.length_s / took_s
    yield Figure(
        REPLAY, REPLAY_BAR, f"{speed:.0f} x ({took_s:.1f} s, of it reading {read_s:.1f} s; {report.lines} lines)"
    )


def render_speed() -> Iterator[Figure]:
    """The same, with sound by scsynth's non-realtime mode."""
    path = reference_session()
    if path is None:
        yield no_recording(RENDER, RENDER_BAR)
        return
    with tempfile.TemporaryDirectory() as folder:
        buffers = ensure_library(Path(folder) / "library")
        begun = time.monotonic()
        session = read_session(path)
        options = ReplayOptions(find_piece("correlations"), path, None, None, Path(folder) / "out.wav")
        report = replay_rendered(session, options, buffers, lambda share: None)
        took_s = time.monotonic() - begun
    yield Figure(
        RENDER, RENDER_BAR, f"{session.length_s / took_s:.0f} x ({took_s:.1f} s, peak {report.peak:.3f} of full scale)"
    )
