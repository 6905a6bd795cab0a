"""Every gate and level that the rules can give, and what it means: pieces are checked against this table."""

from __future__ import annotations

from somatone.timeline.correlation.names import CORRELATION_GATES, CORRELATION_LEVELS
from somatone.training_metrics import METRICS

BODY_GATES = {
    "contact.worn": "the sensor sits on a body",
    "pulse.beat": "one heart beat, at its steepest upslope",
    "pulse.steady": "the heart rate can be believed: the wearer is still and the rhythm regular",
    "eda.onset": "a skin-conductance response, from its onset until its rise slackens",
    "eda.rise": "slow skin conductance is rising, more than is usual for this wearer",
    "eda.fall": "slow skin conductance is falling, more than is usual for this wearer",
    "eda.high": "slow skin conductance stands in the upper part of this wearer's own range",
    "eda.responds": "the skin has responded lately; about one person in ten never opens it",
    "temp.rise": "the skin is getting warmer",
    "temp.fall": "the skin is getting cooler",
    "motion.active": "the wearer moves more than usual",
    "motion.still": "the wearer has been still for a while",
    "breath.in": "the wearer inhales: heard by a microphone, or seen in the pulse some two seconds late",
}

BODY_LEVELS = {
    "pulse.rate": "heart rate, 0 at 40 bpm, 1 at 160 bpm; said only while pulse.steady is open",
    "pulse.strength": "height of the pulse within this wearer's own range",
    "eda.tonic": "slow skin conductance within this wearer's own range",
    "eda.response": "size of the last skin-conductance response, 1 at 1 microsiemens and above",
    "eda.recovery": "how long the last response took to fall to half, 1 at 10 s and above",
    "temp.level": "skin temperature within this wearer's own range",
    "motion.energy": "how much the wearer moves, 1 at half a g of change a sample and above",
    "breath.rate": "breaths a minute, 0 at 6, 1 at 30",
    "breath.depth": "depth of the last breath within this wearer's own range",
}

_METRIC_GATES = {
    "rise": "{} rises",
    "fall": "{} falls",
    "surprise": "{} departs from its usual value by far more than its noise",
    "plateau": "{} has stood still for long",
    "collapse": "{} has fallen fast to the end of its range, and stays there",
}

_METRIC_LEVELS = (
    ("level", "within the run's own range, which follows it"),
    ("stand", "between the ends that such runs usually have, which stay where they are"),
)

GATES = BODY_GATES | {
    f"{metric.name}.{rule}": about.format(metric.about)
    for metric in METRICS.values()
    for rule, about in _METRIC_GATES.items()
    if rule != "collapse" or metric.collapse
}
GATES |= CORRELATION_GATES

LEVELS = BODY_LEVELS | {
    f"{metric.name}.{rule}": f"{metric.about} {about}" for metric in METRICS.values() for rule, about in _METRIC_LEVELS
}
LEVELS |= CORRELATION_LEVELS
