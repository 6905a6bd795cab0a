"""The parameters of every rule that an artist may set: unit, range, meaning, source. Defaults come from the rules.

A piece sets them in `[rules."pulse.beat"]`, `somatone tune` tries them. The names are those of the rules' own
keyword arguments (`firmware/lib/gates`), so a default exists in one place only.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gates.breath import BreathFromPulse
from gates.breath_sound import BreathFromSound
from gates.eda import SkinResponses
from gates.fixed_range import FixedRange
from gates.heart_rate import HeartRate
from gates.level import HighLevel, RunningRange
from gates.metric_collapse import MetricCollapse
from gates.metric_plateau import MetricPlateau
from gates.metric_surprise import MetricSurprise
from gates.metric_trend import MetricTrend
from gates.motion import Movement
from gates.pulse import PulseBeats
from gates.responds import Responds
from gates.temp import TemperatureTrend
from gates.tonic import TonicTrend
from somatone.errors import PieceError
from somatone.training_metrics import METRICS, TrainingMetric


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting of one rule. `source` says where the default comes from."""

    name: str
    unit: str
    low: int
    high: int
    about: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class RuleParameters:
    """All settings of one rule. `given` holds defaults that differ from the rule's own."""

    rule: Callable[..., object]
    parameters: tuple[Parameter, ...]
    given: Mapping[str, int]

    def default(self, name: str) -> int:
        """The value that is used where nothing is set."""
        if name in self.given:
            return self.given[name]
        value = inspect.signature(self.rule).parameters[name].default
        assert isinstance(value, int)
        return value


def _rule(rule: Callable[..., object], *parameters: Parameter, **given: int) -> RuleParameters:
    return RuleParameters(rule, parameters, given)


_HALF_LIFE = Parameter("half_life_ms", "ms", 10_000, 3_600_000, "how fast the threshold follows the wearer's own")

_RANGE = (
    Parameter("span_floor", "counts", 1, 100_000, "least width of the range: below it a wearer stays small"),
    Parameter("half_life_ms", "ms", 10_000, 3_600_000, "how fast the range follows the wearer", "signals.md, 5"),
    Parameter("warm_ms", "ms", 1_000, 600_000, "how long the range moves fast after somebody came"),
    Parameter("pull_shift", "log2 samples", 0, 8, "a value beyond the range pulls its end along, so quickly"),
)

