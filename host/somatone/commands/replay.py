"""`somatone replay`: a recorded session through the piece, live or rendered."""

from __future__ import annotations

import asyncio
import sys
import time

from somatone.commands.film import film_command
from somatone.commands.progress import audio_library, progress_bar
from somatone.errors import UsageError
from somatone.options import ReplayOptions
from somatone.recorded import Session, open_session
from somatone.records import Status
from somatone.replay import ReplayReport, replay_fast, replay_live, replay_rendered
from somatone.sinks.terminal import decibel


def replay_command(options: ReplayOptions) -> None:
    """Replay, then print the measures and the log's SHA-256."""
    session = open_session(options.path)
    for problem in session.problems:
        print(f"{session.name}: {problem}.", file=sys.stderr)
    if options.film.still or options.film.film:
        film_command(session, options)
        return
    begun_s = time.monotonic()
    report = _replay(session, options)
    took_s = time.monotonic() - begun_s
    print(
        f"{session.name}: {session.length_s:.0f} s in {took_s:.1f} s ({session.length_s / took_s:.0f} x), "
        f"{report.beats} beats, {report.onsets} onsets, {report.lines} log lines"
    )
    if report.peak is not None and report.rms is not None:
        print(f"sound: peak {decibel(report.peak):.1f} dBFS, rms {decibel(report.rms):.1f} dBFS")
        print(f"sound sha256 {report.sound_sha256}")
        for stem in report.stems:
            print(f"stem {stem}")
    print(f"log sha256 {report.log_sha256}")


def _replay(session: Session, options: ReplayOptions) -> ReplayReport:
    if options.stems and not options.render:
        raise UsageError("--stems belong to --render: say which file to render to.")
    if options.render:
        if options.speed not in (None, 1.0):
            raise UsageError("--render goes as fast as it can: leave --speed away, or say --speed max.")
        buffers = audio_library(options.piece, options.sound)
        with progress_bar(f"rendering {options.render.name}") as advance:
            return replay_rendered(session, options, buffers, advance)
    if options.speed is None:
        with progress_bar(f"replaying {session.name}") as advance:
            return replay_fast(session, options, advance)
    buffers = audio_library(options.piece, options.sound) if options.sound.on else {}
    with progress_bar(f"playing {session.name}") as advance:
        return asyncio.run(replay_live(session, options, options.speed, buffers, _say, advance))


def _say(status: Status) -> None:
    if status.message:
        print(f"{status.at_s:9.2f} s  {status.message}", file=sys.stderr)
