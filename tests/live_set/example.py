"""The example set of the documentation, as a piece and as a song of the stand-in."""

from __future__ import annotations

from pathlib import Path

import somatone.sinks.live
from fakes.ableton import Device, Parameter, Song, Track
from somatone.pieces.piece import Piece, load_piece

TEXT = (Path(somatone.sinks.live.__file__).parent / "example_set.md").read_text(encoding="utf-8")
HEAD = 'name = "t"\nabout = "t"\nvoices = ["grains", "drone", "pulse"]\n'


def example_piece(folder: Path) -> Piece:
    """The tables of the documentation, as they stand there."""
    return piece_of(folder, TEXT.partition("```toml\n")[2].partition("```")[0])


def piece_of(folder: Path, body: str) -> Piece:
    file = folder / "piece.toml"
    file.write_text(HEAD + body, encoding="utf-8")
    return load_piece(file)


def device(name: str, *names: str) -> Device:
    return Device(name, [Parameter("Device On", quantised=True, value=1.0), *(Parameter(n) for n in names)])


def example_song() -> Song:
    """As a person would make it, with other tracks before and between."""
    auto_filter = device("Auto Filter", "Resonance")
    auto_filter.parameters.append(Parameter("Frequency", 20.0, 135.0, value=100.0))
    breath = Track("Breath", [auto_filter, device("Reverb", "Decay Time", "Dry/Wet")], ["breathing"], volume=0.5)
    beat_repeat = device("Beat Repeat", "Interval", "Chance")
    beat_repeat.parameters.append(Parameter("Grid", 0, 15, quantised=True, value=7))
    cries = Track("Cries", [device("Simpler", "Volume"), beat_repeat], [None, "gasp", "cry"])
    keyboard = Track("Keyboard", [device("Auto Filter", "Frequency"), device("Redux", "Dry/Wet")], ["typing"])
    heart = Track("Heart", [device("Operator", "Volume", "Tone")], [None, "stroke"])
    return Song([Track("1-MIDI"), breath, cries, Track("Sketch"), keyboard, heart], ["", "arrival"])
