"""The metrics of a training run, each defined once: formula, range, format and the rules that listen to it.

Whoever trains computes them from here, the gates derive their names, parameters and defaults from here. All travel as
Q16 integers; losses and norms as Q16 of their base-2 logarithm, because they span decades. Values beyond the range are
clamped to it; a value that is not a number is not sent (validity says so).

Surprise: entropy and similarity are taken over the *batch*, place by place, so that they tell a generator that makes
one good digit for ever (entropy 0, similarity 1) from one that makes noise (entropy high, similarity 0).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

ONE = 65536  # Q16

RATE_LOW_HZ, RATE_HIGH_HZ = 4, 30  # frames a second of a run


@dataclass(frozen=True, slots=True)
class TrainingMetric:
    """One metric. `low`, `high`, `fine` and `usual` are in its own unit.

    `fine` is the smallest difference that matters, `usual` the two ends between which runs lie: what a noise that has
    learned nothing and what digits give (of the five presets, seeds 100 to 109).
    """

    name: str
    unit: str
    low: float
    high: float
    fine: float
    formula: str
    about: str
    usual: tuple[float, float]
    collapse: Mapping[str, int] = field(default_factory=dict)  # arguments of the collapse rule; empty: it has none

    def counts(self, value: float) -> int:
        """A value in its unit as Q16 counts, clamped to the range. Raises ValueError for a NaN."""
        if math.isnan(value):
            raise ValueError(f"{self.name} is not a number")
        return round(min(max(value, self.low), self.high) * ONE)

    @property
    def low_counts(self) -> int:
        return round(self.low * ONE)

    @property
    def high_counts(self) -> int:
        return round(self.high * ONE)

    @property
    def usual_counts(self) -> tuple[int, int]:
        return round(self.usual[0] * ONE), round(self.usual[1] * ONE)

    @property
    def fine_counts(self) -> int:
        return round(self.fine * ONE)


def _log2(name: str, of: str, about: str, usual: tuple[float, float]) -> TrainingMetric:
    return TrainingMetric(name, "log2", -32.0, 32.0, 0.05, f"log2 of {of}", about, usual)


def _share(name: str, formula: str, about: str, usual: tuple[float, float]) -> TrainingMetric:
    return TrainingMetric(name, "0..1", 0.0, 1.0, 0.01, formula, about, usual)


_ALL = (
    _log2("loss_g", "the generator's mean loss over the batch (nats)", "generator loss", (-2.0, 4.0)),
    _log2(
        "loss_d",
        "the discriminator's mean loss over real and generated (nats)",
        "discriminator loss",
        (-3.0, 0.0),
    ),
    _share(
        "accuracy_real",
        "share of the batch's real samples that the discriminator calls real",
        "accuracy on real samples",
        (0.4, 1.0),
    ),
    _share(
        "accuracy_generated",
        "share of the generated samples that the discriminator calls generated",
        "accuracy on generated samples",
        (0.4, 1.0),
    ),
    TrainingMetric(
        "entropy",
        "bit",
        0.0,
        4.0,
        0.04,
        "mean over the pixels of -sum p log2 p, p being the shares of 16 grey levels that this pixel has in the batch",
        "variety of the generated samples",
        (2.3, 3.8),
        {"upwards": 0},
    ),
    TrainingMetric(
        "similarity",
        "correlation",
        -1.0,
        1.0,
        0.02,
        "mean over all pairs of generated samples of the correlation of their pixels (Pearson)",
        "similarity between generated samples",
        (0.0, 0.9),
        {"upwards": 1, "near_256th": 8, "far_256th": 40},  # digits stand at 0.56 to 0.8, one digit for ever above 0.94
    ),
    _share(
        "rms",
        "root of the mean square of the generated pixels, black 0, white 1",
        "brightness of the samples",
        (0.4, 0.6),
    ),
    _share(
        "edge",
        "mean absolute difference of pixels that are neighbours, across and down",
        "edge intensity of the samples",
        (0.08, 0.34),
    ),
    _log2("gradient_g", "the Euclidean norm of the generator's gradient", "gradient of the generator", (-4.0, 4.0)),
    _log2(
        "gradient_d",
        "the Euclidean norm of the discriminator's gradient",
        "gradient of the discriminator",
        (-4.0, 3.0),
    ),
    _share(
        "distance",
        "mean over the generated samples of the root mean square difference to the nearest sample of the data",
        "distance of the samples to the data",
        (0.12, 0.44),
    ),
    TrainingMetric(
        "digits",
        "digits",
        0.0,
        10.0,
        0.25,
        "how many of the ten digits appear among the generated samples, each sample taking its nearest datum's label",
        "count of digits that appear",
        (0.0, 10.0),
        {"upwards": 0, "near_256th": 64, "far_256th": 112},
    ),
)

METRICS: Mapping[str, TrainingMetric] = {metric.name: metric for metric in _ALL}
