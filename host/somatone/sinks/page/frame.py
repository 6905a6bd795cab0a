"""One frame on its way to a page: a header in JSON, and the pictures' bytes behind it.

    u32 little-endian length of the header | header, UTF-8 JSON | pixels of each picture, in the header's order

A frame says how everything *stands* (gates with a count of their openings and the age of the last one), so a page
that lost some, or that has just come, is right again with the next. Only samples are told once: those since the last.
With one body a frame has about 5 kB, with a training run and a new picture of 64 digits about 60 kB more.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import msgspec

from somatone.records import Picture
from somatone.timeline.correlation.snapshot import Snapshot

DECIMALS = 4
MOST_PAIRS = 24  # of all pairs the strongest
_LENGTH = struct.Struct("<I")
_ENCODER = msgspec.json.Encoder()


class GateView(msgspec.Struct, frozen=True, array_like=True):
    """How a gate stands: open, how often it has opened, how long ago (s, -1 for never), and the last strength."""

    open: int
    count: int
    age_s: float
    strength: int


class LevelView(msgspec.Struct, frozen=True, array_like=True):
    """A level's value 0..1, and how far to trust it."""

    value: float
    validity: str


class SignalView(msgspec.Struct, frozen=True):
    """A signal's newest samples, interleaved where it has several axes: the very integers of the timeline."""

    rate_hz: float
    width: int
    validity: str
    source: str
    new: list[int]


class PictureView(msgspec.Struct, frozen=True):
    """Where to find the pixels of a picture: `serial` counts the pictures of this wearer and name."""

    wearer: str
    name: str
    width: int
    height: int
    count: int
    serial: int
    age_s: float


class PairLine(msgspec.Struct, frozen=True, array_like=True):
    """A pair of streams: what they have in common, and what chance makes of them (`null_r`), on one scale."""

    first: str  # "body/eda.tonic"
    second: str
    r: float
    null_r: float
    lag_s: int
    verdict: str
    expected: bool


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything but pixels. Keys are "wearer/name"; controls are "voice.control" in the control's own unit."""

    n: int
    t_s: float
    stage: str
    piece: str
    gates: dict[str, GateView]
    levels: dict[str, LevelView]
    signals: dict[str, SignalView]
    controls: dict[str, float]
    notes: dict[str, GateView]
    pictures: list[PictureView] = []
    pairs: list[PairLine] | None = None  # None: nothing new


def pack(header: Header, pictures: Sequence[Picture]) -> bytes:
    """The frame as bytes."""
    data = _ENCODER.encode(header)
    return b"".join((_LENGTH.pack(len(data)), data, *(picture.pixels for picture in pictures)))


def unpack(data: bytes) -> tuple[Header, list[bytes]]:
    """The header, and every picture's pixels: what the page does, for tests."""
    (length,) = _LENGTH.unpack_from(data)
    header = msgspec.json.decode(data[4 : 4 + length], type=Header)
    offset, pixels = 4 + length, list[bytes]()
    for view in header.pictures:
        size = view.width * view.height * view.count
        pixels.append(data[offset : offset + size])
        offset += size
    return header, pixels


def pair_lines(snapshot: Snapshot) -> list[PairLine]:
    """The strongest pairs of which anything is known, each beside its own chance."""
    known = [pair for pair in snapshot.pairs if pair.null_r > 0]
    known.sort(key=lambda pair: (-abs(pair.r) / pair.null_r, pair.first, pair.second))
    return [
        PairLine(
            "/".join(pair.first),
            "/".join(pair.second),
            round(pair.r, DECIMALS),
            round(pair.null_r, DECIMALS),
            pair.lag_s,
            pair.verdict,
            pair.expected,
        )
        for pair in known[:MOST_PAIRS]
    ]
