"""Breath: `breath.in`, `breath.rate`, `breath.depth`, from a microphone or, where there is none, from the pulse.

The pulse's rules are fed by `PulseRules`, which inherits how a breath is said; a microphone's envelope is a signal of
its own. Both may be there at once: the microphone hears breath itself and has no two seconds of delay, so it wins as
long as its signal is usable (`BreathChoice`).
"""

from __future__ import annotations

from collections.abc import Iterator

from gates.breath import BreathFromPulse
from gates.breath_sound import BreathFromSound
from gates.common import CLOSED, OPENED
from gates.level import FULL, RunningRange
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings, SignalRules
from somatone.records import Chunk, Event, Gate

SLOWEST_PER_MIN, FASTEST_PER_MIN = 6, 30  # the ends of `breath.rate`
GATES = ("breath.in",)
LEVELS = ("breath.rate", "breath.depth")
BREATH_SIGNALS = ("mic", "bvp")


class SaysBreath(SignalRules):
    """A signal among whose rules is one for breath."""

    def __init__(self, settings: RuleSettings = NO_SETTINGS) -> None:
        super().__init__(settings)
        self._depth = RunningRange(1, **self._set("breath.depth"))  # fed once a breath

    def _say_breath(
        self, chunk: Chunk, rule: BreathFromPulse | BreathFromSound, edges: int, now_s: float
    ) -> Iterator[Event]:
        """One edge of the gate; with an opening the usual rate, and how deep the last breath was for this wearer."""
        at_s = now_s - rule.age_q8 / 256 / chunk.rate_hz
        if edges & CLOSED:
            yield from self._edge(chunk, "breath.in", 0, at_s)
        if not edges & OPENED:
            return
        yield from self._edge(chunk, "breath.in", 1, at_s, rule.depth)
        if not self._usable:
            return
        if rule.period_samples:
            per_min = 60 * rule.rate_hz / rule.period_samples
            place = (per_min - SLOWEST_PER_MIN) / (FASTEST_PER_MIN - SLOWEST_PER_MIN)
            yield from self._level(chunk, "breath.rate", min(max(place, 0.0), 1.0), at_s)
        yield from self._level(chunk, "breath.depth", self._depth.step(rule.depth) / FULL, at_s)


class SoundRules(SaysBreath):
    """`breath.in`, `breath.rate`, `breath.depth` from a microphone's envelope at 32 Hz (signal `mic`)."""

    gates = GATES
    levels = LEVELS

    def __init__(self, settings: RuleSettings = NO_SETTINGS) -> None:
        super().__init__(settings)
        self._breath = BreathFromSound(32, **self._set("breath.sound"))

    def reset(self) -> None:
        self._breath.reset()
        self._depth.reset()

    def _gap(self) -> None:
        self._breath.gap()

    def _standing(self) -> tuple[str, ...]:
        return GATES * self._breath.on

    def _run(self, chunk: Chunk) -> list[Event]:
        rule = self._breath
        out: list[Event] = []
        for k, x in enumerate(chunk.samples):
            edges = rule.step(x)
            if edges:
                out += self._say_breath(chunk, rule, edges, chunk.start_s + k / chunk.rate_hz)
        return out


class BreathChoice:
    """Whose breath is heard, for one wearer: the other's edges and levels are dropped, and no gate is left open."""

    def __init__(self) -> None:
        self._sound = False  # the microphone is usable
        self._opened_by = ""  # the signal that holds the gate open

    def heard(self, chunk: Chunk, events: list[Event]) -> list[Event]:
        """The events of one chunk without the breath that is not listened to."""
        if not events and chunk.signal == "bvp":
            return events
        out: list[Event] = []
        if chunk.signal == "mic":
            self._sound = chunk.validity.usable
            if self._sound and self._opened_by == "bvp":
                self._opened_by = ""
                out.append(Gate(chunk.wearer, "breath.in", 0, chunk.start_s, chunk.validity, chunk.source))
        return out + [event for event in events if not event.name.startswith("breath.") or self._passes(chunk, event)]

    def _passes(self, chunk: Chunk, event: Event) -> bool:
        leads = chunk.signal == "mic" or not self._sound
        if not isinstance(event, Gate):
            return leads
        if not event.value:
            closes = self._opened_by == chunk.signal
            self._opened_by = "" if closes else self._opened_by
            return closes
        opens = leads and not self._opened_by
        self._opened_by = chunk.signal if opens else self._opened_by
        return opens
