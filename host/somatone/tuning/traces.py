"""The thresholds of the rules as they move: a copy of each rule is stepped beside the path, and read after each sample.

Nothing that is drawn stands in the rules. A copy is treated as the path treats its own (gaps, visitors who left, ranges
that freeze while the signal is not to be trusted); a test holds that both open at the same samples.
All values are in the unit in which the artist sets the parameter beside them.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Protocol

from gates.common import MeanOf
from gates.eda import SkinResponses
from gates.level import RunningRange
from gates.motion import Movement
from gates.pulse import MEASURED, PulseBeats
from gates.temp import GUARD as TEMPERATURE_GUARD
from gates.temp import TemperatureTrend
from somatone.gating.parameters import PARAMETERS, settings_of
from somatone.gating.signal_rules import RuleSettings
from somatone.gating.stage import FORGET_S, NOT_WORN
from somatone.records import Chunk


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a rule. `kind`: what is compared, what it is compared with, or a range over the signal itself."""

    rules: tuple[str, ...]
    label: str
    unit: str
    kind: str = "threshold"  # or "compared" or "range"


class RuleCopy(Protocol):
    """The rules of one signal, one sample at a time; `step` answers with one number a curve."""

    @property
    def curves(self) -> tuple[Curve, ...]: ...
    def step(self, sample: Sequence[int], *, usable: bool) -> tuple[float, ...]: ...
    def reset(self) -> None: ...
    def gap(self) -> None: ...


class PulseCopy:
    """Upstroke and its threshold; the running range of the beats' strength."""

    curves = (
        Curve(("pulse.beat", "pulse.strength"), "upstroke", "counts", "compared"),
        Curve(("pulse.beat",), "threshold of a beat", "counts"),
        Curve(("pulse.strength",), "strength 0 (P5)", "counts"),
        Curve(("pulse.strength",), "strength 1 (P95)", "counts"),
    )

    def __init__(self, settings: RuleSettings) -> None:
        self._beats = PulseBeats(64, **settings_of(settings, "pulse.beat"))
        self._strength = RunningRange(1, **settings_of(settings, "pulse.strength"))

    def step(self, sample: Sequence[int], *, usable: bool) -> tuple[float, ...]:
        if self._beats.step(sample[0]) & MEASURED and usable:
            self._strength.step(self._beats.strength)
        return self._beats.height, self._beats.threshold, *_ends(self._strength)

    def reset(self) -> None:
        self._beats.reset()
        self._strength.reset()

    def gap(self) -> None:
        self._beats.gap()


class SkinCopy:
    """The slope's lift and its threshold; the tonic level's running range."""

    curves = (
        Curve(("eda.onset",), "lift of the slope", "nS/s", "compared"),
        Curve(("eda.onset",), "threshold of an onset", "nS/s"),
        Curve(("eda.tonic",), "tonic 0 (P5)", "nS", "range"),
        Curve(("eda.tonic",), "tonic 1 (P95)", "nS", "range"),
    )

    def __init__(self, settings: RuleSettings) -> None:
        self._responses = SkinResponses(4, **settings_of(settings, "eda.onset"))
        self._tonic = RunningRange(1, **settings_of(settings, "eda.tonic"))
        self._second = MeanOf(4)

    def step(self, sample: Sequence[int], *, usable: bool) -> tuple[float, ...]:
        rule = self._responses
        rule.step(sample[0])
        if not usable:
            self._second.reset()
        elif self._second.step(rule.tonic_nsiemens):
            self._tonic.step(self._second.value)
        return rule.lift, rule.threshold, *_ends(self._tonic)

    def reset(self) -> None:
        self._responses.reset()
        self._tonic.reset()

    def gap(self) -> None:
        self._responses.gap()
        self._second.reset()


