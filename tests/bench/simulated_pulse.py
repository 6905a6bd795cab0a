"""A pulse at the wrist with exact truth: shapes with a dicrotic wave, a living rhythm, and trouble of several kinds.

Written for the benches of the pulse rule; it shares nothing with the simulated wearer that the project ships, so that
a rule cannot look good on its own demonstration. The wave is a function of time: it can be sampled at any rate.
Heights are in units of one usual pulse, `counts` makes them into an E4's hundredths.

Surprise: the truth is the systolic peak of each pulse as it would stand alone, to a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PULSE_COUNTS = 4000.0  # 40 E4 units: a usual wrist
REACH_S = 1.4  # a pulse is over after this


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a recording. Heights in pulses, shares of the time, dB of pulse power over noise power."""

    noise_db: float = 30.0
    wander: float = 0.3
    amplitude_spread: float = 0.05
    motion_share: float = 0.0
    motion_gain: float = 0.0
    ramp_bpm: float = 0.0  # the rate climbs by this much over the recording
    cadence_lock: bool = False  # the motion is regular, as of walking


SCENARIOS = {
    "clean": Trouble(),
    "noisy": Trouble(noise_db=12.0, wander=1.0),
    "low perfusion": Trouble(noise_db=6.0, wander=0.6, amplitude_spread=0.3),
    "motion light": Trouble(noise_db=20.0, motion_share=0.2, motion_gain=1.0),
    "motion mid": Trouble(noise_db=20.0, motion_share=0.4, motion_gain=2.0),
    "motion strong": Trouble(noise_db=20.0, motion_share=0.7, motion_gain=3.0),
    "rate climbing, motion light": Trouble(noise_db=20.0, motion_share=0.2, motion_gain=1.0, ramp_bpm=50.0),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """One person's pulse: rise, fall, then shoulder and dicrotic wave (height, delay, width) at 0.8 s intervals."""

    rise_s: float
    fall_s: float
    lobes: tuple[tuple[float, float, float], ...]

    def at(self, since_s: Floats, stretch: float) -> Floats:
        """The wave `since_s` after the systolic crest, slower by `stretch`."""
        t = since_s / stretch
        wave: Floats = np.exp(-0.5 * (t / np.where(t < 0, self.rise_s, self.fall_s)) ** 2)
        for height, delay_s, width_s in self.lobes:
            wave = wave + height * np.exp(-0.5 * ((t - delay_s) / width_s) ** 2)
        return wave

    def peak_s(self, stretch: float) -> float:
        """When the pulse standing alone is highest: the lobes pull the crest a little."""
        t = np.arange(-0.1, 0.2, 0.001)
        return float(t[np.argmax(self.at(t, stretch))])


@dataclass
class Pulse:
    """One person for `seconds`: beats, wave, motion. The same seed gives the same person and the same trouble."""

    seed: int
    bpm: float
    trouble: Trouble
    seconds: int = 120
    peaks_s: list[float] = field(default_factory=list)
    bursts_s: list[tuple[float, float, float]] = field(default_factory=list)  # start, end, frequency (0: steps)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, 77])
        self._shape = _shape(rng)
        self._phases = rng.uniform(0, 2 * np.pi, 8)
        self._breath_hz = float(rng.uniform(0.18, 0.32))
        self._beats = self._rhythm(rng)
        self._motion = self._bursts(np.random.default_rng([self.seed, 78]))
        self.peaks_s = [at_s + self._shape.peak_s(stretch) for at_s, _, stretch in self._beats]

    def _rhythm(self, rng: np.random.Generator) -> list[tuple[float, float, float]]:
        """Crest (s), height and stretch of each beat: respiratory, 0.1 Hz and random variation of rate and height."""
        beats, at_s = [], float(rng.uniform(-1.0, 0.0))
        while at_s < self.seconds + 1:
            breath = np.sin(2 * np.pi * self._breath_hz * at_s + self._phases[0])
            slow = np.sin(2 * np.pi * 0.1 * at_s + self._phases[1])
            drift = np.sin(2 * np.pi * at_s / 97 + self._phases[2])
            rate = self.bpm + self.trouble.ramp_bpm * at_s / self.seconds
            rate *= 1 + 0.04 * breath + 0.025 * slow + 0.04 * drift + 0.012 * rng.standard_normal()
            spread = self.trouble.amplitude_spread
            height = (1 + 0.06 * breath) * float(rng.uniform(1 - spread, 1 + spread))
            beats.append((at_s, height, (60 / rate / 0.8) ** 0.5))
            at_s += 60 / rate
        return beats

    def _bursts(self, rng: np.random.Generator) -> list[Callable[[Floats], Floats]]:
        motions, covered = [], 0.0
        trouble, cadence = self.trouble, float(rng.uniform(1.5, 2.6))
        while covered < trouble.motion_share * self.seconds:
            start_s, length_s = float(rng.uniform(4, self.seconds - 4)), float(rng.uniform(3, 9))
            if trouble.cadence_lock:
                length_s = float(rng.uniform(20, 40))
            new_s = _uncovered(self.bursts_s, start_s, start_s + length_s)
            steps = not trouble.cadence_lock and rng.random() < 0.4
            hz = 0.0 if steps else cadence if trouble.cadence_lock else float(rng.uniform(0.8, 3.0))
            burst = _steps(rng, start_s, length_s) if steps else _swing(rng, start_s, length_s, hz)
            motions.append(burst)
            self.bursts_s.append((start_s, start_s + length_s, hz))
            covered += min(new_s, max(self.seconds - start_s, 0))
        return motions

    def wave(self, rate_hz: float) -> Floats:
        """The whole recording sampled at `rate_hz`, in pulses."""
        t = np.arange(int(self.seconds * rate_hz)) / rate_hz
        wave = np.zeros_like(t)
        for at_s, height, stretch in self._beats:
            first, last = np.searchsorted(t, (at_s - 0.5, at_s + REACH_S))
            wave[first:last] += height * self._shape.at(t[first:last] - at_s, stretch)
        pulse_power = float(np.var(wave))
        trouble, phases = self.trouble, self._phases
        for k, hz in enumerate((0.05, self._breath_hz, 0.37)):
            wave += trouble.wander * (0.5, 0.35, 0.15)[k] * np.sin(2 * np.pi * hz * t + phases[3 + k])
        for motion in self._motion:
            wave += trouble.motion_gain * motion(t)
        rng = np.random.default_rng([self.seed, 79])
        return wave + rng.normal(0, (pulse_power / 10 ** (trouble.noise_db / 10)) ** 0.5, len(t))

    def counts(self, rate_hz: float = 64.0) -> list[int]:
        """The recording in hundredths of an E4 count."""
        return [int(v) for v in np.clip(np.round(self.wave(rate_hz) * PULSE_COUNTS), -131_071, 131_071)]

    def acc_64th_g(self) -> list[tuple[int, int, int]]:
        """32 Hz acceleration of the same motion: a resting arm, and swings, strong and weak, where the bursts are."""
        rng = np.random.default_rng([self.seed, 80])
        t = np.arange(self.seconds * 32) / 32
        axes = np.array([[20.0], [-30.0], [52.0]]) + rng.normal(0, 0.4, (3, len(t)))
        for start_s, end_s, hz in self.bursts_s:
            inside = (t >= start_s) & (t < end_s)
            swing = np.sin(2 * np.pi * hz * t) + 0.4 * np.sin(4 * np.pi * hz * t) if hz else rng.normal(0, 0.6, len(t))
            axes[:, inside] += (rng.uniform(0.5, 1.6) * np.array([[22.0], [14.0], [9.0]]) * swing)[:, inside]
        return [(int(x), int(y), int(z)) for x, y, z in np.round(axes.T)]


def _shape(rng: np.random.Generator) -> Shape:
    """A finger has a clear dicrotic wave, a wrist often only a shoulder: both occur."""
    dicrotic = (float(rng.uniform(0.1, 0.42)), float(rng.uniform(0.29, 0.38)), float(rng.uniform(0.05, 0.09)))
    shoulder = (float(rng.uniform(0.1, 0.4)), float(rng.uniform(0.13, 0.2)), float(rng.uniform(0.06, 0.1)))
    return Shape(float(rng.uniform(0.055, 0.085)), float(rng.uniform(0.08, 0.12)), (shoulder, dicrotic))


def _uncovered(bursts_s: list[tuple[float, float, float]], start_s: float, end_s: float) -> float:
    """Seconds from start to end that no burst covers yet."""
    grid = np.arange(start_s, end_s, 0.05)
    free = np.ones(len(grid), bool)
    for first_s, last_s, _ in bursts_s:
        free &= (grid < first_s) | (grid >= last_s)
    return float(free.sum()) * 0.05


def _swing(rng: np.random.Generator, start_s: float, length_s: float, hz: float) -> Callable[[Floats], Floats]:
    """Cadence: an oscillation with its second harmonic, whose phase wanders and whose height swells."""
    phase, second, wobble = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.6), rng.uniform(0.1, 0.5)

    def motion(t: Floats) -> Floats:
        at = 2 * np.pi * hz * t + phase + wobble * np.sin(2 * np.pi * 0.3 * t + phase)
        return _inside(t, start_s, length_s) * (0.5 * np.sin(at) + 0.5 * second * np.sin(2 * at + phase))

    return motion


