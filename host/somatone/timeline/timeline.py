"""The timeline stage: native chunks in, chunks in the project's units, rates, time and validity out.

One lane a wearer, source and signal. A jump of the index is a gap: it is reported, and shows downstream as a jump of
the outgoing index. A signal that stops is said to be stale once, by an empty chunk. No I/O, no clock of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from somatone.records import Chunk, NativeChunk, Status, Validity
from somatone.timeline.fusion import Fusion
from somatone.timeline.resample import Resampler
from somatone.timeline.run_wear import RunWear
from somatone.timeline.stillness import Stillness
from somatone.timeline.units import RATES_HZ, WIDTHS, NativeFormat, native_format
from somatone.timeline.wear import Wear
from somatone.training_metrics import METRICS

QUICK = ("bvp",)  # signals for which a late sample is worse than a noisy one
STALE_S = 3.0  # longer than any source's packet, shorter than a visitor's patience


class SignalClock(Protocol):
    """Gives the path's time of a sample of one signal, and the rate at which the samples really come."""

    @property
    def rate_hz(self) -> float: ...

    def start_s(self, chunk: NativeChunk) -> float:
        """Path time of the chunk's first sample, in seconds."""
        ...


ClockMaker = Callable[[str, str, float], SignalClock]  # source, signal, nominal rate in Hz


class RecordingClock:
    """The clock of a recording: its ticks are the path's time, exactly."""

    def __init__(self, source: str, signal: str, nominal_hz: float) -> None:
        self.rate_hz = nominal_hz

    def start_s(self, chunk: NativeChunk) -> float:
        if chunk.ticks_us is None:
            return chunk.arrival_s
        return chunk.ticks_us / 1_000_000


BLOCKS_PER_S = 4  # validity is decided once a block, at its first sample, for whole and half chunks alike


