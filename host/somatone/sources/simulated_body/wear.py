"""Contact: when the sensor is on the body, and what lies between being put on and reading well."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somatone.sources.simulated_body.profile import BodyProfile
from somatone.sources.simulated_body.waves import Floats

COOL_S = 12.0  # time constants of the temperature sensor: off the skin, on the skin
WARM_S = 25.0
WET_S = 3.0  # dry electrodes reach their full conductance with this time constant


class Change(NamedTuple):
    """From `at_s` (body seconds) on the sensor is `on` the body or not; `colder` is how far it then stood from
    skin (0) to room temperature (1)."""

    at_s: float
    on: bool
    colder: float

    def coldness(self, t_s: Floats) -> Floats:
        since = t_s - self.at_s
        if self.on:
            warming: Floats = self.colder * np.exp(-since / WARM_S)
            return warming
        cooling: Floats = 1.0 - (1.0 - self.colder) * np.exp(-since / COOL_S)
        return cooling


class Wear:
    """Changes of contact as a sorted list; `advance` draws visits where the profile wants them."""

    def __init__(self, rng: np.random.Generator, profile: BodyProfile) -> None:
        self._rng = rng
        self._profile = profile
        worn = profile.worn_at_start
        self._changes = [Change(-3600.0, worn, 0.0 if worn else 1.0)]
        self._next_s = self._stay_s(worn)

    def _stay_s(self, worn: bool) -> float:
        if self._profile.visit_s <= 0.0:
            return float("inf")
        mean_s = self._profile.visit_s if worn else self._profile.away_s
        return mean_s * float(self._rng.uniform(0.6, 1.4))

    def advance(self, until_s: float) -> None:
        while self._next_s <= until_s:
            worn = not self._changes[-1].on
            self.change(self._next_s, worn)
            self._next_s += self._stay_s(worn)

    def change(self, at_s: float, worn: bool) -> float:
        """On or off from `at_s` on, at the earliest after the last change. Returns when."""
        last = self._changes[-1]
        at_s = max(at_s, last.at_s)
        if worn != last.on:
            self._changes.append(Change(at_s, worn, float(last.coldness(np.array([at_s]))[0])))
        return at_s

    def _spans(self, t_s: Floats) -> Iterator[tuple[Change, NDArray[np.bool_]]]:
        """The changes that reach into `t_s` (n,), newest first, each with the times that it rules."""
        free = np.ones(t_s.shape, np.bool_)
        for change in reversed(self._changes):
            ruled = free & (t_s >= change.at_s)
            if ruled.any():
                yield change, ruled
            free &= ~ruled
            if not free.any():
                return

    def worn(self, t_s: Floats) -> Floats:
        """1.0 on the body, 0.0 off it, at `t_s` (n,)."""
        worn = np.zeros(t_s.shape)
        for change, ruled in self._spans(t_s):
            worn[ruled] = float(change.on)
        return worn

    def wetness(self, t_s: Floats) -> Floats:
        """How well the electrodes conduct, 0 (in the air) .. 1."""
        wet = np.zeros(t_s.shape)
        for change, ruled in self._spans(t_s):
            if change.on:
                wet[ruled] = 1.0 - 0.6 * np.exp(-(t_s[ruled] - change.at_s) / WET_S)
        return wet

    def coldness(self, t_s: Floats) -> Floats:
        """0 at skin temperature, 1 at the room's, at `t_s` (n,)."""
        cold = np.zeros(t_s.shape)
        for change, ruled in self._spans(t_s):
            cold[ruled] = change.coldness(t_s[ruled])
        return cold

    def intervals(self, until_s: float) -> tuple[tuple[float, float], ...]:
        """Times on the body, from the start (or what is remembered of it) to `until_s`."""
        ends = [*self._changes, Change(until_s, False, 0.0)]
        spans = ((max(0.0, a.at_s), min(b.at_s, until_s)) for a, b in pairwise(ends) if a.on)
        return tuple(span for span in spans if span[0] < span[1])

    def forget(self, before_s: float) -> None:
        while len(self._changes) > 1 and self._changes[1].at_s < before_s:
            del self._changes[0]