def _steps(rng: np.random.Generator, start_s: float, length_s: float) -> Callable[[Floats], Floats]:
    """The sensor shifts on the skin: levels that change now and then within a tenth of a second."""
    count = max(2, int(length_s * 1.6))
    at_s = np.sort(rng.uniform(start_s, start_s + length_s, count))
    jumps = np.diff(rng.uniform(-0.7, 0.7, count), prepend=0.0)

    def motion(t: Floats) -> Floats:
        level = np.zeros_like(t)
        for moment, jump in zip(at_s, jumps, strict=True):
            level += jump / (1 + np.exp(-np.clip((t - moment) / 0.03, -50, 50)))
        return _inside(t, start_s, length_s) * level

    return motion


def _inside(t: Floats, start_s: float, length_s: float) -> Floats:
    """1 within the burst, with soft ends of a quarter second."""
    rise, fall = (t - start_s) / 0.25, (start_s + length_s - t) / 0.25
    return np.clip(np.minimum(rise, fall), 0.0, 1.0)


def people(scenario: str, seeds: range, seconds: int = 120) -> list[Pulse]:
    """One person a seed, their resting rates spread evenly over 52 .. 130 bpm."""
    trouble = SCENARIOS[scenario]
    low, high = (52.0, 130.0 - trouble.ramp_bpm) if trouble.ramp_bpm else (52.0, 130.0)
    rates = np.linspace(low, high, len(seeds))
    return [Pulse(seed, float(bpm), trouble, seconds) for seed, bpm in zip(seeds, rates, strict=True)]


def walker(seed: int, bpm: float, seconds: int) -> Pulse:
    """Somebody who sits, then walks, then sits: the pulse locks to the step again and again."""
    return Pulse(seed, bpm, replace(SCENARIOS["noisy"], motion_share=0.5, motion_gain=2.5, cadence_lock=True), seconds)
