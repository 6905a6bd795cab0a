"""Breath found in the pulse and by the microphone, on simulated people that nothing was tuned on.

An inhalation is found when the gate opens within a quarter of a breath of it. Simulation only: published rates from
wrist pulse are poor in free living, so nothing beyond this is promised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median

import numpy as np

from bench.figures import Figure
from bench.simulated_breath import MIC_HZ, PULSE_HZ, Breather, through_the_air, through_the_pulse
from gates.breath import BreathFromPulse
from gates.breath_sound import BreathFromSound
from gates.common import OPENED
from gates.pulse import MEASURED, PulseBeats
from somatone.sources.simulated_body import CLEAN, NOISY

TUNED, UNSEEN = range(100, 112), range(900, 924)
SETTLED_S = 40.0  # the rules and their rate have learnt by then

Openings = list[tuple[float, float]]  # when inhaling began as the gate says, when it said so
Rates = list[tuple[float, float]]  # time, breaths a minute


@dataclass
class Score:
    """Inhalations found and missed, gates too many, delays (s) and errors of the rate (1/min)."""

    true: int = 0
    found: int = 0
    extra: int = 0

    def __post_init__(self) -> None:
        self.late_s: list[float] = []
        self.rate_errors: list[float] = []

    def add(self, person: Breather, openings: Openings, rates: Rates) -> None:
        """One person."""
        truth = person.inhaled_s[(person.inhaled_s > SETTLED_S) & (person.inhaled_s < len_s(person) - 6.0)]
        openings = [pair for pair in openings if pair[0] > SETTLED_S - person.breath_s / 4]
        used = set()
        for inhaled_s in truth:
            near = [k for k, (at_s, _) in enumerate(openings) if abs(at_s - inhaled_s) <= person.breath_s / 4]
            if near and near[0] not in used:
                used.add(near[0])
                self.late_s.append(openings[near[0]][1] - inhaled_s)
        self.true += truth.size
        self.found += len(used)
        self.extra += len(openings) - len(used)
        for now_s, per_min in rates:
            before = person.inhaled_s[person.inhaled_s <= now_s][-6:]
            if now_s > SETTLED_S and before.size == 6:
                self.rate_errors.append(abs(per_min - 60.0 / float(np.diff(before).mean())))

    def said(self) -> str:
        """One line."""
        return (
            f"{100 * self.found / self.true:.0f} % found, {100 * self.extra / self.true:.0f} % too many, "
            f"said {median(self.late_s):.2f} s late; rate error median {median(self.rate_errors):.1f}, "
            f"mean {np.mean(self.rate_errors):.1f} a minute"
        )


def len_s(person: Breather) -> float:
    """All people are equally long; the last truth tells how long."""
    return float(person.inhaled_s[-1])


def by_pulse(person: Breather) -> tuple[Openings, Rates]:
    """The pulse's beats, and the breath in them."""
    beats, breath = PulseBeats(PULSE_HZ), BreathFromPulse(PULSE_HZ)
    openings, rates = [], []
    for n, x in enumerate(person.samples):
        if beats.step(x) & MEASURED:
            breath.step_beat(beats.interval_q8, beats.strength)
        if breath.step() & OPENED:
            openings.append(((n - breath.age_q8 / 256) / PULSE_HZ, n / PULSE_HZ))
            if breath.period_samples:
                rates.append((n / PULSE_HZ, 60 * PULSE_HZ / breath.period_samples))
    return openings, rates


def by_sound(person: Breather) -> tuple[Openings, Rates]:
    """The microphone."""
    breath = BreathFromSound(MIC_HZ)
    openings, rates = [], []
    for n, x in enumerate(person.samples):
        if breath.step(x) & OPENED:
            openings.append(((n - breath.age_q8 / 256) / MIC_HZ, n / MIC_HZ))
            if breath.period_samples:
                rates.append((n / MIC_HZ, 60 * MIC_HZ / breath.period_samples))
    return openings, rates


PEOPLE: dict[str, tuple[Callable[[int], Breather], Callable[[Breather], tuple[Openings, Rates]]]] = {
    "breath from the pulse, clean": (partial(through_the_pulse, base=CLEAN), by_pulse),
    "breath from the pulse, noisy": (partial(through_the_pulse, base=NOISY), by_pulse),
    "breath from a microphone": (partial(through_the_air, speaks=False), by_sound),
    "breath from a microphone, speaking at times": (partial(through_the_air, speaks=True), by_sound),
}


def scored(what: str, seeds: range) -> Score:
    """One kind of people."""
    person_of, found_by = PEOPLE[what]
    score = Score()
    for seed in seeds:
        person = person_of(seed)
        score.add(person, *found_by(person))
    return score


def breath() -> Iterator[Figure]:
    """Every kind of people, seeds 900 to 923; tuned on 100 to 111."""
    for what in PEOPLE:
        yield Figure(what, "none: simulation only", scored(what, UNSEEN).said())
