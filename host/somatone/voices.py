"""What every voice can be told: the controls of `voices.toml`, with range, unit, warp, default and meaning.

The mapping, the command line and the sound server read this one table. It is cheap to import on purpose: nothing of
supriya is touched here. Fixed order matters: the sound server numbers its control buses in the order of the file.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from somatone.errors import SomatoneError

VOICES_TOML = Path(__file__).with_name("voices.toml")

Warp = Literal["linear", "exponential"]
Kind = Literal["continuous", "note"]
Stage = Literal["source", "insert", "space", "layout", "master"]


@dataclass(frozen=True, slots=True)
class ControlSpec:
    """One control: its value lies in `minimum`..`maximum` in `unit`; `map` and `unmap` go between that and 0..1."""

    name: str
    minimum: float
    maximum: float
    default: float
    unit: str
    warp: Warp
    meaning: str

    def map(self, position: float) -> float:
        """The value at `position` 0..1 of the range (clamped). Raises ValueError on NaN."""
        position = _clamped(position, 0.0, 1.0)
        if self.warp == "exponential":
            return self.clamp(self.minimum * (self.maximum / self.minimum) ** position)
        return self.clamp(self.minimum + (self.maximum - self.minimum) * position)

    def unmap(self, value: float) -> float:
        """Where `value` (clamped to the range) lies, 0..1: the inverse of `map`. Raises ValueError on NaN."""
        value = self.clamp(value)
        if self.warp == "exponential":
            return math.log(value / self.minimum) / math.log(self.maximum / self.minimum)
        return (value - self.minimum) / (self.maximum - self.minimum)

    def clamp(self, value: float) -> float:
        """The nearest value inside the range. Raises ValueError on NaN."""
        return _clamped(value, self.minimum, self.maximum)


@dataclass(frozen=True, slots=True)
class Voice:
    """One instrument: `synthdef` names its compiled definition, `controls` keep the order of the file."""

    name: str
    synthdef: str
    kind: Kind
    stage: Stage
    buffers: bool  # draws on the audio library
    disk: bool  # plays one long recording from the disk
    meaning: str
    controls: Mapping[str, ControlSpec]

    def control(self, name: str) -> ControlSpec:
        """The control `name`. Raises SomatoneError that offers the nearest name."""
        try:
            return self.controls[name]
        except KeyError:
            raise unknown(f"control of voice {self.name!r}", name, self.controls) from None


def unknown(what: str, name: str, known: Iterable[str]) -> SomatoneError:
    """The error for a name that does not exist: offers the nearest known one, or lists them all."""
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names) or 'none'}."
    return SomatoneError(f"{name!r} is no {what}: {hint}")


def find_voice(name: str) -> Voice:
    """The voice `name`. Raises SomatoneError that offers the nearest name."""
    voices = load_voices()
    try:
        return voices[name]
    except KeyError:
        raise unknown("voice", name, voices) from None


@cache
def load_voices(path: Path = VOICES_TOML) -> Mapping[str, Voice]:
    """All voices in the order of the file. Raises SomatoneError naming the voice or control that is wrong."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        rows = msgspec.convert({name: _whole(name, tables, path) for name in tables}, dict[str, _VoiceRow])
    except OSError as error:
        raise SomatoneError(f"{path} cannot be read ({error.strerror}): install somatone again.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise SomatoneError(f"{path}: {error}.") from None
    return MappingProxyType({name: _voice(name, row, path) for name, row in rows.items()})


class _ControlRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    min: float
    max: float
    default: float
    unit: str
    warp: Warp
    meaning: str


class _VoiceRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    kind: Kind
    stage: Stage
    meaning: str
    controls: dict[str, _ControlRow]
    buffers: bool = False
    disk: bool = False
    synthdef: str = ""


def _whole(name: str, tables: Mapping[str, Any], path: Path) -> Any:
    """A voice that is `like` another has everything of it, its own words apart, and plays its definition."""
    table = tables[name]
    if not isinstance(table, dict) or "like" not in table:
        return table
    like = table["like"]
    if not isinstance(tables.get(like), dict) or "like" in tables[like]:
        raise SomatoneError(f"{path}: {name} is like {like!r}, which is no voice that stands for itself.")
    return tables[like] | {"synthdef": like} | {key: value for key, value in table.items() if key != "like"}


def _voice(name: str, row: _VoiceRow, path: Path) -> Voice:
    controls = {key: _control(f"{path}: {name}.{key}", key, control) for key, control in row.controls.items()}
    return Voice(
        name,
        row.synthdef or name,
        row.kind,
        row.stage,
        row.buffers,
        row.disk,
        row.meaning,
        MappingProxyType(controls),
    )


def _control(place: str, name: str, row: _ControlRow) -> ControlSpec:
    if not all(map(math.isfinite, (row.min, row.max, row.default))) or not row.min < row.max:
        raise SomatoneError(f"{place}: min must be below max, and both finite.")
    if not row.min <= row.default <= row.max:
        raise SomatoneError(f"{place}: the default {row.default} lies outside {row.min} .. {row.max}.")
    if row.warp == "exponential" and row.min <= 0:
        raise SomatoneError(f"{place}: an exponential warp needs a min above 0.")
    return ControlSpec(name, row.min, row.max, row.default, row.unit, row.warp, row.meaning)


def _clamped(value: float, low: float, high: float) -> float:
    if math.isnan(value):
        raise ValueError("a control cannot be NaN")
    return min(max(value, low), high)
