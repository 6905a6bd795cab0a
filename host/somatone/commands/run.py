"""`somatone run`: the whole installation, until it is stopped."""

from __future__ import annotations

import asyncio

from somatone.app import run_live
from somatone.commands.progress import audio_library
from somatone.options import RunOptions
from somatone.sinks.terminal import decibel


def run_command(options: RunOptions) -> None:
    """Run, then print one line that says what it was."""
    report = asyncio.run(run_live(options, audio_library() if options.sound.on else {}))
    heard = f"output peak {decibel(report.peak):.1f} dBFS" if options.sound.on else "no sound"
    losses = report.losses or "no losses"
    print(f"{report.seconds:.1f} s: {report.beats} beats, {report.onsets} onsets, {heard}; {losses}.")
