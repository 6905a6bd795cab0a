"""From chunks and gates to one value a stream and second: what the correlations listen to.

    eda, temp, mic, metrics   mean of the samples in counts, Q8
    motion                    mean L1 jerk of the acceleration, Q8
    pulse.rate, breath.rate   minus the interval between two openings of the gate, 1/1024 s: up is faster
    pulse.strength            height of the beats
    eda.onset, ...            openings of a gate that marks an event

A second is closed `GRACE_S` after it has passed, longer than any packet or rule is late, and a value belongs to the
second of its own time: so it does not matter how the samples were cut into chunks. A second with one sample that
cannot be trusted has no value.
"""

from __future__ import annotations

import math
from operator import sub

from somatone.records import Chunk, Gate
from somatone.timeline.correlation.history import Differences, Events, History
from somatone.timeline.correlation.names import root_of

GRACE_S = 5
Key = tuple[str, str]  # wearer, stream

EVENT_GATES = ("eda.onset", "motion.active")  # a metric's own gates say nothing that its differences do not
# gate -> (stream of its intervals, shortest and longest that count in 1/1024 s, ticks for which a value holds)
INTERVALS = {
    "pulse.beat": ("pulse.rate", 256, 2048, 2),
    "breath.in": ("breath.rate", 1024, 15_360, 12),
}
STRENGTHS = {"pulse.beat": "pulse.strength"}
UNHEARD = (
    "bvp",
    "ibi",
    "hr",
    "tag",
)  # signals whose samples say nothing by themselves: the pulse is heard by its beats
NAMES = {"acc": "motion"}  # of the stream, where it is not the signal's
ROUNDING_S = 0.0005
METRIC_HOLD = 2  # a training run may take a second over a step


def tick_of(at_s: float) -> int:
    """The second that a moment belongs to, on the path's clock; rounding of a time does not matter."""
    return math.floor(at_s + ROUNDING_S)


class Stream:
    """One stream: what has come for the seconds that are still open, and its coded history."""

    __slots__ = ("_coder", "_held", "_hold", "_left", "_open", "_parent", "history", "since", "value")

    def __init__(self, since: int, *, hold: int = 0, parent: Stream | None = None) -> None:
        self.history = History()
        self.since = since  # the first second that it takes part in
        self.value: int | None = None  # of the second closed last
        self._coder = Events() if parent else Differences()
        self._parent = parent  # an event can only be seen while its signal is
        self._hold = hold
        self._left = 0
        self._held: int | None = None
        self._open: dict[int, tuple[int, int]] = {}  # second -> sum, count; a count of -1 has no value

    def add(self, tick: int, total: int, count: int) -> None:
        before, number = self._open.get(tick, (0, 0))
        if number >= 0:
            self._open[tick] = (before + total, number + count)

    def spoil(self, tick: int) -> None:
        """This second cannot be trusted."""
        self._open[tick] = (0, -1)

    def close(self, tick: int) -> int:
        """End a second; its code goes into the history and is returned."""
        total, count = self._open.pop(tick, (0, 0))
        if self._parent:
            self.value = total if self._parent.value is not None and count >= 0 else None
        else:
            self.value = self._mean(total, count)
        code = self._coder.step(self.value)
        self.history.push(code)
        return code

    def _mean(self, total: int, count: int) -> int | None:
        if count > 0:
            self._held, self._left = (total << 8) // count, self._hold
            return self._held
        if count < 0 or not self._left:
            self._left = 0
            return None
        self._left -= 1
        return self._held

    def forget(self) -> None:
        """Another visitor: nothing is inherited."""
        self.history.clear()
        self._coder.clear()
        self._left = 0
        self.value = None


