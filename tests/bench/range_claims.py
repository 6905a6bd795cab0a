"""What every rule remembers, and within which bounds: the claims that `range_proof` proves one by one.

Bounds are for the defaults and for the full declared range of the inputs. A new piece of state that is not listed here
fails the test.
"""

from __future__ import annotations

from typing import Any

from bench.range_proof import BOOL, Argued, Audit, Holds, Means, OneOf, State, Sum, Within
from gates.breath import BOX, LAG, BreathFromPulse
from gates.breath_sound import BreathFromSound
from gates.common import Hold, MeanOf, RunningMean
from gates.contact import Contact
from gates.eda import SkinResponses
from gates.fixed_range import FixedRange
from gates.heart_rate import HeartRate
from gates.level import HighLevel, RunningRange
from gates.metric_collapse import MetricCollapse
from gates.metric_plateau import MetricPlateau
from gates.metric_surprise import MetricSurprise
from gates.metric_trend import MetricTrend
from gates.motion import Movement
from gates.own import OwnThreshold
from gates.pulse import PulseBeats
from gates.responds import Responds
from gates.temp import TemperatureTrend
from gates.tonic import TonicTrend

ADC = 131_071
METRIC = 1 << 21
COUNT = Within(0, 4_000)  # a number of samples that stops counting somewhere


def newest(ring: Any, at: int, count: int, ago: int = 0) -> Any:
    """Sum of `count` values of a ring whose next place is `at`, the newest of them `ago` back."""
    total = 0
    for k in range(count):
        total = total + ring[(at - 1 - ago - k) % len(ring)]
    return total


def held(path: str) -> dict[str, Any]:
    """A `Hold`."""
    return {path: Holds()}


def sized(path: str, high: int) -> dict[str, Any]:
    """A `FrugalSize`."""
    return {f"{path}.q6": Within(0, high << 6), f"{path}._count": Within(0, 1 << 10)}


