"""Skin conductance: responses, their size, and the tonic level within the wearer's own range."""

from __future__ import annotations

from collections.abc import Iterator

from gates.common import CLOSED, OPENED
from gates.eda import SkinResponses
from gates.level import FULL, RunningRange
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings, SignalRules
from somatone.records import Chunk, Event

LARGE_RESPONSE_NANOSIEMENS = 1000


class SkinRules(SignalRules):
    """`eda.onset`, `eda.tonic`, `eda.response` from 4 Hz skin conductance."""

    gates = ("eda.onset",)
    levels = ("eda.tonic", "eda.response")

    def __init__(self, settings: RuleSettings = NO_SETTINGS) -> None:
        super().__init__(settings)
        self._responses = SkinResponses(4, **self._set("eda.onset"))
        self._tonic = RunningRange(4, **self._set("eda.tonic"))

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
