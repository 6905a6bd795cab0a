"""Movement in bouts: three axes in g, and what the same movement does to the pulse signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from somatone.sources.simulated_body.profile import BodyProfile
from somatone.sources.simulated_body.waves import TAU, Floats, Waves

EDGE_S = 0.3  # a bout swells and fades within this
SINES = 5
ARTEFACT_PER_G = 6.0  # pulse heights per g: 0.25 g shakes the light by more than the pulse itself


@dataclass(frozen=True, slots=True)
class Bout:
    """One movement: from, to (body seconds), the sines of the three axes and of the light."""

    start_s: float
    end_s: float
    intensity_g: float
    omega: Floats  # (SINES, 1), rad/s
    phase: Floats  # (4, SINES, 1): x, y, z, light

    def shape(self, t_s: Floats) -> Floats:
        """(4, n): x, y, z, light; g."""
        swell = np.clip(np.minimum(t_s - self.start_s, self.end_s - t_s) / EDGE_S, 0.0, 1.0)
        sines: Floats = np.sin(self.omega * t_s + self.phase).sum(axis=1)
        sines *= swell * self.intensity_g / np.sqrt(SINES / 2.0)
        return sines


class Motion:
    """Bouts at random over a slowly turning direction of gravity."""

    def __init__(self, rng: np.random.Generator, profile: BodyProfile) -> None:
        self._rng = rng
        self._profile = profile
        self._turn = (Waves(rng, 3, 30.0, 300.0), Waves(rng, 3, 30.0, 300.0))
        self.bouts: list[Bout] = []
        self._next_s = self._pause_s()

    def _pause_s(self) -> float:
        if self._profile.bouts_per_min <= 0.0:
            return float("inf")
        return 1.0 + float(self._rng.exponential(60.0 / self._profile.bouts_per_min))

    def advance(self, until_s: float) -> None:
        rng, profile = self._rng, self._profile
        while self._next_s <= until_s:
            start_s = self._next_s
            end_s = start_s + 1.0 + float(rng.exponential(profile.bout_s))
            intensity_g = profile.bout_g * float(np.exp(0.4 * rng.standard_normal()))
            omega = TAU * rng.uniform(0.8, 4.5, (SINES, 1))
            self.bouts.append(Bout(start_s, end_s, intensity_g, omega, rng.uniform(0.0, TAU, (4, SINES, 1))))
            self._next_s = end_s + self._pause_s()

    def at(self, t_s: Floats) -> tuple[Floats, Floats]:
        """Acceleration (3, n) in g with gravity, and artefact (n,) in pulse heights."""
        pitch, roll = 0.5 * self._turn[0].at(t_s), 0.5 * self._turn[1].at(t_s)
        gravity = np.stack([np.sin(pitch), np.cos(pitch) * np.sin(roll), np.cos(pitch) * np.cos(roll)])
        shaken = np.zeros((4, t_s.size))
        for bout in reversed(self.bouts):
            if bout.end_s < t_s[0]:
                break
            if bout.start_s <= t_s[-1]:
                shaken += bout.shape(t_s)
        return gravity + shaken[:3], shaken[3] * (ARTEFACT_PER_G * self._profile.artefact)

    def forget(self, before_s: float) -> None:
        self.bouts = [bout for bout in self.bouts if bout.end_s >= before_s]
