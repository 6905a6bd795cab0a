"""What a person asked for on the command line, checked, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from somatone.pieces.piece import Piece


@dataclass(frozen=True, slots=True)
class SoundOptions:
    """How to sound. `device` None is the card chosen for this machine, else the best one that is free, else the dummy
    driver (`sinks.sound.devices`); `port` None is any free one."""

    on: bool = True
    device: str | None = None
    period: int = 256
    port: int | None = None
    record_to: Path | None = None
    seed: int = 0
    layout: str | None = None  # instead of the piece's
    library: str | None = None  # instead of the piece's


@dataclass(frozen=True, slots=True)
class OutOptions:
    """What leaves by OSC and MIDI, over what the piece says. `osc_in` 0: nobody may act, unless the piece says so."""

    osc: tuple[str, ...] = ()  # HOST:PORT
    osc_in: int = 0
    osc_from: tuple[str, ...] = ()
    midi: str = ""


PAGE_PORT = 8765


@dataclass(frozen=True, slots=True)
class FilmOptions:
    """Pictures of a recording: a `still` at `at_s`, or a `film` from `from_s` to `to_s` (None: to the end)."""

    still: Path | None = None
    film: Path | None = None
    at_s: float = 0.0
    from_s: float = 0.0
    to_s: float | None = None


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What `somatone run` was asked for. `for_s` None runs until it is stopped."""

    piece: Piece
    source: str = "auto"
    for_s: float | None = None
    log: Path | None = None
    session: Path | None = None  # folder of recordings
    e4_port: int | None = None  # serve the wearer as an E4 there
    page_port: int | None = PAGE_PORT  # show the stage there
    seed: int = 0
    plain: bool = False
    sound: SoundOptions = field(default_factory=SoundOptions)
    out: OutOptions = field(default_factory=OutOptions)


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What `somatone replay` was asked for. `speed` None is as fast as it goes."""

    piece: Piece
    path: Path
    speed: float | None = 1.0
    log: Path | None = None
    render: Path | None = None
    stems: bool = False  # beside what is rendered, one file per voice
    seed: int = 0
    sound: SoundOptions = field(default_factory=SoundOptions)
    out: OutOptions = field(default_factory=OutOptions)
    page_port: int | None = None  # show the stage there
    film: FilmOptions = field(default_factory=FilmOptions)
