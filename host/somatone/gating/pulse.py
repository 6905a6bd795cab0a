"""The pulse: beats, heart rate and strength from 64 Hz volume pulse."""

from __future__ import annotations

from collections.abc import Iterator

from gates.common import CLOSED, OPENED
from gates.level import FULL, RunningRange
from gates.pulse import PulseBeats
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings, SignalRules
from somatone.records import Chunk, Event

SLOWEST_BPM, FASTEST_BPM = 40, 160  # the ends of `pulse.rate`


class PulseRules(SignalRules):
    """`pulse.beat`, `pulse.rate`, `pulse.strength` from 64 Hz volume pulse."""

    gates = ("pulse.beat",)
    levels = ("pulse.rate", "pulse.strength")

    def __init__(self, settings: RuleSettings = NO_SETTINGS) -> None:
        super().__init__(settings)
        self._beats = PulseBeats(64, **self._set("pulse.beat"))
        self._strength = RunningRange(1, **self._set("pulse.strength"))  # fed once a beat, about once a second

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