@dataclass(slots=True)
class _Lane:
    """One signal from one source: its format, clock and resampler, and where it stands."""

    native: NativeFormat
    clock: SignalClock
    resampler: Resampler | None
    rate_hz: int
    width: int
    next_native: int | None = None
    out_index: int = 0
    end_s: float = 0.0
    stale: bool = False
    validity: Validity | None = None
    block_number: int = -1  # the one that `validity` was decided for
    clamped: bool = False  # in the block that is being filled
    last: NativeChunk | None = None

    @property
    def block(self) -> int:
        """Samples in one block; a run of 4 frames a second has one in each."""
        return max(1, self.rate_hz // BLOCKS_PER_S)


@dataclass(frozen=True, slots=True)
class _Device:
    """One device of one wearer: all its signals are on or off the body together, and move together."""

    wear: Wear | RunWear
    stillness: Stillness


Out = Chunk | Status


class Timeline:
    """All lanes of all wearers. `clock_for` makes the clock of a new lane."""

    def __init__(self, clock_for: ClockMaker) -> None:
        self._clock_for = clock_for
        self._lanes: dict[tuple[str, str, str], _Lane] = {}
        self._devices: dict[tuple[str, str], _Device] = {}
        self._fusion = Fusion()
        self.gaps = 0
        self.samples_missing = 0

    def feed(self, chunk: NativeChunk) -> list[Out]:
        """Convert one native chunk. Raises KeyError for a format that `units.native_format` does not know."""
        lane = self._lane(chunk)
        out: list[Out] = []
        if lane.native.says:
            self._without_value(lane, chunk, lane.native.says, out)
            return out
        start_s = lane.clock.start_s(chunk)
        self._check_gap(lane, chunk, start_s, out)
        lane.next_native = chunk.index + len(chunk.samples) // chunk.width
        samples = lane.native.pick(chunk.samples)
        if lane.resampler:
            lane.resampler.set_rate(lane.clock.rate_hz)
            samples = lane.resampler.feed(samples)
            start_s += lane.resampler.first_s
        done, count = 0, len(samples) // lane.width
        while done < count:
            take = min(count - done, lane.block - lane.out_index % lane.block)
            piece = samples[done * lane.width : (done + take) * lane.width]
            self._piece(lane, chunk, piece, start_s + done / lane.rate_hz, out)
            done += take
        return out

    def _piece(self, lane: _Lane, chunk: NativeChunk, samples: Sequence[int], start_s: float, out: list[Out]) -> None:
        """A piece of one block: to counts, to the wear detector, and out with the block's validity."""
        device = self._device(chunk)
        lane.last, lane.stale = chunk, False
        if lane.out_index // lane.block != lane.block_number:
            lane.block_number = lane.out_index // lane.block
            self._say(lane, chunk, self._validity(lane, device, chunk.signal, start_s), start_s, out)
            lane.clamped = False
        counts, clamped = lane.native.to_counts(samples)
        lane.clamped |= clamped
        device.wear.feed(chunk.signal, counts, start_s, lane.rate_hz)
        if chunk.signal == "acc":
            device.stillness.feed(counts, start_s, lane.rate_hz)
        self._give(self._chunk(lane, chunk, tuple(counts), start_s), out)
        lane.out_index += len(counts) // lane.width
        lane.end_s = start_s + len(counts) / lane.width / lane.rate_hz

    def _without_value(self, lane: _Lane, chunk: NativeChunk, says: Validity, out: list[Out]) -> None:
        """The source itself says that there is no value: an empty chunk, and a gap for the rules."""
        wear = self._device(chunk).wear
        gone = says is Validity.ABSENT
        if gone and isinstance(wear, RunWear):
            wear.reset()
        lane.last, lane.stale = chunk, gone
        lane.next_native = chunk.index + (not gone)
        lane.end_s = max(lane.end_s, chunk.arrival_s)
        self._say(lane, chunk, says, chunk.arrival_s, out)
        self._give(self._chunk(lane, chunk, (), chunk.arrival_s), out)
        lane.out_index += 1
        lane.block_number = -1

    def tick(self, now_s: float) -> list[Out]:
        """Say which signals have stopped by `now_s`, once each."""
        out: list[Out] = []
        for lane in self._lanes.values():
            if lane.last is None or lane.stale or now_s - lane.end_s < STALE_S:
                continue
            lane.stale = True
            self._say(lane, lane.last, Validity.STALE, now_s, out)
            self._give(self._chunk(lane, lane.last, (), now_s), out)
            lane.block_number = -1
        return out

    def _give(self, chunk: Chunk, out: list[Out]) -> None:
        """Out with it, marked with whether its source leads; a change of lead is said before."""
        marked, said = self._fusion.feed(chunk)
        if said:
            out.append(said)
        out.append(marked)

    def _device(self, chunk: NativeChunk) -> _Device:
        key = (chunk.wearer, chunk.source)
        device = self._devices.get(key)
        if device is None:
            device = self._devices[key] = _Device(RunWear() if chunk.signal in METRICS else Wear(), Stillness())
        return device

    @staticmethod
    def _chunk(lane: _Lane, chunk: NativeChunk, counts: tuple[int, ...], start_s: float) -> Chunk:
        assert lane.validity
        return Chunk(
            chunk.wearer,
            chunk.signal,
            chunk.source,
            lane.out_index,
            counts,
            start_s,
            lane.rate_hz,
            lane.validity,
            lane.width,
        )

    def _lane(self, chunk: NativeChunk) -> _Lane:
        key = (chunk.wearer, chunk.source, chunk.signal)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = self._new_lane(chunk)
        elif lane.last and lane.last.format != chunk.format:  # another board, this one was calibrated, or a new run
            native = native_format(chunk.format)
            if native.signal in METRICS and native.rate_hz != lane.rate_hz:
                before, lane = lane, self._new_lane(chunk)
                lane.out_index, lane.validity = before.out_index + 1, before.validity
                self._lanes[key] = lane
            lane.native = native
        return lane

    def _new_lane(self, chunk: NativeChunk) -> _Lane:
        native = native_format(chunk.format)
        rate_hz = RATES_HZ.get(native.signal, native.rate_hz)
        width = WIDTHS.get(native.signal, 1)
        resampler = None
        if native.rate_hz != rate_hz:
            resampler = Resampler(native.rate_hz, rate_hz, width, quick=native.signal in QUICK)
        clock = self._clock_for(chunk.source, chunk.signal, native.rate_hz)
        return _Lane(native, clock, resampler, rate_hz, width)

    def _check_gap(self, lane: _Lane, chunk: NativeChunk, start_s: float, out: list[Out]) -> None:
        if lane.next_native is None or chunk.index == lane.next_native:
            return
        missing = chunk.index - lane.next_native
        self.gaps += 1
        self.samples_missing += max(missing, 0)
        lane.out_index += max(1, missing * lane.rate_hz // lane.native.rate_hz)
        if lane.resampler:
            lane.resampler.gap()
        if chunk.signal == "acc":
            self._device(chunk).stillness.gap()
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
    def _validity(lane: _Lane, device: _Device, signal: str, start_s: float) -> Validity:
        """Of the block that begins at `start_s`; a clamp in the block before counts against it."""
        worn = device.wear.validity(start_s)
        if worn is Validity.WORN:
            if lane.clamped:
                return Validity.SATURATED
            if signal == "bvp" and device.stillness.moving(start_s):
                return Validity.MOVING
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
