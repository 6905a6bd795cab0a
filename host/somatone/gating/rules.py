"""Which rules each signal has: the one table that the gates stage starts from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from somatone.gating.breath import SoundRules
from somatone.gating.metrics import MetricRules
from somatone.gating.movement import MovementRules
from somatone.gating.pulse import PulseRules
from somatone.gating.signal_rules import RuleSettings, SignalRules
from somatone.gating.skin import SkinRules
from somatone.gating.temperature import TemperatureRules
from somatone.training_metrics import METRICS

RULES: dict[str, Callable[[RuleSettings], SignalRules]] = {
    "bvp": PulseRules,
    "eda": SkinRules,
    "temp": TemperatureRules,
    "acc": MovementRules,
    "mic": SoundRules,
    **{name: partial(MetricRules, metric) for name, metric in METRICS.items()},
}
