"""The host's end of a training run's frames: bytes in, records and events out. No I/O, no clock.

Frames of one wearer are numbered on over runs, so that a new run is a gap and never a step of a metric. A frame that
does not follow the last is counted as lost; a picture that misses a part is dropped and counted; rubbish is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import wire
from somatone.records import NativeChunk, Picture
from somatone.timeline.units import run_format
from somatone.training_metrics import RATE_HIGH_HZ, RATE_LOW_HZ
from wire import table

LARGEST_PICTURE = 1 << 20  # bytes; a broken header must not ask for more


@dataclass(frozen=True, slots=True)
class RunBegins:
    """A run introduced itself."""

    name: str
    seed: int
    rate_hz: int


@dataclass(frozen=True, slots=True)
class RunLost:
    """`count` of "frames" or "pictures" that never came."""

    what: str
    count: int


@dataclass(frozen=True, slots=True)
class NotANumber:
    """These metrics have no value in this frame."""

    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunPace:
    """Share of one processor since the last time, and late frames so far."""

    cpu_share: float
    late: int


@dataclass(frozen=True, slots=True)
class RunLog:
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class RunMismatch:
    """The other end speaks another table; nothing of it is decoded."""

    message: str


RunEvent = NativeChunk | Picture | RunBegins | RunLost | NotANumber | RunPace | RunLog | RunMismatch


class _Gathering:
    """The picture that is coming."""

    def __init__(self, number: int, head: tuple[int, int, int, int]) -> None:
        self.number = number
        self.head = head  # shows, width, height, count
        self.pixels = bytearray()

    @property
    def size(self) -> int:
        return self.head[1] * self.head[2] * self.head[3]


class TrainingProtocol:
    """One wearer that is a run. Keep it over reconnections; counters: `frames_lost`, `pictures_lost`, `unknown`."""

    def __init__(self, wearer: str, source: str) -> None:
        self.wearer = wearer
        self.source = source
        self.rate_hz = 0  # of the present run; 0 before there is one
        self.frames_lost = self.pictures_lost = self.unknown = 0
        self.decoder = wire.FrameDecoder()
        self._base = 0  # our index of the run's frame 0
        self._next = 0  # our index of the frame that should come
        self._metrics: dict[str, None] = {}  # those that this wearer ever had, in order
        self._gathering: _Gathering | None = None

    @property
    def rubbish(self) -> int:
        """Frames that were none, and messages that nobody knows."""
        return self.decoder.bad_frames + self.unknown

    def connect(self) -> None:
        """A fresh connection: unfinished bytes of the old one are forgotten."""
        stale, self.decoder = self.decoder, wire.FrameDecoder()
        for counter in ("frames", "bad_crc", "bad_cobs", "too_long"):
            setattr(self.decoder, counter, getattr(stale, counter))
        self.rate_hz = 0
        self._gathering = None

    def feed(self, data: bytes, arrival_s: float) -> list[RunEvent]:
        """Bytes as they came, at `arrival_s` on the path's clock."""
        events: list[RunEvent] = []
        for payload in self.decoder.feed(data):
            try:
                name, values = wire.unpack(payload)
            except wire.WireError:
                self.unknown += 1
                continue
            if name == "run":
                self._begin(events, *values)
            elif not self.rate_hz or name not in _MESSAGES:
                self.unknown += 1
            else:
                _MESSAGES[name](self, events, arrival_s, *values)
        return events

    def gone(self, arrival_s: float) -> list[NativeChunk]:
        """The run has ended: every metric that it had is absent from now on."""
        if not self.rate_hz:
            return []
        return [self._chunk(name, self._next, (), arrival_s, "absent") for name in self._metrics]

    def _begin(self, events: list[RunEvent], version: int, mark: int, rate_hz: int, seed: int, name: str) -> None:
        self._gathering = None
        self.rate_hz = 0
        if (version, mark) != (table.FORMAT_VERSION, wire.fingerprint()):
            events.append(
                RunMismatch(
                    f"The training run {name!r} speaks another version of the format: "
                    "use the same version of somatone on both machines."
                )
            )
        elif not RATE_LOW_HZ <= rate_hz <= RATE_HIGH_HZ:
            events.append(
                RunMismatch(
                    f"The training run {name!r} sends {rate_hz} frames a second: give {RATE_LOW_HZ} to {RATE_HIGH_HZ}."
                )
            )
        else:
            self.rate_hz = rate_hz
            self._base = self._next = self._next + 1 if self._metrics else 0
            events.append(RunBegins(name, seed, rate_hz))

    def _frame(
        self, events: list[RunEvent], arrival_s: float, index: int, present: int, numbers: int, values: tuple[int, ...]
    ) -> None:
        ahead = (index - (self._next - self._base) + (table.MODULO >> 1)) % table.MODULO - (table.MODULO >> 1)
        if ahead < 0:
            self.unknown += 1  # a frame from the past: nobody sends one
            return
        if ahead:
            self.frames_lost += ahead
            events.append(RunLost("frames", ahead))
        at = self._next + ahead
        self._next = at + 1
        missing: list[str] = []
        for number, name in enumerate(table.METRICS):
            if not present >> number & 1:
                continue
            self._metrics[name] = None
            if numbers >> number & 1:
                events.append(self._chunk(name, at, (values[number],), arrival_s))
            else:
                missing.append(name)
                events.append(self._chunk(name, at, (), arrival_s, "saturated"))
        if missing:
            events.append(NotANumber(tuple(missing)))

    def _picture(
        self,
        events: list[RunEvent],
        arrival_s: float,
        number: int,
        shows: int,
        width: int,
        height: int,
        count: int,
        offset: int,
        pixels: bytes,
    ) -> None:
        head = (shows, width, height, count)
        coming = self._gathering
        if coming and (coming.number, coming.head) != (number, head):
            self._drop(events)
            coming = None
        if coming is None:
            coming = self._gathering = _Gathering(number, head)
        whole = coming.size
        if shows >= len(table.PICTURES) or not 0 < whole <= LARGEST_PICTURE or offset != len(coming.pixels):
            if offset == 0 or coming.pixels:
                self._drop(events)
            self._gathering = None
            return
        coming.pixels += pixels
        if len(coming.pixels) == whole:
            self._gathering = None
            name = table.PICTURES[shows]
            events.append(
                Picture(self.wearer, name, width, height, bytes(coming.pixels), arrival_s, source=self.source)
            )
        elif len(coming.pixels) > whole:
            self._drop(events)

    def _drop(self, events: list[RunEvent]) -> None:
        self._gathering = None
        self.pictures_lost += 1
        events.append(RunLost("pictures", 1))

    def _pace(self, events: list[RunEvent], arrival_s: float, cpu: int, late: int) -> None:
        events.append(RunPace(cpu / 1000, late))

    def _log(self, events: list[RunEvent], arrival_s: float, level: int, text: str) -> None:
        events.append(RunLog(level, text))

    def _chunk(self, name: str, index: int, samples: tuple[int, ...], arrival_s: float, says: str = "") -> NativeChunk:
        native = run_format(name, self.rate_hz, says)
        return NativeChunk(self.wearer, name, self.source, native, index, samples, arrival_s)


_MESSAGES: dict[str, Any] = {
    "frame": TrainingProtocol._frame,
    "picture": TrainingProtocol._picture,
    "pace": TrainingProtocol._pace,
    "log": TrainingProtocol._log,
}