PARAMETERS: dict[str, RuleParameters] = {
    "pulse.beat": _rule(
        PulseBeats,
        Parameter("boxcar_ms", "ms", 16, 180, "length of the smoothing", "half a systolic upstroke"),
        Parameter("refractory_ms", "ms", 200, 1_000, "no second beat within", "250 bpm"),
        Parameter("on_ms", "ms", 16, 1_000, "how long the gate stays open"),
        Parameter("early", "", 0, 1, "opens at the systolic peak instead of 90 ms later"),
        Parameter("learn_ms", "ms", 500, 10_000, "listens so long before the first beat", "one beat at 30 bpm"),
        Parameter("shortest_ms", "ms", 200, 1_000, "shortest inter-beat interval that counts"),
        Parameter("longest_ms", "ms", 1_000, 4_000, "longest inter-beat interval that counts"),
        Parameter("floor_counts", "counts", 1, 10_000, "least upstroke: lower is noise of the converter"),
    ),
    "pulse.steady": _rule(
        HeartRate,
        Parameter("beats", "", 3, 32, "intervals that are looked at"),
        Parameter("spread_percent", "%", 1, 50, "mean change from one interval to the next", "signals.md, 3.3"),
        Parameter("alone_percent", "%", 1, 50, "the same where no accelerometer looks for movement"),
        Parameter("outlier_percent", "%", 5, 100, "a single interval further from the usual one is not said"),
        Parameter("patience_ms", "ms", 2_000, 10_000, "closes after so long without a beat"),
        Parameter("min_on_ms", "ms", 16, 10_000, "the gate stays open at least so long"),
    ),
    "pulse.strength": _rule(RunningRange, *_RANGE, span_floor=16),
    "eda.onset": _rule(
        SkinResponses,
        Parameter("least_slope", "nS/s", 1, 1_000, "least slope of a response"),
        Parameter(
            "least_amplitude", "nS", 1, 10_000, "least height of a response", "Boucsein et al. 2012: 10 to 50 nS"
        ),
        Parameter("refractory_ms", "ms", 250, 10_000, "no second onset within"),
        Parameter("block_ms", "ms", 0, 20_000, "silence after an artefact", "Kleckner et al. 2018: 5 s around"),
        Parameter("min_on_ms", "ms", 250, 10_000, "the gate stays open at least so long"),
        Parameter("max_on_ms", "ms", 1_000, 30_000, "and at most so long", "rises take 0.5 to 5 s"),
        Parameter("valid_low", "nS", 0, 10_000, "lower is no skin", "Kleckner et al. 2018"),
        Parameter("valid_high", "nS", 1_000, 100_000, "higher is no skin", "Kleckner et al. 2018"),
        Parameter("noise_times", "", 1, 50, "threshold, in medians of the slope's own changes"),
        Parameter("jump", "nS/s", 100, 100_000, "steeper is an artefact", "Kleckner et al. 2018"),
        Parameter("give_up_ms", "ms", 1_000, 120_000, "no half recovery by then: it was drift"),
    ),
    "eda.tonic": _rule(RunningRange, *_RANGE, pull_shift=1),
    "eda.rise": _rule(
        TonicTrend,
        Parameter("fast_ms", "ms", 1_000, 60_000, "time constant of the newer mean"),
        Parameter("slow_ms", "ms", 2_000, 250_000, "time constant of the older mean"),
        Parameter("least_nsiemens", "nS", 1, 10_000, "least difference of the means; 56 nS is a drift of 1 nS/s"),
        _HALF_LIFE,
        Parameter("min_on_ms", "ms", 250, 60_000, "the gate stays open at least so long"),
        Parameter("min_off_ms", "ms", 250, 60_000, "and closed at least so long"),
    ),
    "eda.high": _rule(
        HighLevel,
        Parameter("on_percent", "%", 1, 100, "of the wearer's own range, at which the gate opens"),
        Parameter("off_percent", "%", 0, 100, "and below which it closes"),
        Parameter("min_on_ms", "ms", 250, 60_000, "the gate stays open at least so long"),
        Parameter("min_off_ms", "ms", 250, 60_000, "and closed at least so long"),
    ),
    "eda.responds": _rule(
        Responds,
        Parameter("least_nsiemens", "nS", 1, 10_000, "least response that counts", "Boucsein et al. 2012: 10 to 50 nS"),
        Parameter("patience_ms", "ms", 10_000, 3_600_000, "without a response for so long the gate closes"),
    ),
    "temp.rise": _rule(
        TemperatureTrend,
        Parameter("fast_ms", "ms", 1_000, 60_000, "time constant of the newer mean"),
        Parameter("slow_ms", "ms", 2_000, 250_000, "time constant of the older mean"),
        Parameter("on_centi", "0.01 C", 1, 500, "least difference of the means at which the gate opens"),
        Parameter("off_centi", "0.01 C", 0, 500, "and below which it closes; both grow with the wearer's own trend"),
        _HALF_LIFE,
        Parameter("min_on_ms", "ms", 250, 60_000, "the gate stays open at least so long"),
        Parameter("min_off_ms", "ms", 250, 60_000, "and closed at least so long"),
    ),
    "temp.level": _rule(RunningRange, *_RANGE, span_floor=30, pull_shift=1),
    "motion.active": _rule(
        Movement,
        Parameter("smooth_ms", "ms", 31, 10_000, "time constant of the energy"),
        Parameter("active_least", "1/64 g", 1, 768, "least mean jerk a sample at which the gate opens"),
        Parameter(
            "own_half_life_ms", "ms", 0, 3_600_000, "how fast that follows the wearer's own; 0: `active_on` for all"
        ),
        Parameter("active_on", "1/64 g", 1, 768, "opens here for everybody, or at most at four times it"),
        Parameter("active_off", "1/64 g", 0, 768, "and closes below; with the wearer's own it closes at two thirds"),
        Parameter("still_below", "1/64 g", 1, 768, "less is stillness"),
        Parameter("min_on_ms", "ms", 31, 10_000, "the gate stays open at least so long"),
        Parameter("min_off_ms", "ms", 31, 10_000, "and closed at least so long"),
        Parameter("still_after_ms", "ms", 100, 60_000, "stillness is said after so long"),
        own_half_life_ms=150_000,
    ),
}

_BREATH = (
    Parameter("min_on_ms", "ms", 250, 5_000, "the gate stays open at least so long"),
    Parameter("min_off_ms", "ms", 250, 5_000, "and closed at least so long"),
    Parameter("shortest_ms", "ms", 1_000, 5_000, "shortest breath that counts for the rate"),
    Parameter("longest_ms", "ms", 5_000, 30_000, "longest breath that counts for the rate"),
)
PARAMETERS["breath.in"] = _rule(  # from the pulse
    BreathFromPulse,
    *_BREATH,
    Parameter("hysteresis_256th", "1/256", 0, 512, "of the usual slope; the modulation must turn by so much"),
    Parameter("regular_256th", "1/256", 8, 256, "of the usual interval; a beat this much off it says nothing"),
)
PARAMETERS["breath.sound"] = _rule(  # the same gate from a microphone
    BreathFromSound,
    *_BREATH,
    Parameter("smooth_ms", "ms", 31, 1_000, "time constant of the envelope"),
    Parameter("on_256th", "1/256", 8, 512, "of the range between floor and usual burst: the gate opens"),
    Parameter("off_256th", "1/256", 0, 512, "and below it closes"),
    Parameter("max_on_ms", "ms", 1_000, 20_000, "what is loud for longer is no breath"),
    Parameter("span_floor", "counts", 1, 10_000, "a quieter room is silence"),
    Parameter("half_life_ms", "ms", 10_000, 3_600_000, "how fast the range follows"),
    Parameter("warm_ms", "ms", 1_000, 60_000, "listens so long before the first breath"),
)
PARAMETERS["breath.depth"] = _rule(RunningRange, *_RANGE, span_floor=64)

