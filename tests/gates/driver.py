"""Runs every rule over fixed integer vectors and prints one digest a rule: the same under CPython and MicroPython.

Run as a script with `firmware/lib` on the import path and the number of samples per vector as argument.
"""

import sys

from gates.contact import MISSING, Contact
from gates.eda import SkinResponses
from gates.level import RunningRange
from gates.motion import Movement
from gates.pulse import PulseBeats
from gates.temp import TemperatureTrend


class Noise:
    """Linear congruential generator that stays below 2**30 on the way."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, n: int) -> int:
        self.state = (self.state * 8121 + 28411) % 134456
        return self.state * n // 134456


def vector(kind: str, low: int, high: int, rate_hz: int, seed: int):  # type: ignore[no-untyped-def]
    """Endless samples between `low` and `high`: random, square, flat (with steps) or like life (bumps on a drift)."""
    noise = Noise(seed)
    span = high - low
    middle = low + span // 2
    n = 0
    height = 0
    drift = middle
    while True:
        if kind == "random":
            yield low + noise.below(span + 1)
        elif kind == "square":
            yield high if n // (1 + n // 1000 % 60) & 1 else low
        elif kind == "flat":
            yield middle + (n // 997 & 1) + n // 5000 % 3 * (span // 7)
        else:
            if noise.below(rate_hz) == 0:
                height = span // 100 + noise.below(1 + span // 50)
            height -= height >> 3
            drift += noise.below(3) - 1 + (middle - drift) // 64
            yield drift + height + noise.below(1 + span // 4000)
        n += 1


def fold(digest: int, value: int) -> int:
    return ((digest * 31) ^ (value & 0xFFFFFF) ^ (value >> 24)) & 0xFFFFFF


def run(name: str, rule, feeds, samples: int, details):  # type: ignore[no-untyped-def]
    digest = 0
    edges = 0
    for n in range(samples):
        if n % 30011 == 30010:
            rule.gap()
        values = [next(feed) for feed in feeds]
        mask = rule.step(*values)
        digest = fold(digest, mask)
        if mask:
            edges += 1
            for detail in details:
                digest = fold(digest, int(getattr(rule, detail)))
    print(name, digest, edges)


def main(samples: int) -> None:
    for kind in ("random", "square", "flat", "life"):

        def feed(low: int, high: int, rate_hz: int, seed: int = 1):  # type: ignore[no-untyped-def]
            return vector(kind, low, high, rate_hz, seed)  # noqa: B023

        run(
            "pulse " + kind, PulseBeats(64), [feed(-131071, 131071, 64)], samples, ("age_q8", "interval_q8", "strength")
        )
        run("wild pulse " + kind, PulseBeats(64), [feed(-900000, 900000, 64)], samples, ("age_q8", "interval_q8"))
        details = ("age_q8", "amplitude_nsiemens", "recovery_samples", "tonic_nsiemens", "blocked")
        run("eda " + kind, SkinResponses(4), [feed(0, 100000, 4)], samples, details)
        run("quiet eda " + kind, SkinResponses(4), [feed(900, 1100, 4)], samples, details)
        run("temp " + kind, TemperatureTrend(4), [feed(-100, 5100, 4)], samples, ("trend_q10",))
        axes = [feed(-130, 130, 32, seed) for seed in (1, 2, 3)]
        run("motion " + kind, Movement(32), axes, samples, ("energy_q8",))
        run("level " + kind, RunningRange(4), [feed(-(1 << 20), 1 << 20, 4)], samples, ("low", "high"))
        contact = Contact(4)
        run("contact " + kind, contact, [feed(MISSING, 100, 4), feed(2000, 3500, 4)], samples, ("age_q8", "worn"))


if __name__ == "__main__":
    main(int(sys.argv[1]))