def pulse_state(rate_hz: int) -> dict[str, Any]:
    """At box samples of the boxcar the slope is at most 2 * box * ADC, the sum 2 * box times as much."""
    box = PulseBeats(rate_hz)._box
    rise = 2 * box * ADC
    total = 2 * box * rise
    longest = PulseBeats(rate_hz)._longest_q8
    return {
        "_samples": Within(-ADC, ADC),
        "_rises": Within(0, rise),
        "_at": OneOf(tuple(range(-1, 2 * box))),
        "_slope": Sum(lambda r: _slope(r, box)),
        "_sum": Sum(lambda r: newest(r._rises, r._at, 2 * box) if r._at >= 0 else 0),
        "_heights": Within(0, total),
        "_intervals": Within(0, longest),
        "_learn": COUNT,
        "_learnt": Within(0, total),
        "_on_left": COUNT,
        "_since": Within(0, 8 * rate_hz),
        "_last_age_q8": Within(-(1 << 28), 1 << 28),
        "age_q8": Within(-(1 << 28), 1 << 28),
        "interval_q8": Within(0, longest),
        "strength": Within(0, total // (box * box)),
        "_rising": BOOL,
        "_top": Within(-1, total),
        "_one": Within(-ADC, ADC),
        "taken": OneOf((0, 1)),
        "_small": Within(0, 64),
        "_turns": Within(0, 64),
        "_tall": Within(0, total),
        "_foreseen": BOOL,
        "_refused": Within(0, 8),
        "_refused_now": BOOL,
    }


def pulse(rate_hz: int, part: str) -> Audit:
    """The front end with its decisions left out, or one of the decisions, each on any height."""
    total = (2 * PulseBeats(rate_hz)._box) ** 2 * ADC
    state = pulse_state(rate_hz)

    def front(rule: Any, values: Any) -> None:
        vars(rule).update(_peak=lambda height: 0, _foresee=lambda height: 0)
        rule.step(*values)

    def decision(rule: Any, values: Any) -> None:
        if part == "_locate":
            rule._locate()
            return
        vars(rule).update(_locate=lambda: None)  # audited by itself; the age may be any that is claimed
        getattr(rule, part)(*values)

    if part == "front":
        return Audit(
            lambda: PulseBeats(rate_hz, early=1), [(-ADC, ADC)], state, step=front, modules=("common", "pulse")
        )
    return Audit(
        lambda: PulseBeats(rate_hz, early=1),
        [(0, total)],
        {**state, "_at": OneOf((0,))},  # the steepest rise is tried at every place, so the ring may stand anywhere
        step=decision,
        modules=("common", "pulse"),
    )


def _slope(rule: PulseBeats, box: int) -> Any:
    return newest(rule._samples, rule._at, box) - newest(rule._samples, rule._at, box, box) if rule._at >= 0 else 0


def _shaken(rule: Any, values: Any) -> None:
    """One sample without the clamp in `run`, which leaves what lies within the limits as it is."""
    rule._shake(list(values), 0, 3)
    rule._decide(1)


MOTION = Audit(
    Movement,
    [(-128, 128)] * 3,
    {
        "_x": Within(-128, 128),
        "_y": Within(-128, 128),
        "_z": Within(-128, 128),
        "_empty": BOOL,
        "energy_q8": Within(0, 768 << 8),
        **held("_active.hold"),
        "_still.on": BOOL,
        "_still.age": COUNT,
        "_still.run": COUNT,
    },
    step=_shaken,
    modules=("common", "motion"),
)


def trend(make: Any, module: str, limit: int, guard: int, drop: int, fine: int) -> Audit:
    """Rising and falling of a signal 0 .. limit, whose trend keeps `guard` - `drop` bits, its threshold `fine` less."""
    top = limit << guard - drop
    return Audit(
        make,
        [(0, limit)],
        {
            "_fast": Within(0, limit << guard),
            "_slow": Within(0, limit << guard),
            "trend": Within(-top, top),
            "_empty": BOOL,
            **held("_rise"),
            **held("_fall"),
            "_own._left": COUNT,
            "_own._q8": Within(0, top >> fine << 8),
        },
        modules=("common", "own", "trend", module),
    )


TEMP = trend(TemperatureTrend, "temp", 5000, 10, 0, 6)
TONIC = trend(TonicTrend, "tonic", 100_000, 8, 8, 0)

BREATH_STATE: State = {
    "_held": Within(-2048, 2048),
    "_at": OneOf(tuple(range(BOX + LAG))),
    "_value": Within(-2048, 2048),
    "_new_sum": Sum(lambda r: newest(r._held, r._at, BOX)),
    "_old_sum": Sum(lambda r: newest(r._held, r._at, BOX, LAG)),
    "_top": Within(-2048 * BOX, 2048 * BOX),
    "_bottom": Within(-2048 * BOX, 2048 * BOX),
    "depth": Within(-4096, 4096),
    "_wait": Within(1, 8),
    "taken": OneOf((1,)),
    "_quiet": COUNT,
    "_good": Within(0, 12),
    "age_q8": Within(0, 1 << 18),
    "_intervals": Within(0, 1 << 16),
    "_cadence._since": COUNT,
    "_cadence._spacings": COUNT,
    "_interval._mean": Means(0, 1 << 20),
    **sized("_interval._size", 1 << 16),
    "_strength._mean": Means(0, 1 << 22),
    **sized("_strength._size", 1 << 18),
    **sized("_slope_size", 1 << 15),
    **held("_hold"),
}

BREATH_BEAT = Audit(
    BreathFromPulse,
    [(0, 1 << 16), (0, 1 << 18)],
    BREATH_STATE,
    step=lambda rule, values: rule.step_beat(*values),
    modules=("common", "breath"),
)
BREATH_TICK = Audit(
    BreathFromPulse, [], BREATH_STATE, step=lambda rule, values: rule.step(), modules=("common", "breath")
)

BREATH_SOUND = Audit(
    BreathFromSound,
    [(0, 32_767)],
    {
        "_mean": Means(0, 32_767 << 8),
        "_floor.q8": Within(0, 32_767 << 8),
        "_burst.q8": Within(0, (32_767 + 200) << 8),
        "_warm": COUNT,
        "_empty": BOOL,
        "_loud": COUNT,
        "_loudest": Within(0, 1 << 17),
        "depth": Within(0, 1 << 17),
        "_cadence._since": COUNT,
        "_cadence._spacings": COUNT,
        **held("_hold"),
    },
    modules=("common", "breath_sound"),
)

SPAN = (1 << 20) + 20
LEVEL = Audit(
    RunningRange,
    [(-(1 << 20), 1 << 20)],
    {
        "_low_q8": Within(-SPAN << 8, SPAN << 8),
        "_high_q8": Within(-SPAN << 8, SPAN << 8),
        "_left": COUNT,
        "_empty": BOOL,
    },
    modules=("common", "level"),
)

OWN = Audit(
    lambda: OwnThreshold(4, 10, 1 << 18, 2, 1),
    [(0, 1 << 20)],
    {"_left": COUNT, "_q8": Within(0, 1 << 28)},
    modules=("common", "own"),
)

RESPONDS = Audit(Responds, [(0, 1 << 22)], {"_left": COUNT}, modules=("responds",))

HIGH = Audit(HighLevel, [(0, 65536)], held("_switch.hold"), modules=("common", "level"))

OWN_MOTION = Audit(
    lambda: Movement(own_half_life_ms=150_000),
    [(-128, 128)] * 3,
    {
        **MOTION.state,
        "_until_own": Within(1, 32),
        "_active.on_at": Within(0, 768 << 8),
        "_active.off_at": Within(0, 768 << 8),
        "_own._left": COUNT,
        "_own._q8": Within(0, 768 << 16),
    },
    step=_shaken,
    modules=("common", "motion", "own"),
)

HEART_STATE: State = {
    "_median": Within(0, 65535),
    "_changes": Within(0, 65535),
    "_next": OneOf((0, 1, 2, 3, 4)),
    "_sum": Sum(lambda r: sum(r._changes[1:], r._changes[0])),
    "_count": Within(0, 5),
    "_last_q8": Within(0, 65535),
    "_left": Argued(0, 4_000, "`advance` takes fewer samples off than are left, or ends the rhythm"),
    "_least": COUNT,
    "on": BOOL,
    "trusted": BOOL,
    "watched": BOOL,
}
HEART_BEAT = Audit(
    HeartRate, [(0, 1 << 17)], HEART_STATE, step=lambda r, v: r.step(*v), modules=("common", "heart_rate")
)
HEART_TIME = Audit(
    HeartRate, [(0, 4_000)], HEART_STATE, step=lambda r, v: r.advance(*v), modules=("common", "heart_rate")
)

TREND = Audit(
    lambda: MetricTrend(30),
    [(-METRIC, METRIC)],
    {
        "_fast": Means(-METRIC << 7, METRIC << 7),
        "_slow": Means(-METRIC << 7, METRIC << 7),
        **sized("_unrest", 4 * METRIC),
        "_kept": Within(-METRIC, METRIC),
        "_at": OneOf(tuple(range(8))),
        "_filled": Within(0, 8),
        "_wait": Within(1, 32),
        "_learn": COUNT,
        "trend": Within(-2 * METRIC, 2 * METRIC),
        **held("_rise"),
        **held("_fall"),
    },
    modules=("common", "metric_trend"),
)

FIXED = Audit(
    lambda: FixedRange(30, low=-METRIC, high=METRIC),
    [(-METRIC, METRIC)],
    {},
    modules=("common", "fixed_range"),
)

SURPRISE = Audit(
    lambda: MetricSurprise(30, times=64),
    [(-METRIC, METRIC)],
    {
        "_spread._median_q6": Within(-METRIC << 6, METRIC << 6),
        "_spread._empty": BOOL,
        **sized("_spread._size", 2 * METRIC),
        "_learn": COUNT,
        "strength": Within(0, 2 * METRIC),
        **held("_hold"),
    },
    modules=("common", "metric_surprise"),
)

PLATEAU = Audit(
    lambda: MetricPlateau(30),
    [(-METRIC, METRIC)],
    {
        "_smooth": Means(-METRIC << 7, METRIC << 7),
        **sized("_size", 2 * METRIC),
        "mean": Within(-METRIC, METRIC),
        "anchor": Within(-METRIC, METRIC),
        "quiet": COUNT,
        "_empty": BOOL,
        "_flat": BOOL,
        **held("_hold"),
    },
    modules=("common", "metric_plateau"),
)

COLLAPSE = Audit(
    lambda: MetricCollapse(30, low=-METRIC, high=METRIC),
    [(-METRIC, METRIC)],
    {
        "_mean": Means(0, 2 * METRIC << 7),
        "distance": Within(0, 2 * METRIC),
        "_since_far": COUNT,
        "_fell": BOOL,
        "_state.on": BOOL,
        "_state.age": COUNT,
        "_state.run": COUNT,
    },
    modules=("common", "metric_collapse"),
)

CONTACT = Audit(
    Contact,
    [(-1, 100_000), (-1, 5_000), (-ADC, ADC)],
    {
        "_flat": COUNT,
        "_pulses": BOOL,
        "_low": Within(-ADC, ADC),
        "_high": Within(-ADC, ADC),
        "_state.on": BOOL,
        "_state.age": COUNT,
        "_state.run": COUNT,
        "_state.confirm_on": COUNT,
        "_state.confirm_off": COUNT,
        "age_q8": Within(0, 4_000 << 8),
    },
    step=lambda rule, v: (rule.pulse(v[2]), rule.step(v[0], v[1])),
    modules=("common", "contact"),
)

SKIN = 100_000
SKIN_SUM = 4 * SKIN
EDA_STATE: State = {
    "_raw": Within(0, SKIN),
    "_at": OneOf(tuple(range(6))),
    "_mean": Sum(lambda r: newest(r._raw, r._at, 4)),
    "_old_mean": Sum(lambda r: newest(r._raw, r._at, 4, 2)),
    "_slopes": Within(-SKIN_SUM, SKIN_SUM),
    "_means": Within(0, SKIN_SUM),
    "_recent_at": OneOf(tuple(range(5))),
    "_last": Within(0, SKIN),
    **{f"_step{k}": Within(-SKIN, SKIN) for k in (1, 2, 3, 4)},
    "_slope": Within(-SKIN_SUM, SKIN_SUM),
    "_noise.q8": Within(0, 2 * SKIN_SUM << 8),
    "_usual": Within(-(1 << 22), 1 << 22),
    "_base": Within(0, SKIN_SUM),
    "_ground": Within(-SKIN_SUM, SKIN_SUM),
    "_top": Within(-SKIN_SUM, SKIN_SUM),
    "_climb": Argued(0, 64, "it ends 2 s after the valley, or with the gate, which closes after max_on"),
    "_peak": Within(-1, SKIN_SUM),
    "_since": COUNT,
    "_since_peak": Argued(0, 81, "it counts only while a peak is remembered, and forgets it at 81"),
    "_tonic": Within(-1, SKIN << 8),
    "amplitude_nsiemens": Within(-(1 << 22), 1 << 22),
    "recovery_samples": COUNT,
    "age_q8": Within(0, 5 << 8),
    "blocked": COUNT,
    "_empty": BOOL,
    **held("_hold"),
}


def skin(step: Any, inputs: list[tuple[int, int]], **fixed: Any) -> Audit:
    """One method of the rule's step; each keeps the state within its bounds, so their sequence does."""
    return Audit(SkinResponses, inputs, {**EDA_STATE, **fixed}, step=step, modules=("common", "eda"))


ANY_AT, ANY_RECENT = OneOf((0,)), OneOf((0,))  # where a method does not look at a ring, its place does not matter
SLOPE = (-SKIN_SUM, SKIN_SUM)

MEAN_OF = Audit(
    lambda: MeanOf(4),
    [(0, 100_000)],
    {
        "_count": OneOf((0, 1, 2, 3)),
        "_sum": Argued(0, 400_000, "it begins anew after four values"),
        "value": Within(0, 100_000),
    },
)

HOLD = Audit(
    lambda: Hold(COUNT.high, COUNT.high),
    [(0, 1)],
    {"on": BOOL, "left": COUNT},
)

MEAN = Audit(
    lambda: RunningMean(10, 7),
    [(-METRIC, METRIC)],
    {"value": Within(-METRIC << 7, METRIC << 7), "_now": Within(0, 10), "_left": Within(1, 1 << 10)},
)

AUDITS: dict[str, Audit] = {
    "hold": HOLD,
    "running mean": MEAN,
    "mean of four": MEAN_OF,
    "pulse, front end": pulse(64, "front"),
    "pulse, peak": pulse(64, "_peak"),
    "pulse, early": pulse(64, "_foresee"),
    "pulse, place of the beat": pulse(64, "_locate"),
    "eda, artefacts": skin(lambda r, v: r._artefact(*v), [(0, SKIN)], _at=ANY_AT, _recent_at=ANY_RECENT),
    "eda, filter": skin(lambda r, v: r._filter(*v), [(0, SKIN)], _recent_at=ANY_RECENT),
    "eda, rise": skin(lambda r, v: r._rise(*v), [SLOPE], _at=ANY_AT),
    "eda, growth": skin(lambda r, v: r._grow(*v), [SLOPE], _at=ANY_AT),
    "eda, noise and tonic": skin(lambda r, v: r._follow(*v), [(0, SKIN), SLOPE], _at=ANY_AT, _recent_at=ANY_RECENT),
    "eda, recovery": skin(lambda r, v: r._recovery(), [], _at=ANY_AT, _recent_at=ANY_RECENT),
    "temp": TEMP,
    "motion": MOTION,
    "motion, own threshold": OWN_MOTION,
    "own threshold": OWN,
    "tonic": TONIC,
    "responds": RESPONDS,
    "high level": HIGH,
    "heart rate, a beat": HEART_BEAT,
    "heart rate, time": HEART_TIME,
    "contact": CONTACT,
    "level": LEVEL,
    "breath from the pulse, a beat": BREATH_BEAT,
    "breath from the pulse, a sample": BREATH_TICK,
    "breath from sound": BREATH_SOUND,
    "fixed range": FIXED,
    "metric trend": TREND,
    "metric surprise": SURPRISE,
    "metric plateau": PLATEAU,
    "metric collapse": COLLAPSE,
}

# Whole rules of which parts are audited above: for the concrete runs that test what is claimed of their state.
WHOLE: dict[str, Audit] = {
    "pulse": Audit(PulseBeats, [(-ADC, ADC)], pulse_state(64), modules=("common", "pulse")),
    "pulse, 128 Hz": Audit(lambda: PulseBeats(128, early=1), [(-ADC, ADC)], pulse_state(128)),
    "eda": Audit(SkinResponses, [(0, SKIN)], EDA_STATE, modules=("common", "eda")),
    "breath from the pulse": Audit(
        BreathFromPulse,
        [(0, 1 << 16), (0, 1 << 18), (0, 40)],
        BREATH_STATE,
        step=lambda rule, v: (rule.step_beat(v[0], v[1]) if v[2] == 0 else None, rule.step()),
    ),
}
PARTS = ("pulse, front end", "pulse, peak", "pulse, early", "pulse, place", "eda,", "breath from the pulse,")
