"""Training metrics: one class for all of them; the table of metrics says which rules each has.

Surprise: the frame rate of a run is known from its first chunk only, and another rate is another run: the rules then
start anew. So they do after a run that is gone (`absent`): what comes next is another, be it a moment later. The
running range takes 20 bits, a metric has 22: it is fed halves, which the level does not notice.
"""

from __future__ import annotations

from collections.abc import Iterator

from gates.common import CLOSED, OPENED
from gates.fixed_range import FixedRange
from gates.level import FULL, RunningRange
from gates.metric_collapse import MetricCollapse
from gates.metric_plateau import MetricPlateau
from gates.metric_surprise import MetricSurprise
from gates.metric_trend import FALL_CLOSED, FALL_OPENED, RISE_CLOSED, RISE_OPENED, MetricTrend
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings, SignalRules
from somatone.records import Chunk, Event, Validity
from somatone.training_metrics import RATE_HIGH_HZ, RATE_LOW_HZ, TrainingMetric


class _Rules:
    """The integer rules of one metric at one rate."""

    def __init__(self, rate_hz: int, settings: dict[str, dict[str, int]], *, collapses: bool) -> None:
        self.range = RunningRange(rate_hz, **settings["level"])
        self.stand = FixedRange(rate_hz, **settings["stand"])
        self.trend = MetricTrend(rate_hz, **settings["rise"])
        self.surprise = MetricSurprise(rate_hz, **settings["surprise"])
        self.plateau = MetricPlateau(rate_hz, **settings["plateau"])
        self.collapse = MetricCollapse(rate_hz, **settings["collapse"]) if collapses else None

    def gap(self) -> None:
        for rule in (self.trend, self.surprise, self.plateau, self.collapse):
            if rule:
                rule.gap()


class MetricRules(SignalRules):
    """`<metric>.level`, `.stand`, `.rise`, `.fall`, `.surprise`, `.plateau` and, where a metric can, `.collapse`."""

    def __init__(self, metric: TrainingMetric, settings: RuleSettings = NO_SETTINGS) -> None:
        name = metric.name
        self.gates = gate_names(metric)
        self.levels = (f"{name}.level", f"{name}.stand")
        super().__init__(settings)
        self._name = name
        self._collapses = bool(metric.collapse)
        self._arguments = {
            rule: self._set(f"{name}.{rule}")
            for rule in ("level", "stand", "rise", "surprise", "plateau", *("collapse",) * self._collapses)
        }
        self._rate_hz = 0
        self._rules: _Rules | None = None

    def reset(self) -> None:
        self._rules = None  # the next chunk makes new ones

    def _gap(self) -> None:
        if self._rules:
            self._rules.gap()

    def _standing(self) -> tuple[str, ...]:
        rules = self._rules
        if rules is None:
            return ()
        standing = {
            "rise": rules.trend.rising,
            "fall": rules.trend.falling,
            "plateau": rules.plateau.on,
            "collapse": rules.collapse is not None and rules.collapse.on,
        }
        return tuple(f"{self._name}.{rule}" for rule, stands in standing.items() if stands)

    def _run(self, chunk: Chunk) -> Iterator[Event]:
        if chunk.validity is Validity.ABSENT:
            self.reset()
            return
        rate_hz = min(max(round(chunk.rate_hz), RATE_LOW_HZ), RATE_HIGH_HZ)
        rules = self._rules
        if rules is None or rate_hz != self._rate_hz:
            for name in self.gates:
                yield from self._edge(chunk, name, 0, chunk.start_s)
            rules = self._rules = _Rules(rate_hz, self._arguments, collapses=self._collapses)
            self._rate_hz = rate_hz
        level, stand = self.levels
        for k, x in enumerate(chunk.samples):
            now_s = chunk.start_s + k / chunk.rate_hz
            yield from self._step(rules, chunk, x, now_s)
            if self._usable:
                yield from self._level(chunk, level, rules.range.step(x >> 1) / FULL, now_s)
                yield from self._level(chunk, stand, rules.stand.step(x) / FULL, now_s)

    def _step(self, rules: _Rules, chunk: Chunk, x: int, now_s: float) -> Iterator[Event]:
        """One frame through all rules; closings before openings."""
        name = self._name
        edges = rules.trend.step(x)
        if edges:
            for mask, rule, value in _TREND_EDGES:
                if edges & mask:
                    yield from self._edge(chunk, f"{name}.{rule}", value, now_s, abs(rules.trend.trend) * value)
        if edges := rules.surprise.step(x):
            yield from self._edge(chunk, f"{name}.surprise", edges & OPENED, now_s, rules.surprise.strength)
        for rule, state in (("plateau", rules.plateau), ("collapse", rules.collapse)):
            if state and (edges := state.step(x)):
                yield from self._edge(chunk, f"{name}.{rule}", int(not edges & CLOSED), now_s)


def gate_names(metric: TrainingMetric) -> tuple[str, ...]:
    """The gates of one metric."""
    rules = ("rise", "fall", "surprise", "plateau", *("collapse",) * bool(metric.collapse))
    return tuple(f"{metric.name}.{rule}" for rule in rules)


_TREND_EDGES = (
    (RISE_CLOSED, "rise", 0),
    (FALL_CLOSED, "fall", 0),
    (RISE_OPENED, "rise", 1),
    (FALL_OPENED, "fall", 1),
)
