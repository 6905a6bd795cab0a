"""Skin conductance and skin temperature.

A response is a Bateman curve (difference of two exponentials, as used in the deconvolution literature: Alexander
et al. 2005, Benedek and Kaernbach 2010) scaled to its amplitude; its truth is the moment it starts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from somatone.sources.simulated_body.profile import BodyProfile
from somatone.sources.simulated_body.waves import Floats, Waves

REACH_S = 60.0  # a response has faded after this
CLOSEST_S = 2.0  # responses of their own accord keep this distance


class Response(NamedTuple):
    """One skin-conductance response: onset (body seconds), height at its peak (nS), rise and decay constants (s)."""

    onset_s: float
    amplitude_nsiemens: float
    rise_s: float
    decay_s: float

    def curve(self, t_s: Floats) -> Floats:
        """Conductance above the tonic level at `t_s` (n,), nS."""
        rise, decay = self.rise_s, self.decay_s
        peak_s = np.log(decay / rise) * rise * decay / (decay - rise)
        top = np.exp(-peak_s / decay) - np.exp(-peak_s / rise)
        since = np.maximum(t_s - self.onset_s, 0.0)
        curve: Floats = (np.exp(-since / decay) - np.exp(-since / rise)) * (self.amplitude_nsiemens / top)
        return curve


class Skin:
    """Tonic level with drift, responses at random and on demand, and the slow course of skin temperature."""

    def __init__(self, rng: np.random.Generator, profile: BodyProfile) -> None:
        self._rng = rng
        self._profile = profile
        self._tonic = Waves(rng, 4, 120.0, 900.0)
        self._warmth = Waves(rng, 3, 120.0, 900.0)
        self.responses: list[Response] = []
        self._next_s = self._pause_s()

    def _pause_s(self) -> float:
        if self._profile.responses_per_min <= 0.0:
            return float("inf")
        return CLOSEST_S + float(self._rng.exponential(max(0.1, 60.0 / self._profile.responses_per_min - CLOSEST_S)))

    def _draw(self, onset_s: float, amplitude_nsiemens: float) -> Response:
        rise_s = float(self._rng.uniform(0.6, 1.1))
        return Response(onset_s, amplitude_nsiemens, rise_s, rise_s * float(self._rng.uniform(3.0, 7.0)))

    def advance(self, until_s: float) -> None:
        while self._next_s <= until_s:
            spread = float(np.exp(0.6 * self._rng.standard_normal()))
            self._add(self._draw(self._next_s, max(30.0, self._profile.response_nsiemens * spread)))
            self._next_s += self._pause_s()

    def startle(self, at_s: float, amplitude_nsiemens: float) -> None:
        self._add(self._draw(at_s, amplitude_nsiemens))

    def _add(self, response: Response) -> None:
        self.responses.append(response)
        self.responses.sort()

    def conductance(self, t_s: Floats) -> Floats:
        """nS at `t_s` (n,), without noise, electrodes on."""
        profile = self._profile
        level = profile.tonic_nsiemens * (1.0 + profile.tonic_drift * self._tonic.at(t_s))
        for response in reversed(self.responses):
            if response.onset_s < t_s[0] - REACH_S:
                break
            if response.onset_s < t_s[-1]:
                level = level + response.curve(t_s)
        return np.maximum(level, 0.0)

    def temperature(self, t_s: Floats) -> Floats:
        """Centi-C at `t_s` (n,) on the skin."""
        return self._profile.skin_centi + self._profile.skin_drift_centi * self._warmth.at(t_s)

    def forget(self, before_s: float) -> None:
        self.responses = [response for response in self.responses if response.onset_s >= before_s]
