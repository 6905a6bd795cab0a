"""Runs every rule over fixed integer vectors and prints one digest a rule: the same under CPython and MicroPython.

Run as a script with `firmware/lib` on the import path, the number of samples per vector and, if not all are wanted,
words of which one must be in the rule's name. A new rule is one line in `RULES`: name, how it is made, the range and
rate of each of its inputs, and the details that count at an edge.
"""

import sys

from gates.breath import BreathFromPulse
from gates.breath_sound import BreathFromSound
from gates.contact import MISSING, Contact
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


class Noise:
    """Additive generator (Knuth, 24 and 55 back), 28 bits: no product, and a period that no vector reaches."""

    def __init__(self, seed: int) -> None:
        self._ring: list[int] = []
        for _ in range(55):
            high = seed = (seed * 8121 + 28411) % 134456
            seed = (seed * 8121 + 28411) % 134456
            self._ring.append((high << 11 ^ seed) & 0xFFFFFFF)
        self._ring[0] |= 1
        for _ in range(10):
            self.block()

    def block(self) -> list[int]:
        """The next 55 numbers."""
        ring = self._ring
        for k in range(55):
            ring[k] = (ring[k] + ring[k - 24]) & 0xFFFFFFF
        return ring


def vector(kind: str, low: int, high: int, rate_hz: int, seed: int):  # type: ignore[no-untyped-def]
    """Endless blocks of 55 samples from `low` to `high`: random, square, flat (with steps), life (bumps on a drift)."""
    noise = Noise(seed)
    span = high - low
    middle = low + span // 2
    n = 0
    height = 0
    drift = middle
    while True:
        if kind == "random":
            yield [low + (v >> 6) % (span + 1) for v in noise.block()]
        elif kind == "square":
            length = 1 + n // 1000 % 60
            yield [high if k // length & 1 else low for k in range(n, n + 55)]
        elif kind == "flat":
            yield [middle + (k // 997 & 1) + k // 5000 % 3 * (span // 7) for k in range(n, n + 55)]
        else:
            block = []
            for v in noise.block():
                if not (v & 0xFFF) % rate_hz:
                    height = span // 100 + (v >> 8) % (1 + span // 50)
                height -= height >> 3
                drift += (v >> 14) % 3 - 1 + (middle - drift) // 64
                block.append(drift + height + (v >> 6) % (1 + span // 4000))
            yield block
        n += 55


class Breathing:
    """Beats that come and go with a breath, so that the rule for breath has something to decide."""

    def __init__(self) -> None:
        self.rule = BreathFromPulse(64)
        self.left = 64
        self.breath = 0

    def gap(self) -> None:
        self.rule.gap()

    def step(self, x: int) -> int:
        """x 0 .. 1023 jitters the next beat; a breath lasts 256 samples, drawn as a triangle."""
        self.breath = (self.breath + 1) % (256 + (x >> 5))
        self.left -= 1
        if not self.left:
            wave = abs(self.breath - 128)
            self.left = 48 + (wave >> 3) + (x >> 7)
            known = x & 63
            self.rule.step_beat((self.left << 8) + (x & 255) if known else 0, 4000 + 8 * wave + x)
        return self.rule.step()

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        return getattr(self.rule, name)


class Heart:
    """Intervals that are regular for a while and then are not, and time that passes between the beats."""

    def __init__(self) -> None:
        self.rule = HeartRate(64)

    def gap(self) -> None:
        self.rule.gap()

    def step(self, x: int) -> int:
        """x 0 .. 65535: its low bits jitter the interval, a high one says that there is no beat now."""
        if x & 0x8000:
            return self.rule.advance(x & 63)
        self.rule.watched = not x & 0x4000
        return self.rule.step(15000 + (x & 1023) if x & 0x3E00 else x & 0xFFF)

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        return getattr(self.rule, name)


class InRuns:
    """A rule that takes many samples at once, fed seven at a time."""

    def __init__(self, rule, width: int) -> None:  # type: ignore[no-untyped-def]
        self.rule = rule
        self.size = 7 * width
        self.waiting: list[int] = []

    def gap(self) -> None:
        self.rule.gap()

    def step(self, *values: int) -> int:
        """All masks of seven samples, one behind the other."""
        self.waiting.extend(values)
        masks = done = 0
        if len(self.waiting) == self.size:
            while done < self.size:
                edges = self.rule.run(self.waiting, done)
                done = self.rule.taken
                masks = (masks << 3 ^ edges * done) & 0xFFFFFF
            self.waiting.clear()
        return masks

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        return getattr(self.rule, name)


class Own:
    """The threshold as its own detail; it has no gate, so its rises count as edges."""

    def __init__(self) -> None:
        self.rule = OwnThreshold(4, 10, 1 << 18, 2, 1)
        self.value = 0

    def gap(self) -> None:
        self.rule.reset()

    def step(self, x: int) -> int:
        was = self.value
        self.value = self.rule.step(x)
        return int(self.value > was)


EDA = ("age_q8", "amplitude_nsiemens", "recovery_samples", "tonic_nsiemens", "blocked")
BEAT = ("age_q8", "interval_q8", "strength")
METRIC = (-(1 << 21), 1 << 21, 10)

RULES = (
    ("pulse", lambda: PulseBeats(64), ((-131071, 131071, 64),), BEAT),
    ("early pulse", lambda: PulseBeats(64, early=1), ((-131071, 131071, 64),), BEAT),
    ("pulse in runs", lambda: InRuns(PulseBeats(64), 1), ((-131071, 131071, 64),), BEAT),
    ("wild pulse", lambda: PulseBeats(64), ((-900000, 900000, 64),), BEAT),
    ("eda", lambda: SkinResponses(4), ((0, 100000, 4),), EDA),
    ("quiet eda", lambda: SkinResponses(4), ((900, 1100, 4),), EDA),
    ("tonic", lambda: TonicTrend(4), ((-100, 100100, 4),), ("trend",)),
    ("responds", lambda: Responds(4, patience_ms=5000), ((0, 400, 4),), ("on",)),
    ("temp", lambda: TemperatureTrend(4), ((-100, 5100, 4),), ("trend",)),
    ("motion", lambda: Movement(32), ((-130, 130, 32), (-130, 130, 32), (-130, 130, 32)), ("energy_q8",)),
    ("own motion", lambda: Movement(32, own_half_life_ms=150_000), ((-130, 130, 32),) * 3, ("energy_q8",)),
    (
        "own motion in runs",
        lambda: InRuns(Movement(32, own_half_life_ms=150_000), 3),
        ((-9, 9, 32),) * 3,
        ("energy_q8",),
    ),
    ("own threshold", Own, ((0, 1 << 20, 4),), ("value",)),
    ("high level", lambda: HighLevel(4), ((0, 65536, 4),), ("on",)),
    ("heart rate", Heart, ((0, 65535, 64),), ("usual_q8", "trusted")),
    ("level", lambda: RunningRange(4), ((-(1 << 20), 1 << 20, 4),), ("low", "high")),
    ("contact", lambda: Contact(4), ((MISSING, 100, 4), (2000, 3500, 4)), ("age_q8", "worn")),
    ("breath pulse", Breathing, ((0, 1023, 64),), ("age_q8", "depth", "period_samples", "usable")),
    ("breath sound", lambda: BreathFromSound(32), ((0, 32767, 32),), ("depth", "period_samples")),
    ("fixed range", lambda: FixedRange(10, low=-300_000, high=1 << 20), (METRIC,), ()),
    ("metric trend", lambda: MetricTrend(10), (METRIC,), ("trend", "rising", "falling")),
    ("metric surprise", lambda: MetricSurprise(10), (METRIC,), ("strength", "median", "limit")),
    ("quiet metric surprise", lambda: MetricSurprise(10, least=1), ((-4000, 4000, 10),), ("strength", "limit")),
    ("metric plateau", lambda: MetricPlateau(10, after_ms=2000), (METRIC,), ("quiet", "anchor", "mean")),
    ("metric collapse", lambda: MetricCollapse(10, stay_ms=300, near_256th=90), ((0, 65536, 10),), ("distance",)),
)

VARIANTS = (
    "early",
    "wild",
    "quiet",
    "own motion",
    "pulse in",
)  # of a rule that is there already: a fifth of the samples


def fold(digest: int, value: int) -> int:
    return ((digest * 31) ^ (value & 0xFFFFFF) ^ (value >> 24)) & 0xFFFFFF


def run(rule, feeds, samples: int, details):  # type: ignore[no-untyped-def]
    """Digest of all masks and, at edges and every 22 blocks, of the details; how many edges."""
    digest = 0
    edges = 0
    step = rule.step
    for block in range(samples // 55):
        if block % 547 == 546:
            rule.gap()
        for values in zip(*[next(feed) for feed in feeds]):  # noqa: B905 - MicroPython's zip knows no `strict`
            mask = step(*values)
            digest = (digest * 31 ^ mask) & 0xFFFFFF
            if mask:
                edges += 1
                for detail in details:
                    digest = fold(digest, int(getattr(rule, detail)))
        if not block % 22:  # a level has no edges
            for detail in details:
                digest = fold(digest, int(getattr(rule, detail)))
    return digest, edges


def main(samples: int, words) -> None:  # type: ignore[no-untyped-def]
    for name, make, inputs, details in RULES:
        if words and not any(word in name for word in words):
            continue
        short = name.startswith(VARIANTS)
        for kind in ("random", "square", "flat", "life"):
            feeds = [vector(kind, low, high, rate, seed + 1) for seed, (low, high, rate) in enumerate(inputs)]
            print(name, kind, *run(make(), feeds, samples // 5 if short else samples, details))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
