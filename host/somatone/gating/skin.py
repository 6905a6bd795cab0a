"""Skin conductance: responses, their size and recovery, the tonic level within the wearer's own range, and its trend.

What moves within many seconds (range, trend, whether the skin responds at all) is looked at once a second.

Surprise: while the signal cannot be trusted the responses' rule goes on, so that it finds its footing, but everything
that is the wearer's own (range, trend, whether the skin responds at all) stands still.
"""

from __future__ import annotations

from collections.abc import Iterator

from gates.common import CLOSED, OPENED, MeanOf
from gates.eda import RECOVERED, SkinResponses
from gates.level import FULL, HighLevel, RunningRange
from gates.responds import Responds
from gates.tonic import TonicTrend
from gates.trend import FALL_CLOSED, FALL_OPENED, RISE_CLOSED, RISE_OPENED
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings, SignalRules
from somatone.records import Chunk, Event

LARGE_RESPONSE_NANOSIEMENS = 1000
SLOW_RECOVERY_S = 10.0


class SkinRules(SignalRules):
    """`eda.onset`, `.rise`, `.fall`, `.high`, `.responds`; `eda.tonic`, `.response`, `.recovery` from 4 Hz samples."""

    gates = ("eda.onset", "eda.rise", "eda.fall", "eda.high", "eda.responds")
    levels = ("eda.tonic", "eda.response", "eda.recovery")

    def __init__(self, settings: RuleSettings = NO_SETTINGS) -> None:
        super().__init__(settings)
        self._responses = SkinResponses(4, **self._set("eda.onset"))
        self._tonic = RunningRange(1, **self._set("eda.tonic"))
        self._trend = TonicTrend(1, **self._set("eda.rise"))
        self._high = HighLevel(1, **self._set("eda.high"))
        self._responds = Responds(1, **self._set("eda.responds"))
        self._second = MeanOf(4)
        self._ended = 0  # height of the last response that ended since the slow rules were asked (nS)

    def reset(self) -> None:
        self._responses.reset()
        self._tonic.reset()
        self._trend.reset()
        self._high.reset()
        self._responds.reset()
        self._second.reset()
        self._ended = 0

    def _gap(self) -> None:
        self._responses.gap()
        self._trend.gap()
        self._second.reset()

    def _standing(self) -> tuple[str, ...]:
        return ("eda.responds",) * self._responds.on

    def _run(self, chunk: Chunk) -> list[Event]:
        rule = self._responses
        out: list[Event] = []
        if not self._usable:
            self._trend.rest()
            self._high.reset()
            self._second.reset()
            self._ended = 0
        for k, x in enumerate(chunk.samples):
            now_s = chunk.start_s + k / chunk.rate_hz
            edges = rule.step(x)
            if edges or rule.on:
                out += self._response(chunk, edges, now_s)
                if edges & CLOSED and self._usable:
                    self._ended = max(self._ended, rule.amplitude_nsiemens)
            if self._usable and self._second.step(rule.tonic_nsiemens):
                self._slow(chunk, self._second.value, now_s, out)
        return out

    def _response(self, chunk: Chunk, edges: int, now_s: float) -> Iterator[Event]:
        """Onset, growing size, end of the rise, and half recovery."""
        rule = self._responses
        if edges & CLOSED:
            yield from self._edge(chunk, "eda.onset", 0, now_s, rule.amplitude_nsiemens)
        if edges & OPENED:
            at_s = now_s - rule.age_q8 / 256 / chunk.rate_hz
            yield from self._edge(chunk, "eda.onset", 1, at_s, rule.amplitude_nsiemens)
        if rule.on or edges & CLOSED:
            size = min(rule.amplitude_nsiemens / LARGE_RESPONSE_NANOSIEMENS, 1.0)
            yield from self._level(chunk, "eda.response", size, now_s)
        if edges & RECOVERED:
            recovery_s = rule.recovery_samples / chunk.rate_hz
            yield from self._level(chunk, "eda.recovery", min(recovery_s / SLOW_RECOVERY_S, 1.0), now_s)

    def _slow(self, chunk: Chunk, tonic: int, now_s: float, out: list[Event]) -> None:
        """What is the wearer's own: once a second a step of each rule on the tonic level."""
        level = self._tonic.step(tonic)
        out += self._level(chunk, "eda.tonic", level / FULL, now_s)
        if edges := self._trend.step(tonic):
            for mask, name, value in _TREND_EDGES:
                if edges & mask:
                    out += self._edge(chunk, name, value, now_s)
        if edges := self._high.step(level):
            out += self._edge(chunk, "eda.high", edges & OPENED, now_s)
        if edges := self._responds.step(self._ended):
            out += self._edge(chunk, "eda.responds", edges & OPENED, now_s, self._ended)
        self._ended = 0


_TREND_EDGES = (
    (RISE_CLOSED, "eda.rise", 0),
    (FALL_CLOSED, "eda.fall", 0),
    (RISE_OPENED, "eda.rise", 1),
    (FALL_OPENED, "eda.fall", 1),
)
