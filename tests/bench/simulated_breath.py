"""People who breathe, with truth: the simulated body for the pulse, and a microphone's envelope written for the bench.

The microphone: inhaling is a swelling noise, exhaling a quieter one (share drawn per person), over the noise of a room;
breaths differ in length and loudness; now and then the person speaks for some seconds, louder than any breath.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from somatone.sources.simulated_body import BodyProfile, SimulatedBody

Floats = NDArray[np.float64]
PULSE_HZ, MIC_HZ = 64, 32


@dataclass(frozen=True, slots=True)
class Breather:
    """Samples of one signal, when inhaling began (s), and the usual breath (s)."""

    samples: list[int]
    inhaled_s: Floats
    breath_s: float


def through_the_pulse(seed: int, base: BodyProfile, seconds: int = 240) -> Breather:
    """A resting body drawn from the seed: 55 to 95 bpm, 9 to 23 breaths a minute, modulations from weak to clear."""
    rng = np.random.default_rng([seed, 7])
    profile = replace(
        base,
        heart_bpm=float(rng.uniform(55, 95)),
        breath_hz=float(rng.uniform(0.15, 0.38)),
        rsa=float(rng.uniform(0.02, 0.06)),
        breath_amplitude=float(rng.uniform(0.03, 0.12)),
    )
    body = SimulatedBody(seed, profile)
    samples = body.bvp_64hz(seconds)
    t_s = np.arange(seconds * PULSE_HZ) / PULSE_HZ
    turns = np.floor((body.breath_phase(t_s) - np.pi / 2) / (2 * np.pi))
    return Breather(samples, t_s[1:][np.diff(turns) > 0], 1 / profile.breath_hz)


def through_the_air(seed: int, *, speaks: bool, seconds: int = 240) -> Breather:
    """A microphone near the mouth: loudness, room and exhaled share drawn from the seed."""
    rng = np.random.default_rng([seed, 8])
    period_s = float(rng.uniform(2.6, 6.5))
    loud, room, exhaled = rng.uniform(400, 6000), rng.uniform(20, 120), rng.uniform(0.1, 0.5)
    t_s = np.arange(seconds * MIC_HZ) / MIC_HZ
    level = np.full(t_s.size, room)
    inhaled, at_s = [], float(rng.uniform(0, period_s))
    while at_s < seconds - 8:
        breath_s = period_s * float(np.exp(0.12 * rng.standard_normal()))
        size = loud * float(np.exp(0.25 * rng.standard_normal()))
        level += size * _burst(t_s, at_s, 0.38 * breath_s)
        level += exhaled * size * _burst(t_s, at_s + 0.45 * breath_s, 0.4 * breath_s)
        inhaled.append(at_s)
        at_s += breath_s
    spoken = np.zeros(t_s.size, bool)
    if speaks:
        for start_s in np.arange(30.0, seconds - 20.0, 45.0):
            part = (t_s >= start_s) & (t_s < start_s + rng.uniform(3, 8))
            level[part] += 3 * loud * (0.4 + 0.6 * np.abs(np.sin(2 * np.pi * 2.1 * t_s[part])))
            spoken |= part
    grain = rng.chisquare(12, t_s.size) / 12  # what a short mean of noise leaves of its own variation
    near_speech = np.convolve(spoken, np.ones(3 * MIC_HZ), "same") > 0
    heard = [s for s in inhaled if not near_speech[int(s * MIC_HZ)]]
    return Breather(np.clip(np.rint(level * grain), 0, 32767).astype(int).tolist(), np.array(heard), period_s)


def _burst(t_s: Floats, start_s: float, length_s: float) -> Floats:
    place = np.clip((t_s - start_s) / length_s, 0.0, 1.0)
    hump: Floats = np.sin(np.pi * place) ** 0.7
    return hump