class Streams:
    """All streams of all wearers. `version` changes when there is a new one."""

    def __init__(self) -> None:
        self.streams: dict[Key, Stream] = {}
        self.version = 0
        self.next_tick: int | None = None
        self._last_axes: dict[str, tuple[int, tuple[int, ...]]] = {}
        self._last_opened: dict[Key, float] = {}

    def chunk(self, chunk: Chunk) -> None:
        """Samples of the wearer's leading source."""
        samples = chunk.samples
        if not chunk.leads or not samples:
            return
        first = math.floor(chunk.start_s + ROUNDING_S)
        if self.next_tick is None:
            self.next_tick = first
        usable = chunk.validity.usable
        if chunk.signal in UNHEARD:
            if not usable:
                self._unheard(chunk, first)
            return
        if chunk.signal == "acc":
            samples = self._jerks(chunk)
        stream = self.streams.get((chunk.wearer, NAMES.get(chunk.signal, chunk.signal)))
        if stream is None:
            stream = self._mean_stream(chunk, first)
        count = len(samples)
        if chunk.start_s + (count - 1) / chunk.rate_hz + ROUNDING_S < first + 1:
            self._put(stream, first, sum(samples), count, usable=usable)
            return
        for k, x in enumerate(samples):
            self._put(stream, tick_of(chunk.start_s + k / chunk.rate_hz), x, 1, usable=usable)

    def gate(self, gate: Gate) -> None:
        """An edge: events are counted, beats and breaths give intervals."""
        if not gate.value or self.next_tick is None or not gate.validity.usable:
            return
        if gate.name in INTERVALS:
            self._interval(gate)
        parent = self.streams.get((gate.wearer, root_of(gate.name))) if gate.name in EVENT_GATES else None
        if parent:
            tick = tick_of(gate.at_s)
            self._put(self._stream((gate.wearer, gate.name), tick, parent=parent), tick, 1, 1, usable=True)

    def close(self, tick: int) -> dict[Key, int]:
        """End one second of every stream: the codes, signals before the events that hang on them."""
        self.next_tick = tick + 1
        return {key: stream.close(tick) for key, stream in self.streams.items() if stream.since <= tick}

    def forget(self, wearer: str) -> None:
        """Clear everything that a wearer left."""
        for key, stream in self.streams.items():
            if key[0] == wearer:
                stream.forget()
        for key in [key for key in self._last_opened if key[0] == wearer]:
            del self._last_opened[key]

    def _put(self, stream: Stream, tick: int, total: int, count: int, *, usable: bool) -> None:
        if self.next_tick is not None and tick < self.next_tick:
            return  # too late: that second is over
        if usable:
            stream.add(tick, total, count)
        else:
            stream.spoil(tick)

    def _mean_stream(self, chunk: Chunk, tick: int) -> Stream:
        body = chunk.signal in ("eda", "temp", "acc", "mic")
        return self._stream(
            (chunk.wearer, NAMES.get(chunk.signal, chunk.signal)), tick, hold=0 if body else METRIC_HOLD
        )

    def _stream(self, key: Key, since: int, *, hold: int = 0, parent: Stream | None = None) -> Stream:
        stream = self.streams.get(key)
        if stream is None:
            stream = self.streams[key] = Stream(since, hold=hold, parent=parent)
            self.version += 1
        return stream

    def _interval(self, gate: Gate) -> None:
        """The interval that ends with this beat or breath, and how strong it was."""
        name, shortest, longest, hold = INTERVALS[gate.name]
        tick = tick_of(gate.at_s)
        last_s = self._last_opened.get((gate.wearer, gate.name))
        self._last_opened[gate.wearer, gate.name] = gate.at_s
        if last_s is not None:
            interval = round((gate.at_s - last_s) * 1024)
            if shortest <= interval <= longest:
                self._put(self._stream((gate.wearer, name), tick, hold=hold), tick, -interval, 1, usable=True)
        if gate.name in STRENGTHS:
            stream = self._stream((gate.wearer, STRENGTHS[gate.name]), tick, hold=hold)
            self._put(stream, tick, gate.strength, 1, usable=True)

    def _unheard(self, chunk: Chunk, first: int) -> None:
        """The pulse cannot be trusted: no interval reaches across, and its streams have no value."""
        if chunk.signal != "bvp":
            return
        self._last_opened.pop((chunk.wearer, "pulse.beat"), None)
        last = tick_of(chunk.end_s - 1 / chunk.rate_hz)
        for name in ("pulse.rate", "pulse.strength"):
            if stream := self.streams.get((chunk.wearer, name)):
                for tick in range(first, last + 1):
                    self._put(stream, tick, 0, 0, usable=False)

    def _jerks(self, chunk: Chunk) -> tuple[int, ...]:
        """L1 jerk of every sample, in 1/64 g; none across a gap."""
        samples = chunk.samples
        index, last = self._last_axes.get(chunk.wearer, (-1, ()))
        if index != chunk.index:
            last = samples[:3]
        self._last_axes[chunk.wearer] = (chunk.index + len(samples) // 3, samples[-3:])
        steps = list(map(abs, map(sub, samples, (*last, *samples))))
        return tuple(map(sum, zip(steps[::3], steps[1::3], steps[2::3], strict=True)))
