"""Counts of an E4 heard directly over Bluetooth: what a calibration record says, carried in the name of the format.

    e4_ble.ppg:COLOUR:SIGN:GAIN:MARK      two leaky totals a sample (one an LED colour) -> bvp
    e4_ble.eda:SWAP:reciprocal:N:MARK     raw24 -> N / raw24 nS
    e4_ble.eda:SWAP:points:R=G,R=G:MARK   raw24 -> nS on straight lines through measured points
    e4_ble.temp:STEP:OFFSET:MARK          counts -> hundredths of a degree

MARK is `unverified` until somebody has measured a real E4; such signals are marked `estimated` all the way down. The
numbers come from `sources/e4_ble/scales.py` and its TOML records; this file has none of its own. SWAP 1 exchanges the
two 12-bit halves of raw24: one program got a smooth curve that way (e4.md 2.4, medium).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

PREFIX = "e4_ble."
MARKS = {"unverified": False, "verified": True}
BEYOND_NANOSIEMENS = 1 << 30  # more than any skin: clamped, and said to be saturated

Convert = Callable[[Sequence[int]], Sequence[int]]


@dataclass(frozen=True, slots=True)
class PpgScale:
    """`colour` 0 or 1 of each pair, `sign` -1 where light falls when blood comes, `gain` bvp counts a count."""

    colour: int
    sign: int
    gain: int
    verified: bool = False

    @property
    def native_format(self) -> str:
        return f"{PREFIX}ppg:{self.colour}:{self.sign}:{self.gain}:{_mark(self.verified)}"


@dataclass(frozen=True, slots=True)
class EdaScale:
    """Either `reciprocal` (nS times raw24) or `points` of (raw24, nS), rising in raw24; the other is 0 or empty."""

    swap_halves: bool
    reciprocal: int = 0
    points: tuple[tuple[int, int], ...] = ()
    verified: bool = False

    @property
    def native_format(self) -> str:
        points = ",".join(f"{raw}={nanosiemens}" for raw, nanosiemens in self.points)
        how = f"points:{points}" if points else f"reciprocal:{self.reciprocal}"
        return f"{PREFIX}eda:{int(self.swap_halves)}:{how}:{_mark(self.verified)}"


@dataclass(frozen=True, slots=True)
class TempScale:
    """Hundredths of a degree: `step_centi` a count, and what count 0 is."""

    step_centi: int
    offset_centi: int
    verified: bool = False

    @property
    def native_format(self) -> str:
        return f"{PREFIX}temp:{self.step_centi}:{self.offset_centi}:{_mark(self.verified)}"


def parse(name: str) -> tuple[str, Convert, Convert, bool]:
    """(signal, pick, convert, estimated) of such a name. Raises KeyError for a name that is none of the above."""
    try:
        match name.split(":"):
            case ["e4_ble.ppg", colour, sign, gain, mark] if colour in ("0", "1"):
                pick = partial(_every_second, first=int(colour))
                return "bvp", pick, partial(_times, factor=int(sign) * int(gain)), not MARKS[mark]
            case ["e4_ble.eda", swap, how, numbers, mark]:
                return "eda", _all, _conductance(EdaScale(swap == "1", *_how(how, numbers))), not MARKS[mark]
            case ["e4_ble.temp", step, offset, mark]:
                return "temp", _all, partial(_line, step=int(step), offset=int(offset)), not MARKS[mark]
    except ValueError:
        pass
    raise KeyError(name)


def _mark(verified: bool) -> str:
    return "verified" if verified else "unverified"


def _how(how: str, numbers: str) -> tuple[int, tuple[tuple[int, int], ...]]:
    if how == "reciprocal":
        return int(numbers), ()
    points = tuple((int(raw), int(ns)) for raw, ns in (pair.split("=") for pair in numbers.split(",")))
    if how != "points" or len(points) < 2 or any(a[0] >= b[0] for a, b in pairwise(points)):
        raise ValueError(how)
    return 0, points


def _conductance(scale: EdaScale) -> Convert:
    return partial(_conductances, scale=scale)


def _conductances(samples: Sequence[int], scale: EdaScale) -> list[int]:
    if scale.swap_halves:
        samples = [(raw & 0xFFF) << 12 | raw >> 12 for raw in samples]
    if scale.points:
        return [_between(raw, scale.points) for raw in samples]
    return [scale.reciprocal // raw if raw else BEYOND_NANOSIEMENS for raw in samples]


def _between(raw: int, points: tuple[tuple[int, int], ...]) -> int:
    """On the line through the two points around `raw`, or the outermost two."""
    at = min(max(bisect_right(points, (raw, BEYOND_NANOSIEMENS)), 1), len(points) - 1)
    (raw_a, ns_a), (raw_b, ns_b) = points[at - 1], points[at]
    return ns_a + (raw - raw_a) * (ns_b - ns_a) // (raw_b - raw_a)


def _all(samples: Sequence[int]) -> Sequence[int]:
    return samples


def _every_second(samples: Sequence[int], first: int) -> Sequence[int]:
    return samples[first::2]


def _times(samples: Sequence[int], factor: int) -> list[int]:
    return [v * factor for v in samples]


def _line(samples: Sequence[int], step: int, offset: int) -> list[int]:
    return [v * step + offset for v in samples]
