"""The records that travel the path, and nothing else.

    source -> NativeChunk -> timeline -> Chunk -> gates -> Gate, Level -> mapping -> Control, Note -> sinks

Statuses and pictures go from the source to the sinks as they are.

All are frozen: a stage never changes its input. They are msgspec's structs, because a frozen dataclass costs more to
make than a rule costs to run. Samples are plain Python integers from the sensor to the gate; a chunk of a signal with
several axes holds them interleaved (x, y, z, x, y, z, ...), `width` apart.
Times named `_s` are seconds on the path's clock: monotonic host seconds live, seconds since the first
sample of the recording in a replay. Wall-clock time never appears here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Validity(StrEnum):
    """How far a value can be trusted. A gate opens only on `worn` (and `estimated`)."""

    ABSENT = "absent"  # nothing arrives, or the sensor is not on a body
    SETTLING = "settling"  # on a body for too short a time to be trusted
    WORN = "worn"
    SATURATED = "saturated"  # at the end of the converter's range
    MOVING = "moving"
    STALE = "stale"  # the last value is older than the signal allows
    ESTIMATED = "estimated"  # usable, but the sensor has no calibration record

    usable: bool  # whether gates may open on it


for _validity in Validity:  # an attribute, not a property: it is asked for with every chunk and every record
    _validity.usable = _validity in (Validity.WORN, Validity.ESTIMATED)


class NativeChunk(msgspec.Struct, frozen=True):
    """Consecutive integer samples of one signal of one wearer, as the source measured them.

    `format` names the unit of one count and how to convert it (see `timeline.units`), `index` counts samples
    since the source started, `ticks_us` is the device time of the first sample in unwrapped microseconds
    (None where the source has no clock of its own), `arrival_s` the path's time at which the chunk came.
    """

    wearer: str
    signal: str
    source: str
    format: str
    index: int
    samples: tuple[int, ...]
    arrival_s: float
    width: int = 1
    ticks_us: int | None = None


class Chunk(msgspec.Struct, frozen=True):
    """Consecutive samples in the project's own units and rates (DESIGN, "Integers"), on the path's clock.

    `start_s` is the time of the first sample; sample k lies at `start_s + k / rate_hz`. `index` counts samples
    of this signal at `rate_hz`; a jump in it is a gap.
    """

    wearer: str
    signal: str
    source: str
    index: int
    samples: tuple[int, ...]
    start_s: float
    rate_hz: float
    validity: Validity
    width: int = 1
    quality: int = 256  # Q8, of this source among the wearer's sources
    leads: bool = True  # whether the wearer's gates listen to this source

    @property
    def end_s(self) -> float:
        """Time just after the last sample, seconds on the path's clock."""
        return self.start_s + len(self.samples) / self.width / self.rate_hz


class Gate(msgspec.Struct, frozen=True):
    """An edge of one rule: `value` 1 opens, 0 closes. `strength` is in the rule's own unit (nS, counts, 1/64 g)."""

    wearer: str
    name: str  # "pulse.beat"
    value: int
    at_s: float
    validity: Validity
    source: str
    strength: int = 0


class Level(msgspec.Struct, frozen=True):
    """A calibrated value, 0..1, of one rule."""

    wearer: str
    name: str  # "eda.tonic"
    value: float
    at_s: float
    validity: Validity
    source: str


class Control(msgspec.Struct, frozen=True):
    """One control of one voice takes `value`, in the control's own unit (`voices.ControlSpec`)."""

    voice: str
    control: str
    value: float
    at_s: float
    wearer: str = ""
    validity: Validity = Validity.WORN
    source: str = ""


class Note(msgspec.Struct, frozen=True):
    """A single event of a voice, with the controls that differ from the voice's defaults."""

    voice: str
    at_s: float
    values: Mapping[str, float] = msgspec.field(default_factory=dict)
    wearer: str = ""
    validity: Validity = Validity.WORN
    source: str = ""


class Status(msgspec.Struct, frozen=True):
    """Something a person should know: a validity that changed, a loss, a device that came or went.

    `name` says what it is about ("eda.validity", "board.loss", "sound"), `value` is a word or a number and
    `message` one plain sentence.
    """

    name: str
    value: str | int | float
    at_s: float
    message: str = ""
    wearer: str = ""
    validity: Validity = Validity.WORN
    source: str = ""


class Picture(msgspec.Struct, frozen=True):
    """Images that a training run made at one moment: 8-bit grey, 0 black, one image after another, row by row.

    `name` says what they show: "samples" (what the generator makes) or "activations" (one row a layer). `width` and
    `height` are pixels of one image; `at_s` is the path's time at which they were whole.
    """

    wearer: str
    name: str
    width: int
    height: int
    pixels: bytes
    at_s: float
    validity: Validity = Validity.WORN
    source: str = ""

    @property
    def count(self) -> int:
        """How many images."""
        return len(self.pixels) // (self.width * self.height)


Event = Gate | Level
Action = Control | Note
Record = Gate | Level | Control | Note | Status | Picture
Sourced = NativeChunk | Status | Picture  # what a source gives
