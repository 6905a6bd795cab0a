"""The layouts a piece can name, and any list of speaker positions: from twelve virtual to the real loudspeakers.

A layout is the gains between the two, and `law`: how voices are to balance a point between two virtual speakers, which
come out of different real ones (their energies add, law 0) or of the same (their amplitudes add, law 1). Neither is
right for every room, so the one that keeps loudness most even on the way round is looked for when a layout is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import msgspec
import numpy as np

from somatone.errors import SomatoneError
from somatone.space.directions import VIRTUAL, Direction, Vectors, placed
from somatone.space.vbap import gains_for
from somatone.voices import unknown

MOST_SPEAKERS = 16
LFE = "LFE"

Given = str | Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Layout:
    """A room's loudspeakers in the order of its outputs. `gains` has a row of twelve for each; `lfe` is the output of
    the subwoofer, which plays low-passed what the others play. `binaural` stands for two ears: it has no gains."""

    name: str
    speakers: tuple[str, ...]
    positions: tuple[Direction | None, ...]
    gains: tuple[tuple[float, ...], ...]
    law: float = 0.0
    lfe: int | None = None
    binaural: bool = False

    @property
    def channels(self) -> int:
        """How many outputs it needs."""
        return len(self.speakers)


NAMED: Mapping[str, tuple[tuple[str, Direction | None], ...]] = {
    "quad": (
        ("front left", (-45, 0)), ("front right", (45, 0)), ("back left", (-135, 0)), ("back right", (135, 0)),
    ),
    "5.1": (
        ("left", (-30, 0)), ("right", (30, 0)), ("centre", (0, 0)), (LFE, None),
        ("left surround", (-110, 0)), ("right surround", (110, 0)),
    ),
    "ring8": (
        ("front", (0, 0)), ("front right", (45, 0)), ("right", (90, 0)), ("back right", (135, 0)),
        ("back", (180, 0)), ("back left", (225, 0)), ("left", (270, 0)), ("front left", (315, 0)),
    ),
}  # fmt: skip
NAMES = ("stereo", *NAMED, "binaural")


def find_layout(given: Given) -> Layout:
    """The layout of that name, or of those `[azimuth, elevation]` (or a text that lists them). Raises SomatoneError."""
    if isinstance(given, str) and given.lstrip().startswith("["):
        given = _listed(given)
    if isinstance(given, str):
        if given not in NAMES:
            raise unknown("layout", given, NAMES)
        return _named(given)
    positions = [_position(number, pair) for number, pair in enumerate(given)]
    if not 1 <= len(positions) <= MOST_SPEAKERS:
        raise SomatoneError(f"A layout has 1 to {MOST_SPEAKERS} speakers, not {len(positions)}.")
    if len({(azimuth % 360, elevation) for azimuth, elevation in positions}) < len(positions):
        raise SomatoneError("Two speakers of the layout stand in the same place: give each its own.")
    names = tuple(f"speaker {number} at {a:g}, {e:g}" for number, (a, e) in enumerate(positions, 1))
    return _laid_out("speakers", names, tuple(positions))


@cache
def _named(name: str) -> Layout:
    if name == "binaural":
        # What is low adds up in an ear as amplitude, what is high as energy: 0.35 keeps both within 4 dB.
        return Layout(name, ("left ear", "right ear"), ((-90.0, 0.0), (90.0, 0.0)), (), law=0.35, binaural=True)
    if name == "stereo":
        return _balanced(Layout(name, ("left", "right"), ((-30.0, 0.0), (30.0, 0.0)), ()), _stereo_fold())
    rows = NAMED[name]
    return _laid_out(name, tuple(row[0] for row in rows), tuple(row[1] for row in rows))


def _laid_out(name: str, speakers: tuple[str, ...], positions: tuple[Direction | None, ...]) -> Layout:
    lfe = speakers.index(LFE) if LFE in speakers else None
    gains = gains_for([position for position in positions if position], VIRTUAL)
    if lfe is not None:
        gains = np.insert(gains, lfe, 0.0, axis=0)  # its definition sums and filters by itself
    return _balanced(Layout(name, speakers, positions, (), lfe=lfe), gains)


def _stereo_fold() -> Vectors:
    """Left and right keep their sides, front and back meet in the middle, and what is high moves towards it."""
    azimuth, elevation = np.radians(np.asarray(VIRTUAL)).T
    angle = (np.sin(azimuth) * np.cos(elevation) + 1) * np.pi / 4
    return np.stack([np.cos(angle), np.sin(angle)])


def _balanced(layout: Layout, gains: Vectors) -> Layout:
    """Finds the law that keeps the energy of a point most even on the way round at ear height, and its mean to 1."""
    around = [(float(azimuth), 0.0) for azimuth in np.arange(0, 360, 7.5)]
    best = min(np.arange(0, 1.01, 0.05), key=lambda law: float(np.std(_loudness_db(gains, around, law))))
    even = gains * 10 ** (-float(_loudness_db(gains, around, best).mean()) / 20)
    rows = tuple(tuple(float(gain) for gain in row) for row in even)
    return Layout(layout.name, layout.speakers, layout.positions, rows, round(float(best), 2), layout.lfe)


def _loudness_db(gains: Vectors, around: Sequence[Direction], law: float) -> Vectors:
    points = np.stack([placed(azimuth, elevation, law) for azimuth, elevation in around], axis=1)
    return np.asarray(10 * np.log10(np.square(gains @ points).sum(axis=0)), np.float64)


def _listed(text: str) -> list[list[float]]:
    try:
        return msgspec.json.decode(text, type=list[list[float]])
    except msgspec.MsgspecError:
        raise SomatoneError(f"{text!r} is no list of speakers: write [[azimuth, elevation], ...] in degrees.") from None


def _position(number: int, pair: Sequence[float]) -> Direction:
    if len(pair) != 2 or not -360 <= pair[0] <= 360 or not -90 <= pair[1] <= 90:
        raise SomatoneError(
            f"layout[{number}] is {list(pair)}: give [azimuth, elevation] in degrees, -360 .. 360 and -90 .. 90."
        )
    return float(pair[0]), float(pair[1])