_STAND = (
    Parameter("low", "1/65536", -(1 << 21), 1 << 21, "the level is 0 here and below"),
    Parameter("high", "1/65536", -(1 << 21), 1 << 21, "and 1 here and above"),
)
_TREND = (
    Parameter("fast_ms", "ms", 500, 60_000, "time constant of the newer mean"),
    Parameter("slow_ms", "ms", 2_000, 600_000, "time constant of the older mean"),
    Parameter("on_times", "", 1, 64, "difference of the means at which a gate opens, in usual bends of the newer"),
    Parameter("off_times", "", 0, 64, "and below which it closes"),
    Parameter("least", "1/65536", 1, 1 << 21, "a smaller difference of the means is no trend"),
    Parameter("min_on_ms", "ms", 100, 60_000, "a gate stays open at least so long"),
    Parameter("min_off_ms", "ms", 100, 60_000, "and closed at least so long"),
)
_SURPRISE = (
    Parameter("times", "", 2, 64, "departure at which the gate opens, in median absolute deviations", "Hampel 1974"),
    Parameter("least", "1/65536", 1, 1 << 21, "a smaller departure is no surprise"),
    Parameter("window_ms", "ms", 500, 60_000, "how fast median and deviation follow"),
    Parameter("min_on_ms", "ms", 33, 10_000, "the gate stays open at least so long"),
    Parameter("refractory_ms", "ms", 100, 60_000, "and closed at least so long"),
    Parameter("learn_ms", "ms", 1_000, 60_000, "listens so long before the first surprise"),
)
_PLATEAU = (
    Parameter("smooth_ms", "ms", 500, 60_000, "time constant of the mean"),
    Parameter("band", "1/65536", 1, 1 << 20, "how far the mean may wander from where it stood"),
    Parameter("spread", "1/65536", 1, 1 << 20, "how far the metric may usually lie from its mean"),
    Parameter("after_ms", "ms", 1_000, 600_000, "a plateau is said after so long"),
    Parameter("min_on_ms", "ms", 100, 60_000, "the gate stays open at least so long"),
    Parameter("min_off_ms", "ms", 100, 60_000, "and closed at least so long"),
)
_COLLAPSE = (
    Parameter("near_256th", "1/256 of the range", 1, 256, "so near to its end the metric has collapsed"),
    Parameter("far_256th", "1/256 of the range", 2, 256, "so far from it it must have been before"),
    Parameter("smooth_ms", "ms", 100, 10_000, "time constant of the mean"),
    Parameter("fast_ms", "ms", 1_000, 600_000, "it fell from far to near within"),
    Parameter("stay_ms", "ms", 100, 60_000, "and stayed there for so long"),
    Parameter("back_ms", "ms", 100, 60_000, "the gate closes after so long half-way back"),
)


def _metric_rules(metric: TrainingMetric) -> dict[str, RuleParameters]:
    """The rules of one training metric; what is small for it comes from the table of metrics."""
    name, fine = metric.name, metric.fine_counts
    rules = {
        f"{name}.level": _rule(RunningRange, *_RANGE, span_floor=2 * fine),  # in halves, as the range is fed
        f"{name}.stand": _rule(FixedRange, *_STAND, low=metric.usual_counts[0], high=metric.usual_counts[1]),
        f"{name}.rise": _rule(MetricTrend, *_TREND, least=fine),
        f"{name}.surprise": _rule(MetricSurprise, *_SURPRISE, least=fine),
        f"{name}.plateau": _rule(MetricPlateau, *_PLATEAU, band=2 * fine, spread=4 * fine),
    }
    if metric.collapse:
        ends = {"low": metric.low_counts, "high": metric.high_counts}
        rules[f"{name}.collapse"] = _rule(MetricCollapse, *_COLLAPSE, **ends, **metric.collapse)
    return rules


for _metric in METRICS.values():
    PARAMETERS.update(_metric_rules(_metric))


def check_settings(settings: Mapping[str, Mapping[str, int]]) -> None:
    """Raise `PieceError`, one sentence with the nearest valid name, for what no rule knows or bears."""
    for rule, values in settings.items():
        if rule not in PARAMETERS:
            raise PieceError(f"rules: there is no rule {rule!r} to set: {_nearest(rule, PARAMETERS)}.")
        known = {parameter.name: parameter for parameter in PARAMETERS[rule].parameters}
        for name, value in values.items():
            if name not in known:
                raise PieceError(f"rules.{rule}: there is no parameter {name!r}: {_nearest(name, known)}.")
            parameter = known[name]
            if not parameter.low <= value <= parameter.high:
                raise PieceError(
                    f"rules.{rule}.{name}: {value} lies outside {parameter.low} .. {parameter.high} {parameter.unit}."
                )


def settings_of(settings: Mapping[str, Mapping[str, int]], rule: str) -> dict[str, int]:
    """The keyword arguments of one rule: its own given values, and over them what the piece or the artist set."""
    return {**PARAMETERS[rule].given, **settings.get(rule, {})}


def _nearest(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"did you mean {near[0]!r}" if near else f"there are {', '.join(known)}"
