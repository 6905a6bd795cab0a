"""The heart and its pulse wave: beat times one after the other, the wave as a function of time.

Surprise: the truth is the steepest upslope of each beat, because that is the sharpest point of the wave and the
one that the rule reports; the systolic peak follows `SYSTOLE_S` later.
"""

from __future__ import annotations

import numpy as np

from somatone.sources.simulated_body.profile import BodyProfile
from somatone.sources.simulated_body.waves import TAU, Floats, Waves

# Systole, its shoulder and the dicrotic wave: height, time after the systolic peak (s), width (s).
LOBES = np.array([[1.0, 0.0, 0.080], [0.42, 0.17, 0.090], [0.30, 0.36, 0.085]])
SYSTOLE_S = 0.080  # steepest upslope of a Gauss lobe to its peak: one width
REACH_S = 1.0  # after this the wave of a beat is over

STARTLE_BPM = 14.0
STARTLE_TIME_S = 3.0  # the heart is fastest this long after a startle


class Heart:
    """Beats with respiratory, 0.1 Hz and random variation; `beats_s` grows with `advance`."""

    def __init__(self, rng: np.random.Generator, profile: BodyProfile) -> None:
        self._rng = rng
        self._profile = profile
        self._drift = Waves(rng, 4, 60.0, 600.0)
        self._breath_wobble = Waves(rng, 3, 15.0, 60.0)
        self._baseline = Waves(rng, 4, 6.0, 40.0)
        self._phases = rng.uniform(0.0, TAU, 2)
        self.beats_s: list[float] = [float(rng.uniform(0.0, 0.5))]
        self.startles_s: list[float] = []

    def breath_phase(self, t_s: Floats) -> Floats:
        """Radians; the breath wanders by about a radian around its mean rate."""
        wobble = 0.7 * self._breath_wobble.at(t_s) + self._phases[0]
        phase: Floats = TAU * self._profile.breath_hz * t_s + wobble
        return phase

    def advance(self, until_s: float) -> None:
        """Draw beats until one lies behind `until_s`."""
        while self.beats_s[-1] <= until_s:
            now = self.beats_s[-1]
            self.beats_s.append(now + self._interval_s(now))

    def _interval_s(self, now: float) -> float:
        profile = self._profile
        bpm = profile.heart_bpm + profile.heart_drift_bpm * self._drift.one(now)
        for at_s in self.startles_s:
            since = (now - at_s) / STARTLE_TIME_S
            if since > 0.0:
                bpm += STARTLE_BPM * since * np.exp(1.0 - since)
        sway = profile.rsa * np.sin(float(self.breath_phase(np.array([now]))[0]))
        sway += profile.mayer * np.sin(TAU * 0.1 * now + self._phases[1])
        sway += profile.beat_jitter * self._rng.standard_normal()
        return float(np.clip(60.0 / max(bpm, 25.0) * (1.0 + sway), 0.27, 2.2))

    def wave(self, t_s: Floats) -> Floats:
        """Pulse wave at `t_s` (n,), systole about 1 above diastole, blood volume upwards; baseline included."""
        first, last = float(t_s[0]) - REACH_S, float(t_s[-1]) + 0.4
        beats = np.array([b for b in reversed_until(self.beats_s, first) if b <= last])
        profile = self._profile
        breath = np.sin(self.breath_phase(t_s))
        wave: Floats = np.zeros_like(t_s)
        if beats.size:
            since = t_s[None, :, None] - SYSTOLE_S - beats[:, None, None] - LOBES[:, 1]
            wave = (LOBES[:, 0] * np.exp(-0.5 * (since / LOBES[:, 2]) ** 2)).sum(axis=(0, 2))
        wave *= 1.0 + profile.breath_amplitude * breath
        return wave + profile.wander * (0.5 * breath + 0.5 * self._baseline.at(t_s))

    def forget(self, before_s: float) -> None:
        drop = 0
        while drop < len(self.beats_s) - 4 and self.beats_s[drop] < before_s:
            drop += 1
        del self.beats_s[:drop]
        self.startles_s = [at_s for at_s in self.startles_s if at_s > before_s - 60.0]


def reversed_until(times_s: list[float], first_s: float) -> list[float]:
    """The times at or after `first_s`, found from the end: a live run never walks its whole history."""
    start = len(times_s)
    while start > 0 and times_s[start - 1] >= first_s:
        start -= 1
    return times_s[start:]
