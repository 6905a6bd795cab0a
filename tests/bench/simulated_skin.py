"""Skin conductance with exact onsets: ten-minute records at 4 Hz in seven scenarios, for the onset benches.

A response rises along a smooth step within 1 to 3 s and falls to half within 2 to 10 s (Boucsein 2012), amplitudes are
log-normal; what lies under 0.03 uS is there but is no truth. The tonic level wanders. Sensors add noise and round to
their own step (a laboratory amplifier 0.1 nS, an E4 0.9 nS). Artefacts are what electrodes and movement do: steps,
drops of contact, lone spikes, pressure that comes and goes.

Not the simulated body of the package: its rules were tuned while looking at that one, and its curves start with a kink
that makes onsets easy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 4
SECONDS = 600
LEAST_TRUTH_NSIEMENS = 30.0
CLOSEST_S = 1.5  # two onsets of one body

Wave = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a body and its sensor do. Noise in nS RMS, `wander` the tonic's swing as a share of itself."""

    name: str
    per_min: float = 4.0
    median_nsiemens: float = 150.0
    spread: float = 0.8  # of the logarithm
    noise: float = 1.0
    step_nsiemens: float = 0.1
    tremor: float = 0.0  # RMS of noise below 0.5 Hz, nS: a loose band
    wander: float = 0.05
    wander_s: tuple[float, float] = (150.0, 600.0)
    artefacts_per_min: float = 0.0


SCENARIOS = (
    Scenario("lab clean"),
    Scenario("quiet wrist", noise=2.0, step_nsiemens=0.9),
    Scenario("noisy wrist", noise=4.0, step_nsiemens=0.9, tremor=4.0),
    Scenario("dense 12/min", per_min=12.0, noise=2.0, step_nsiemens=0.9),
    Scenario("drift", noise=2.0, step_nsiemens=0.9, wander=0.4, wander_s=(60.0, 240.0)),
    Scenario("artefact 1/min", noise=2.0, step_nsiemens=0.9, artefacts_per_min=1.0),
    Scenario("artefact 4/min", noise=2.0, step_nsiemens=0.9, artefacts_per_min=4.0),
)


@dataclass(frozen=True, slots=True)
class SkinRecord:
    """`samples` in nS at 4 Hz; onsets, heights and half-recovery times of the responses that count."""

    samples: list[int]
    onsets_s: list[float]
    amplitudes_nsiemens: list[float]
    halves_s: list[float]
    artefacts_s: list[tuple[float, float]]


def record(scenario: Scenario, seed: int, seconds: int = SECONDS) -> SkinRecord:
    """One body's record. Equal seeds give equal records; no two scenarios share their random numbers."""
    rng = np.random.default_rng([seed, *scenario.name.encode()])
    t_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    tonic = float(np.exp(rng.uniform(np.log(600.0), np.log(8000.0))))
    wave = tonic * (1.0 + _wander(rng, t_s, scenario))
    responses = _responses(rng, scenario, seconds)
    for onset_s, amplitude, rise_s, half_s in responses:
        wave += amplitude * _response(t_s - onset_s, rise_s, half_s)
    wave += scenario.tremor * _slow_noise(rng, len(t_s)) + rng.normal(0.0, scenario.noise, len(t_s))
    artefacts = _spoil(rng, wave, scenario, seconds)
    wave = np.round(wave / scenario.step_nsiemens) * scenario.step_nsiemens
    counted = [r for r in responses if r[1] >= LEAST_TRUTH_NSIEMENS]
    return SkinRecord(
        [int(v) for v in np.clip(wave, 0.0, 100_000.0)],
        [r[0] for r in counted],
        [r[1] for r in counted],
        [r[3] for r in counted],
        artefacts,
    )


def _responses(rng: np.random.Generator, scenario: Scenario, seconds: int) -> list[tuple[float, float, float, float]]:
    """(onset s, height nS, rise s, half recovery s) in order of time."""
    out = []
    at_s = 0.0
    pause_s = 60.0 / scenario.per_min - CLOSEST_S
    while (at_s := at_s + CLOSEST_S + float(rng.exponential(pause_s))) < seconds:
        height = scenario.median_nsiemens * float(np.exp(scenario.spread * rng.standard_normal()))
        half_s = float(np.exp(rng.uniform(np.log(2.0), np.log(10.0))))
        out.append((at_s, height, float(rng.uniform(1.0, 3.0)), half_s))
    return out


def _response(since_s: Wave, rise_s: float, half_s: float) -> Wave:
    """Unit height: a smooth step up, a rounded top, and half gone `half_s` after the top."""
    up = np.clip(since_s / rise_s, 0.0, 1.0)
    past = np.maximum(since_s - rise_s, 0.0) / half_s
    rounded = (np.sqrt(past**2 + 0.04) - 0.2) / (np.sqrt(1.04) - 0.2)
    curve: Wave = up * up * (3.0 - 2.0 * up) * 0.5**rounded
    return curve


def _wander(rng: np.random.Generator, t_s: Wave, scenario: Scenario) -> Wave:
    """Three slow sines, together within +-`wander`."""
    wave = np.zeros_like(t_s)
    for _ in range(3):
        period_s, phase = rng.uniform(*scenario.wander_s), rng.uniform(0.0, 2.0 * np.pi)
        wave += np.sin(2.0 * np.pi * t_s / period_s + phase) / 3.0
    return scenario.wander * wave


def _slow_noise(rng: np.random.Generator, count: int) -> Wave:
    """Unit RMS, below about half a hertz."""
    kernel = np.hanning(9)
    wave: Wave = np.convolve(rng.standard_normal(count + 8), kernel, "valid") / np.sqrt((kernel**2).sum())
    return wave


def _spoil(rng: np.random.Generator, wave: Wave, scenario: Scenario, seconds: int) -> list[tuple[float, float]]:
    """Put artefacts into the wave; (start s, end s) of each."""
    spans: list[tuple[float, float]] = []
    for _ in range(rng.poisson(scenario.artefacts_per_min * seconds / 60.0)):
        at = int(rng.integers(20, len(wave) - 60))
        kind = rng.choice(["step", "drop", "spike", "pressure"])
        spans.append((at / RATE_HZ, (at + _artefact(rng, wave, at, str(kind))) / RATE_HZ))
    return sorted(spans)


def _artefact(rng: np.random.Generator, wave: Wave, at: int, kind: str) -> int:
    """One artefact at a sample; how many samples it lasts."""
    here = float(wave[at])
    share = float(rng.uniform(0.08, 0.4)) * float(rng.choice([-1.0, 1.0]))
    if kind == "step":  # another part of the electrode touches: for good
        wave[at:] += share * here
        return 1
    if kind == "drop":
        length = int(rng.integers(2, 16))
        wave[at : at + length] *= rng.uniform(0.0, 0.4)
        return length
    if kind == "spike":
        wave[at : at + int(rng.integers(1, 3))] += share * here
        return 2
    length = int(rng.integers(8, 32))  # pressed within half a second, let go as fast
    envelope = np.minimum(1.0, np.minimum(np.arange(1, length + 1), np.arange(length, 0, -1)) / 2.0)
    wave[at : at + length] += share * here * envelope
    return length
