"""Which rules each signal has: the one table that the gates stage starts from."""

from __future__ import annotations

from somatone.gating.movement import MovementRules
from somatone.gating.pulse import PulseRules
from somatone.gating.signal_rules import SignalRules
from somatone.gating.skin import SkinRules
from somatone.gating.temperature import TemperatureRules

RULES: dict[str, type[SignalRules]] = {
    "bvp": PulseRules,
    "eda": SkinRules,
    "temp": TemperatureRules,
    "acc": MovementRules,
}
