"""`somatone run`: the whole installation, until it is stopped."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from somatone import paths
from somatone.app import run_live
from somatone.commands.progress import audio_library
from somatone.options import RunOptions, SoundOptions
from somatone.sinks.sound.cards import DUMMY, cards
from somatone.sinks.sound.recorder import FLAC_CHANNELS
from somatone.sinks.terminal import decibel
from somatone.space.layouts import find_layout


def run_command(options: RunOptions) -> None:
    """Run, then print one line that says what it was."""
    if options.sound.on:
        options = replace(options, sound=_recorded_where_nobody_hears(options.sound, _channels(options)))
    report = asyncio.run(run_live(options, audio_library(options.piece, options.sound) if options.sound.on else {}))
    heard = f"output peak {decibel(report.peak):.1f} dBFS" if options.sound.on else "no sound"
    losses = report.losses or "no losses"
    print(f"{report.seconds:.1f} s: {report.beats} beats, {report.onsets} onsets, {heard}; {losses}.")
    if report.kept_in:
        missing = f"; {report.not_kept} items are missing in it" if report.not_kept else ""
        print(f"kept in {report.kept_in}{missing}")


def _channels(options: RunOptions) -> int:
    return find_layout(options.sound.layout or options.piece.layout).channels


def _recorded_where_nobody_hears(sound: SoundOptions, channels: int) -> SoundOptions:
    """Without a sound card what would be heard is recorded, and a person is told where."""
    silent = sound.device == DUMMY or not cards()
    if not silent or sound.record_to:
        return sound
    folder = paths.state_dir() / "heard"
    folder.mkdir(parents=True, exist_ok=True)
    record_to = folder / ("heard.flac" if channels <= FLAC_CHANNELS else "heard.wav")
    print(f"There is no sound card here: what would be heard is recorded to {record_to}.")
    return replace(sound, record_to=record_to)
