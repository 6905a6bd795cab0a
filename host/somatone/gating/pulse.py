"""The pulse: beats, heart rate and strength from 64 Hz volume pulse.

A heart rate is said only while `pulse.steady` stands open: the wearer is still and the rhythm regular. Otherwise the
level is withdrawn, marked as not settled, although the beats themselves go on.
"""

from __future__ import annotations

from collections.abc import Iterator

from gates.breath import BreathFromPulse
from gates.common import CLOSED, OPENED
from gates.heart_rate import HeartRate
from gates.level import FULL, RunningRange
from gates.pulse import MEASURED, PulseBeats
from somatone.gating.breath import SaysBreath
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings
from somatone.records import Chunk, Event, Level, Validity

SLOWEST_BPM, FASTEST_BPM = 40, 160  # the ends of `pulse.rate`
DISTURBED = (Validity.MOVING, Validity.SATURATED)  # intervals of such moments are not the heart's


class PulseRules(SaysBreath):
    """`pulse.beat`, `pulse.steady`, `pulse.rate`, `pulse.strength` and breath from 64 Hz volume pulse."""

    gates = ("pulse.beat", "pulse.steady", "breath.in")
    levels = ("pulse.rate", "pulse.strength", "breath.rate", "breath.depth")

    def __init__(self, settings: RuleSettings = NO_SETTINGS) -> None:
        super().__init__(settings)
        self._beats = PulseBeats(64, **self._set("pulse.beat"))
        self._heart = HeartRate(64, **self._set("pulse.steady"))
        self._strength = RunningRange(1, **self._set("pulse.strength"))  # fed once a beat, about once a second
        self._breath = BreathFromPulse(64, **self._set("breath.in"))
        self._watched_until_s = float("-inf")

    def reset(self) -> None:
        self._beats.reset()
        self._heart.reset()
        self._strength.reset()
        self._breath.reset()
        self._depth.reset()

    def watch(self, until_s: float) -> None:
        self._watched_until_s = until_s

    def _gap(self) -> None:
        self._beats.gap()
        self._heart.gap()
        self._breath.gap()

    def _standing(self) -> tuple[str, ...]:
        return ("pulse.steady",) * self._heart.on + ("breath.in",) * self._breath.on

    def _run(self, chunk: Chunk) -> list[Event]:
        if chunk.validity in DISTURBED and self._heart.usual_q8:
            self._heart.gap()
        beats, samples = self._beats, chunk.samples
        out: list[Event] = []
        done, passed, end = 0, 0, len(samples)
        while done < end:
            edges = beats.run(samples, done, clean=True)
            done = beats.taken
            if edges:  # with the last sample taken; heart and breath have to know of all before it
                self._pass(chunk, passed, done - 1, out)
                passed = done - 1
                self._edges(chunk, edges, chunk.start_s + passed / chunk.rate_hz, out)
        self._pass(chunk, passed, end, out)
        return out

    def _pass(self, chunk: Chunk, first: int, last: int, out: list[Event]) -> None:
        """No beat from sample `first` to `last` of the chunk: the rhythm may end, a breath may turn."""
        if self._heart.on and (closed := self._heart.advance(last - first)):
            out += self._unsteady(chunk, chunk.start_s + (first + closed) / chunk.rate_hz)
        breath = self._breath
        while first < last:
            turn = breath.run(last - first)
            first += breath.taken
            if turn:
                out += self._say_breath(chunk, breath, turn, chunk.start_s + (first - 1) / chunk.rate_hz)

    def _edges(self, chunk: Chunk, edges: int, now_s: float, out: list[Event]) -> None:
        beats = self._beats
        if edges & CLOSED:
            out += self._edge(chunk, "pulse.beat", 0, now_s)
            if edges == CLOSED:
                return
        at_s = now_s - beats.age_q8 / 256 / chunk.rate_hz
        if edges & OPENED:
            out += self._edge(chunk, "pulse.beat", 1, at_s, beats.strength)
        if not edges & MEASURED:
            return
        self._breath.step_beat(beats.interval_q8, beats.strength)
        self._rate(chunk, at_s, now_s, out)
        if self._usable:
            out += self._level(chunk, "pulse.strength", self._strength.step(beats.strength) / FULL, at_s)

    def _rate(self, chunk: Chunk, at_s: float, now_s: float, out: list[Event]) -> None:
        """A measured beat: whether the rhythm is steady, and its rate where it is."""
        heart, interval_q8 = self._heart, self._beats.interval_q8
        if chunk.validity in DISTURBED:
            return
        heart.watched = now_s <= self._watched_until_s
        edge = heart.step(interval_q8)
        if edge == CLOSED:
            out += self._unsteady(chunk, now_s)
        elif edge == OPENED:
            out += self._edge(chunk, "pulse.steady", 1, now_s)
        if heart.trusted:
            bpm = 60 * 256 * chunk.rate_hz / interval_q8
            place = (bpm - SLOWEST_BPM) / (FASTEST_BPM - SLOWEST_BPM)
            out += self._level(chunk, "pulse.rate", min(max(place, 0.0), 1.0), at_s)

    def _unsteady(self, chunk: Chunk, now_s: float) -> Iterator[Event]:
        """The gate closes and the rate no longer holds."""
        yield from self._edge(chunk, "pulse.steady", 0, now_s)
        value = self._said.pop("pulse.rate", None)
        if value is not None:
            yield Level(chunk.wearer, "pulse.rate", value, now_s, Validity.SETTLING, chunk.source)
