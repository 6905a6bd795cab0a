"""Skin temperature: rising, falling, and where it stands within the wearer's own range.

The rules see one value a second, the mean of four: nothing in skin temperature is quicker.
"""

from __future__ import annotations

from gates.common import MeanOf
from gates.level import FULL, RunningRange
from gates.temp import TemperatureTrend
from gates.trend import FALL_CLOSED, FALL_OPENED, RISE_CLOSED, RISE_OPENED
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings, SignalRules
from somatone.records import Chunk, Event


class TemperatureRules(SignalRules):
    """`temp.rise`, `temp.fall`, `temp.level` from 4 Hz skin temperature."""

    gates = ("temp.rise", "temp.fall")
    levels = ("temp.level",)

    def __init__(self, settings: RuleSettings = NO_SETTINGS) -> None:
        super().__init__(settings)
        self._trend = TemperatureTrend(1, **self._set("temp.rise"))
        self._range = RunningRange(1, **self._set("temp.level"))
        self._second = MeanOf(4)

    def reset(self) -> None:
        self._trend.reset()
        self._range.reset()
        self._second.reset()

    def _gap(self) -> None:
        self._trend.gap()
        self._second.reset()

    def _standing(self) -> tuple[str, ...]:
        return ("temp.rise",) * self._trend.rising + ("temp.fall",) * self._trend.falling

    def _run(self, chunk: Chunk) -> list[Event]:
        out: list[Event] = []
        if not self._usable:
            self._trend.rest()  # the air's temperature is nobody's trend
            self._second.reset()
            return out
        for k, x in enumerate(chunk.samples):
            if self._second.step(x):
                self._slow(chunk, self._second.value, chunk.start_s + k / chunk.rate_hz, out)
        return out

    def _slow(self, chunk: Chunk, mean: int, now_s: float, out: list[Event]) -> None:
        """Once a second, a step of each rule."""
        if edges := self._trend.step(mean):
            for mask, name, value in _TEMPERATURE_EDGES:
                if edges & mask:
                    out += self._edge(chunk, name, value, now_s)
        out += self._level(chunk, "temp.level", self._range.step(mean) / FULL, now_s)


_TEMPERATURE_EDGES = (
    (RISE_CLOSED, "temp.rise", 0),
    (FALL_CLOSED, "temp.fall", 0),
    (RISE_OPENED, "temp.rise", 1),
    (FALL_OPENED, "temp.fall", 1),
)
