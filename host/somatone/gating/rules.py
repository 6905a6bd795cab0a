"""Each signal's integer rules, dressed as records: chunks in, gates and levels out.

The integers stay in `gates`; floats begin here, at the levels. While a signal cannot be trusted its rules still learn
(except the running ranges, which freeze), but no gate opens, and a gate that is open closes at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from gates.common import CLOSED, OPENED
from gates.eda import SkinResponses
from gates.level import FULL, RunningRange
from gates.motion import ACTIVE_CLOSED, ACTIVE_OPENED, STILL_CLOSED, STILL_OPENED, Movement
from gates.pulse import PulseBeats
from gates.temp import FALL_CLOSED, FALL_OPENED, RISE_CLOSED, RISE_OPENED, TemperatureTrend
from somatone.records import Chunk, Event, Gate, Level

SMALLEST_LEVEL_STEP = 1 / 256  # a level is said again when it has moved this far
SLOWEST_BPM, FASTEST_BPM = 40, 160  # the ends of `pulse.rate`
LARGE_RESPONSE_NANOSIEMENS = 1000
LARGE_JERK_Q8 = 32 << 8  # half a g from one sample to the next, summed over the axes


class SignalRules:
    """What all signals share: gaps, validity, open gates and levels that are said only when they move."""

    gates: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._next_index: int | None = None
        self._usable = False
        self._open: dict[str, bool] = dict.fromkeys(self.gates, False)
        self._said: dict[str, float] = {}

    def feed(self, chunk: Chunk) -> list[Event]:
        """All events of one chunk, in order of its samples."""
        if self._next_index is not None and chunk.index != self._next_index:
            self._gap()
        self._next_index = chunk.index + len(chunk.samples) // chunk.width
        events: list[Event] = []
        if chunk.validity.usable != self._usable:
            self._usable = chunk.validity.usable
            if not self._usable:
                events += self._withdraw(chunk)
            for name in self._standing():
                events += self._edge(chunk, name, 1, chunk.start_s)
        events += self._run(chunk)
        return events

    def _standing(self) -> tuple[str, ...]:
        """Gates of states (not of events) that stand open in the rule; they open when the signal becomes usable."""
        return ()

    def is_open(self, name: str) -> bool:
        """Whether the gate stands open."""
        return self._open[name]

    def last_level(self, name: str) -> float | None:
        """The level as it was last said, None where it does not hold."""
        return self._said.get(name)

    def reset(self) -> None:
        """A new wearer."""
        raise NotImplementedError

    def _gap(self) -> None:
        raise NotImplementedError

    def _run(self, chunk: Chunk) -> Iterator[Event]:
        raise NotImplementedError

    def _withdraw(self, chunk: Chunk) -> Iterator[Event]:
        """Close what is open and say of every level that it no longer holds."""
        for name, is_open in self._open.items():
            if is_open:
                self._open[name] = False
                yield Gate(chunk.wearer, name, 0, chunk.start_s, chunk.validity, chunk.source)
        for name in self.levels:
            value = self._said.pop(name, 0.0)
            yield Level(chunk.wearer, name, value, chunk.start_s, chunk.validity, chunk.source)

    def _edge(self, chunk: Chunk, name: str, value: int, at_s: float, strength: int = 0) -> Iterator[Event]:
        """A gate's edge; an opening only where the signal is usable, a closing only of what was opened."""
        if (value and not self._usable) or bool(value) == self._open[name]:
            return
        self._open[name] = bool(value)
        yield Gate(chunk.wearer, name, value, at_s, chunk.validity, chunk.source, strength)

    def _level(self, chunk: Chunk, name: str, value: float, at_s: float) -> Iterator[Event]:
        if not self._usable or abs(value - self._said.get(name, -1.0)) < SMALLEST_LEVEL_STEP:
            return
        self._said[name] = value
        yield Level(chunk.wearer, name, value, at_s, chunk.validity, chunk.source)


class PulseRules(SignalRules):
    """`pulse.beat`, `pulse.rate`, `pulse.strength` from 64 Hz volume pulse."""

    gates = ("pulse.beat",)
    levels = ("pulse.rate", "pulse.strength")

    def __init__(self) -> None:
        super().__init__()
        self._beats = PulseBeats(64)
        self._strength = RunningRange(rate_hz=1, span_floor=16)  # fed once a beat, about once a second

    def reset(self) -> None:
        self._beats.reset()
        self._strength.reset()

    def _gap(self) -> None:
        self._beats.gap()

    def _run(self, chunk: Chunk) -> Iterator[Event]:
        step = self._beats.step
        for k, x in enumerate(chunk.samples):
            edges = step(x)
            if edges:
                yield from self._edges(chunk, edges, chunk.start_s + k / chunk.rate_hz)

    def _edges(self, chunk: Chunk, edges: int, now_s: float) -> Iterator[Event]:
        beats = self._beats
        if edges & CLOSED:
            yield from self._edge(chunk, "pulse.beat", 0, now_s)
        if not edges & OPENED:
            return
        at_s = now_s - beats.age_q8 / 256 / chunk.rate_hz
        yield from self._edge(chunk, "pulse.beat", 1, at_s, beats.strength)
        if not self._usable:
            return
        if beats.interval_q8:
            bpm = 60 * 256 * chunk.rate_hz / beats.interval_q8
            place = (bpm - SLOWEST_BPM) / (FASTEST_BPM - SLOWEST_BPM)
            yield from self._level(chunk, "pulse.rate", min(max(place, 0.0), 1.0), at_s)
        yield from self._level(chunk, "pulse.strength", self._strength.step(beats.strength) / FULL, at_s)


