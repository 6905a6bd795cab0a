"""Two devices on one simulated body: the same pulse, each with its own trouble; for tests and benches of fusion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from somatone.records import NativeChunk
from somatone.sources.simulated_body import CLEAN, SimulatedBody

Wave = NDArray[np.float64]
CHUNK = 16  # a quarter of a second at 64 Hz
PULSE = 5000.0  # counts of one pulse height in the simulated body's bvp


@dataclass(frozen=True, slots=True)
class TwoDevices:
    """Two pulses (64 Hz, counts), conductance of both devices (4 Hz, pS), and when the beats really were."""

    first: list[int]
    second: list[int]
    first_eda: list[int]
    second_eda: list[int]
    beats_s: tuple[float, ...]
    lag_s: float


def contact_loss(seed: int, seconds: int = 120, lag_s: float = 0.11) -> TwoDevices:
    """The first device loses contact three times for 4 to 8 s, the second is noisy throughout."""
    rng = np.random.default_rng([seed, 1])
    body = SimulatedBody(seed, replace(CLEAN, heart_bpm=float(rng.uniform(55, 100))))
    wave = np.array(body.bvp_64hz(seconds), float)
    first, eda = wave + rng.normal(0, 0.05 * PULSE, len(wave)), np.full(seconds * 4, 2_000_000)
    for part in range(3):
        start = int(rng.uniform(20 + part * 30, 40 + part * 30))
        length = int(rng.integers(4, 9))
        first[start * 64 : (start + length) * 64] = rng.normal(0, 0.4 * PULSE, length * 64)
        eda[start * 4 : (start + length) * 4] = 3_000
    second = _bursts(_shifted(wave, lag_s), rng, share=0.25, gain=1.0) + rng.normal(0, 0.12 * PULSE, len(wave))
    return _pack(body, first, second, eda, seconds, lag_s)


def moderate_motion(seed: int, seconds: int = 120, lag_s: float = 0.11) -> TwoDevices:
    """Both devices carry artefacts of their own over a share of the time."""
    rng = np.random.default_rng([seed, 2])
    body = SimulatedBody(seed, replace(CLEAN, heart_bpm=float(rng.uniform(55, 100))))
    wave = np.array(body.bvp_64hz(seconds), float)
    first = _bursts(wave, rng, share=0.4, gain=2.0)
    second = _bursts(_shifted(wave, lag_s), rng, share=0.3, gain=1.5)
    return _pack(body, first, second, np.full(seconds * 4, 2_000_000), seconds, lag_s)


def _shifted(wave: Wave, lag_s: float) -> Wave:
    return np.roll(wave, round(lag_s * 64))


def _bursts(wave: Wave, rng: np.random.Generator, share: float, gain: float) -> Wave:
    """Swinging arms: bursts of 3 to 8 s, 0.7 to 3 Hz, over `share` of the time, `gain` pulse heights."""
    out = wave.copy()
    t_s = np.arange(len(wave)) / 64
    covered = 0.0
    while covered < share * t_s[-1]:
        start_s, length_s = rng.uniform(10, t_s[-1] - 8), rng.uniform(3, 8)
        inside = (t_s >= start_s) & (t_s < start_s + length_s)
        hz, phase = rng.uniform(0.7, 3.0), rng.uniform(0, 6.28)
        envelope = np.sin(np.pi * (t_s - start_s) / length_s)
        swing = np.sin(2 * np.pi * hz * t_s + phase) + 0.5 * rng.normal(0, 1, len(wave))
        out[inside] += (gain * PULSE * envelope * swing)[inside]
        covered += length_s
    return out


def _pack(body: SimulatedBody, first: Wave, second: Wave, eda: Wave, seconds: int, lag_s: float) -> TwoDevices:
    def counts(wave: Wave) -> list[int]:
        return [int(v) for v in np.clip(wave, -131_071, 131_071)]

    steady = [2_000_000] * (seconds * 4)
    return TwoDevices(counts(first), counts(second), [int(v) for v in eda], steady, body.truth.beats_s, lag_s)


def chunks(pair: TwoDevices, *, which: str = "both") -> Iterator[NativeChunk]:
    """Both devices' chunks in order of time; `which` "first" or "second" gives one alone."""
    for k in range(len(pair.first) // CHUNK):
        for name, bvp, eda in (("e4", pair.first, pair.first_eda), ("board", pair.second, pair.second_eda)):
            if which != "both" and which != {"e4": "first", "board": "second"}[name]:
                continue
            at_us = k * 250_000
            end_s = (k + 1) * 0.25
            yield NativeChunk("body", "eda", name, "e4.eda_picosiemens", k, (eda[k],), end_s, 1, at_us)
            samples = tuple(bvp[k * CHUNK : (k + 1) * CHUNK])
            yield NativeChunk("body", "bvp", name, "e4.bvp_hundredths", k * CHUNK, samples, end_s, 1, at_us)


Scenario = Callable[[int], TwoDevices]


def f1(found_s: list[float], truth_s: tuple[float, ...], tolerance_s: float = 0.15, after_s: float = 12.0) -> float:
    """Harmonic mean of precision and recall, each beat matched once; the first seconds are for settling."""
    truth = [t for t in truth_s if t >= after_s]
    found = [t for t in found_s if t >= after_s - tolerance_s]
    matched, k = 0, 0
    for t in truth:
        while k < len(found) and found[k] < t - tolerance_s:
            k += 1
        if k < len(found) and found[k] <= t + tolerance_s:
            matched += 1
            k += 1
    return 2 * matched / (len(truth) + len([t for t in found if t >= after_s])) if truth else 0.0
