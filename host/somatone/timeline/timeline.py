"""The timeline stage: native chunks in, chunks in the project's units, rates, time and validity out.

One lane a wearer, source and signal. A jump of the index is a gap: it is reported, and shows downstream as a jump of
the outgoing index. A signal that stops is said to be stale once, by an empty chunk. No I/O, no clock of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from somatone.records import Chunk, NativeChunk, Status, Validity
from somatone.timeline.resample import Resampler
from somatone.timeline.units import FORMATS, RATES_HZ, NativeFormat, to_counts
from somatone.timeline.wear import Wear

STALE_S = 3.0  # longer than any source's packet, shorter than a visitor's patience


class SignalClock(Protocol):
    """Gives the path's time of a sample of one signal."""

    def start_s(self, chunk: NativeChunk) -> float:
        """Path time of the chunk's first sample, in seconds."""
        ...


class RecordingClock:
    """The clock of a recording: its ticks are the path's time, exactly."""

    def start_s(self, chunk: NativeChunk) -> float:
        if chunk.ticks_us is None:
            return chunk.arrival_s
        return chunk.ticks_us / 1_000_000


@dataclass(slots=True)
class _Lane:
    """One signal from one source: its format, clock and resampler, and where it stands."""

    native: NativeFormat
    clock: SignalClock
    resampler: Resampler | None
    rate_hz: int
    next_native: int | None = None
    out_index: int = 0
    end_s: float = 0.0
    stale: bool = False
    validity: Validity | None = None
    last: NativeChunk | None = None


Out = Chunk | Status


class Timeline:
    """All lanes of all wearers. `clock_for(source, signal)` makes the clock of a new lane."""

    def __init__(self, clock_for: Callable[[str, str], SignalClock]) -> None:
        self._clock_for = clock_for
        self._lanes: dict[tuple[str, str, str], _Lane] = {}
        self._wear: dict[str, Wear] = {}
        self.gaps = 0
        self.samples_missing = 0

    def feed(self, chunk: NativeChunk) -> list[Out]:
        """Convert one native chunk. Raises KeyError for a format that `units.FORMATS` does not list."""
        lane = self._lane(chunk)
        out: list[Out] = []
        start_s = lane.clock.start_s(chunk)
        self._check_gap(lane, chunk, start_s, out)
        counts, clamped = to_counts(lane.native, chunk.samples)
        native_width = chunk.width
        lane.next_native = chunk.index + len(chunk.samples) // native_width
        if lane.resampler:
            counts = lane.resampler.feed(counts)
            start_s -= lane.resampler.delay_s
        width = 3 if chunk.signal == "acc" else 1
        if not counts:
            return out
        produced = len(counts) // width
        lane.end_s = start_s + produced / lane.rate_hz
        lane.last, lane.stale = chunk, False
        wear = self._wear.setdefault(chunk.wearer, Wear())
        wear.feed(chunk.signal, counts, lane.end_s, lane.rate_hz)
        validity = self._validity(lane, wear, clamped)
        self._say(lane, chunk, validity, lane.end_s, out)
        out.append(
            Chunk(
                chunk.wearer,
                chunk.signal,
                chunk.source,
                lane.out_index,
                tuple(counts),
                start_s,
                lane.rate_hz,
                validity,
                width,
            )
        )
        lane.out_index += produced
        return out

    def tick(self, now_s: float) -> list[Out]:
        """Say which signals have stopped by `now_s`, once each."""
        out: list[Out] = []
        for lane in self._lanes.values():
            if lane.last is None or lane.stale or now_s - lane.end_s < STALE_S:
                continue
            lane.stale = True
            chunk = lane.last
            self._say(lane, chunk, Validity.STALE, now_s, out)
            width = 3 if chunk.signal == "acc" else 1
            out.append(
                Chunk(
                    chunk.wearer,
                    chunk.signal,
                    chunk.source,
                    lane.out_index,
                    (),
                    now_s,
                    lane.rate_hz,
                    Validity.STALE,
                    width,
                )
            )
        return out

    def _lane(self, chunk: NativeChunk) -> _Lane:
        key = (chunk.wearer, chunk.source, chunk.signal)
        lane = self._lanes.get(key)
        if lane is None:
            native = FORMATS[chunk.format]
            rate_hz = RATES_HZ[native.signal]
            resampler = None
            if native.rate_hz != rate_hz:
                resampler = Resampler(native.rate_hz, rate_hz, 3 if native.signal == "acc" else 1)
            lane = _Lane(native, self._clock_for(chunk.source, chunk.signal), resampler, rate_hz)
            self._lanes[key] = lane
        return lane

    def _check_gap(self, lane: _Lane, chunk: NativeChunk, start_s: float, out: list[Out]) -> None:
        if lane.next_native is None or chunk.index == lane.next_native:
            return
        missing = chunk.index - lane.next_native
        self.gaps += 1
        self.samples_missing += max(missing, 0)
        lane.out_index += max(1, missing * lane.rate_hz // lane.native.rate_hz)
        if lane.resampler:
            lane.resampler.gap()
        out.append(
            Status(
                f"{chunk.signal}.gap",
                missing,
                start_s,
                f"{missing} samples of {chunk.signal} are missing",
                wearer=chunk.wearer,
                source=chunk.source,
            )
        )

    @staticmethod
    def _validity(lane: _Lane, wear: Wear, clamped: bool) -> Validity:
        worn = wear.validity(lane.end_s)
        if worn is Validity.WORN:
            if clamped:
                return Validity.SATURATED
            if lane.native.estimated:
                return Validity.ESTIMATED
        return worn

    @staticmethod
    def _say(lane: _Lane, chunk: NativeChunk, validity: Validity, at_s: float, out: list[Out]) -> None:
        if validity is lane.validity:
            return
        lane.validity = validity
        out.append(
            Status(
                f"{chunk.signal}.validity",
                validity.value,
                at_s,
                wearer=chunk.wearer,
                source=chunk.source,
                validity=validity,
            )
        )