class SkinRules(SignalRules):
    """`eda.onset`, `eda.tonic`, `eda.response` from 4 Hz skin conductance."""

    gates = ("eda.onset",)
    levels = ("eda.tonic", "eda.response")

    def __init__(self) -> None:
        super().__init__()
        self._responses = SkinResponses(4)
        self._tonic = RunningRange(rate_hz=4)

    def reset(self) -> None:
        self._responses.reset()
        self._tonic.reset()

    def _gap(self) -> None:
        self._responses.gap()

    def _run(self, chunk: Chunk) -> Iterator[Event]:
        rule = self._responses
        for k, x in enumerate(chunk.samples):
            now_s = chunk.start_s + k / chunk.rate_hz
            edges = rule.step(x)
            if edges & OPENED:
                at_s = now_s - rule.age_q8 / 256 / chunk.rate_hz
                yield from self._edge(chunk, "eda.onset", 1, at_s, rule.amplitude_nsiemens)
            if edges & CLOSED:
                yield from self._edge(chunk, "eda.onset", 0, now_s, rule.amplitude_nsiemens)
            if rule.on or edges & CLOSED:
                size = min(rule.amplitude_nsiemens / LARGE_RESPONSE_NANOSIEMENS, 1.0)
                yield from self._level(chunk, "eda.response", size, now_s)
            if self._usable:
                yield from self._level(chunk, "eda.tonic", self._tonic.step(rule.tonic_nsiemens) / FULL, now_s)


class TemperatureRules(SignalRules):
    """`temp.rise`, `temp.fall`, `temp.level` from 4 Hz skin temperature."""

    gates = ("temp.rise", "temp.fall")
    levels = ("temp.level",)

    def __init__(self) -> None:
        super().__init__()
        self._trend = TemperatureTrend(4)
        self._range = RunningRange(rate_hz=4, span_floor=60)

    def reset(self) -> None:
        self._trend.reset()
        self._range.reset()

    def _gap(self) -> None:
        self._trend.gap()

    def _standing(self) -> tuple[str, ...]:
        return ("temp.rise",) * self._trend.rising + ("temp.fall",) * self._trend.falling

    def _run(self, chunk: Chunk) -> Iterator[Event]:
        for k, x in enumerate(chunk.samples):
            now_s = chunk.start_s + k / chunk.rate_hz
            edges = self._trend.step(x)
            for mask, name, value in _TEMPERATURE_EDGES:
                if edges & mask:
                    yield from self._edge(chunk, name, value, now_s)
            if self._usable:
                yield from self._level(chunk, "temp.level", self._range.step(x) / FULL, now_s)


_TEMPERATURE_EDGES = (
    (RISE_CLOSED, "temp.rise", 0),
    (FALL_CLOSED, "temp.fall", 0),
    (RISE_OPENED, "temp.rise", 1),
    (FALL_OPENED, "temp.fall", 1),
)


class MovementRules(SignalRules):
    """`motion.active`, `motion.still`, `motion.energy` from 32 Hz acceleration."""

    gates = ("motion.active", "motion.still")
    levels = ("motion.energy",)

    def __init__(self) -> None:
        super().__init__()
        self._movement = Movement(32)

    def reset(self) -> None:
        self._movement.reset()

    def _gap(self) -> None:
        self._movement.gap()

    def _standing(self) -> tuple[str, ...]:
        return ("motion.active",) * self._movement.active + ("motion.still",) * self._movement.still

    def _run(self, chunk: Chunk) -> Iterator[Event]:
        samples = chunk.samples
        step = self._movement.step
        for k in range(0, len(samples), 3):
            edges = step(samples[k], samples[k + 1], samples[k + 2])
            if edges:
                now_s = chunk.start_s + k / 3 / chunk.rate_hz
                for mask, name, value in _MOVEMENT_EDGES:
                    if edges & mask:
                        yield from self._edge(chunk, name, value, now_s)
        if samples:
            energy = min(self._movement.energy_q8 / LARGE_JERK_Q8, 1.0)
            yield from self._level(chunk, "motion.energy", energy, chunk.end_s)


_MOVEMENT_EDGES = (
    (ACTIVE_CLOSED, "motion.active", 0),
    (STILL_CLOSED, "motion.still", 0),
    (ACTIVE_OPENED, "motion.active", 1),
    (STILL_OPENED, "motion.still", 1),
)

RULES: dict[str, type[SignalRules]] = {
    "bvp": PulseRules,
    "eda": SkinRules,
    "temp": TemperatureRules,
    "acc": MovementRules,
}