class TemperatureCopy:
    """The trend with its four thresholds; the level's running range."""

    curves = (
        Curve(("temp.rise", "temp.fall"), "trend", "0.01 °C", "compared"),
        Curve(("temp.rise",), "rise opens", "0.01 °C"),
        Curve(("temp.rise",), "rise closes", "0.01 °C"),
        Curve(("temp.fall",), "fall opens", "0.01 °C"),
        Curve(("temp.fall",), "fall closes", "0.01 °C"),
        Curve(("temp.level",), "level 0 (P5)", "0.01 °C", "range"),
        Curve(("temp.level",), "level 1 (P95)", "0.01 °C", "range"),
    )

    def __init__(self, settings: RuleSettings) -> None:
        self._trend = TemperatureTrend(1, **settings_of(settings, "temp.rise"))
        self._range = RunningRange(1, **settings_of(settings, "temp.level"))
        self._second = MeanOf(4)
        self._on, self._off = _in_force(settings, "temp.rise", "on_centi", "off_centi")

    def step(self, sample: Sequence[int], *, usable: bool) -> tuple[float, ...]:
        if not usable:
            self._trend.rest()
            self._second.reset()
        elif self._second.step(sample[0]):
            self._trend.step(self._second.value)
            self._range.step(self._second.value)
        trend = self._trend.trend / (1 << TEMPERATURE_GUARD)
        return trend, self._on, self._off, -self._on, -self._off, *_ends(self._range)

    def reset(self) -> None:
        self._trend.reset()
        self._range.reset()

    def gap(self) -> None:
        self._trend.gap()
        self._second.reset()


class MovementCopy:
    """The mean jerk and what it is compared with."""

    curves = (
        Curve(("motion.active", "motion.still"), "mean jerk a sample", "1/64 g", "compared"),
        Curve(("motion.active",), "active opens", "1/64 g"),
        Curve(("motion.active",), "active closes", "1/64 g"),
        Curve(("motion.still",), "still below", "1/64 g"),
    )

    def __init__(self, settings: RuleSettings) -> None:
        self._movement = Movement(32, **settings_of(settings, "motion.active"))
        self._lines = _in_force(settings, "motion.active", "active_on", "active_off", "still_below")

    def step(self, sample: Sequence[int], *, usable: bool) -> tuple[float, ...]:
        self._movement.step(*sample)
        return self._movement.energy_q8 / 256, *self._lines

    def reset(self) -> None:
        self._movement.reset()

    def gap(self) -> None:
        self._movement.gap()


COPIES: dict[str, type[PulseCopy | SkinCopy | TemperatureCopy | MovementCopy]] = {
    "bvp": PulseCopy,
    "eda": SkinCopy,
    "temp": TemperatureCopy,
    "acc": MovementCopy,
}


def _in_force(settings: RuleSettings, rule: str, *names: str) -> tuple[int, ...]:
    given = settings_of(settings, rule)
    return tuple(given.get(name, PARAMETERS[rule].default(name)) for name in names)


def _ends(running: RunningRange) -> tuple[float, float]:
    """The range's ends; not a number before the first value came."""
    return (running.low, running.high) if running.high or running.low else (nan, nan)


class Trace:
    """One signal's curves from one source, chunk by chunk, treated as the gates stage treats its own rules."""

    def __init__(self, signal: str, settings: RuleSettings) -> None:
        self._copy: RuleCopy = COPIES[signal](settings)
        self._next_index: int | None = None
        self._away_since_s: float | None = None

    def feed(self, chunk: Chunk) -> array[float]:
        """The curves' values at each sample of a chunk, interleaved."""
        self._visitor(chunk)
        if self._next_index is not None and chunk.index != self._next_index:
            self._copy.gap()
        self._next_index = chunk.index + len(chunk.samples) // chunk.width
        step, usable = self._copy.step, chunk.validity.usable
        rows = array("d")
        for k in range(0, len(chunk.samples), chunk.width):
            rows.extend(step(chunk.samples[k : k + chunk.width], usable=usable))
        return rows

    def _visitor(self, chunk: Chunk) -> None:
        """Forget who has left for longer than the path remembers."""
        if chunk.validity in NOT_WORN:
            if self._away_since_s is None:
                self._away_since_s = chunk.end_s
        elif self._away_since_s is not None:
            if chunk.start_s - self._away_since_s >= FORGET_S:
                self._copy.reset()
            self._away_since_s = None
