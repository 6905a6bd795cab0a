"""Recordings with known truth: gasps, keystrokes, cries, tones and swells over a drifting room, by a seeded script.

Where a gesture begins is a matter of definition once it rises slowly out of noise. Here its onset is the first moment
at which its own level (5 ms) is within 30 dB of its own peak and no more than 6 dB under the room's level: computed
from the clean gesture and the clean room, before they are mixed, and never from what a detector says. The physical
first sample is kept beside it, so that a score against it can be stated too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

RATE_HZ = 48_000
BLOCK_S = 20.0
AUDIBLE_OF_PEAK_DB = 30.0
AUDIBLE_UNDER_ROOM_DB = 6.0

Sound = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Truth:
    """One gesture: its kind, when it is first audible, when its first sample is, when it has ended (seconds)."""

    kind: str
    onset_s: float
    first_s: float
    end_s: float


def make_recording(path: Path, seed: int, length_s: float, rate_hz: int = RATE_HZ) -> list[Truth]:
    """Write one recording (16 bit; the kind of file by its suffix) block by block, and return what is in it."""
    random = np.random.default_rng(seed)
    room_db = float(random.uniform(-62, -46))
    plan = _Plan(random, room_db, rate_hz)
    truth: list[Truth] = []
    with soundfile.SoundFile(path, "w", rate_hz, 1, "PCM_16") as file:
        tail: Sound = np.zeros(0)
        for start in range(0, int(length_s * rate_hz), int(BLOCK_S * rate_hz)):
            frames = min(int(BLOCK_S * rate_hz), int(length_s * rate_hz) - start)
            sound = np.zeros(frames + 12 * rate_hz)
            sound[: len(tail)] += tail
            last = start + frames - 2 * rate_hz if start + frames >= int(length_s * rate_hz) else start + frames
            for at, clean, kind in plan.until(last):
                sound[at - start : at - start + len(clean)] += clean
                truth.append(_truth(kind, at, clean, room_db, rate_hz))
            room = _room(random, frames, room_db, start, rate_hz)
            file.write(np.clip(sound[:frames] + room, -1, 1))
            tail = sound[frames:]
    return [item for item in truth if item.first_s < length_s - 1]


class _Plan:
    """What comes when: mostly after the one before has ended, now and then into its tail; keystrokes in bursts."""

    def __init__(self, random: np.random.Generator, room_db: float, rate_hz: int) -> None:
        self._random, self._room_db, self._rate_hz = random, room_db, rate_hz
        self._next = int(1.5 * rate_hz)
        self._burst = 0

    def until(self, end: int) -> Iterator[tuple[int, Sound, str]]:
        random, rate_hz = self._random, self._rate_hz
        while self._next < end:
            at = self._next
            if self._burst:
                kind = "keystroke"
                self._burst -= 1
            else:
                kind = str(random.choice(list(KINDS)))
                self._burst = int(random.integers(2, 9)) if kind == "keystroke" else 0
            clean = KINDS[kind](random, rate_hz)
            peak_db = random.uniform(max(self._room_db + 22, -34), -5)
            clean *= 10 ** (peak_db / 20) / float(np.abs(clean).max())
            yield at, clean, kind
            length = len(clean)
            if self._burst:
                step = random.uniform(0.1, 0.28) * rate_hz
            elif random.random() < 0.2:
                step = max(random.uniform(0.6, 0.95) * length, 0.15 * rate_hz)
            else:
                step = length + (random.uniform(0.1, 1.2) if random.random() < 0.9 else random.uniform(2, 9)) * rate_hz
            self._next = at + int(step)


def _truth(kind: str, at: int, clean: Sound, room_db: float, rate_hz: int) -> Truth:
    width = int(0.005 * rate_hz)
    power = np.convolve(np.square(clean), np.ones(width) / width)[: len(clean)]
    level_db = 10 * np.log10(power + 1e-15)
    least_db = max(float(level_db.max()) - AUDIBLE_OF_PEAK_DB, room_db - AUDIBLE_UNDER_ROOM_DB)
    heard = np.flatnonzero(level_db >= least_db)
    first, last = (int(heard[0]), int(heard[-1])) if len(heard) else (0, len(clean))
    return Truth(kind, (at + first) / rate_hz, at / rate_hz, (at + last) / rate_hz)


def _room(random: np.random.Generator, frames: int, room_db: float, start: int, rate_hz: int) -> Sound:
    """Pink noise that drifts by some decibels, and the mains behind it."""
    white = random.standard_normal(frames)
    pink = _shape(white, rate_hz, lambda hz: 1 / np.sqrt(np.maximum(hz, 30)))
    time = (start + np.arange(frames)) / rate_hz
    drift_db = 2.5 * np.sin(2 * np.pi * time / 41) + 1.0 * np.sin(2 * np.pi * time / 7.3)
    hum = 0.4 * np.sin(2 * np.pi * 50 * time) + 0.15 * np.sin(2 * np.pi * 150 * time)
    sound: Sound = (pink / float(np.std(pink)) * 10 ** (drift_db / 20) + hum) * 10 ** (room_db / 20)
    return sound


def _shape(sound: Sound, rate_hz: int, gain: Callable[[Sound], Sound]) -> Sound:
    hz = np.asarray(np.fft.rfftfreq(len(sound), 1 / rate_hz), np.float64)
    return np.asarray(np.fft.irfft(np.fft.rfft(sound) * gain(hz), len(sound)), np.float64)


def _envelope(length: int, rise: float, bend: float = 1.0) -> Sound:
    """Half a cosine up over the share `rise`, half a cosine down over the rest."""
    where = np.linspace(0, 1, length)
    up, down = np.clip(where / rise, 0, 1), np.clip((where - rise) / (1 - rise), 0, 1)
    shape: Sound = (np.sin(up * np.pi / 2) ** 2 * np.cos(down * np.pi / 2) ** 2) ** bend
    return shape


def _band(random: np.random.Generator, length: int, rate_hz: int, centre_hz: float, octaves: float) -> Sound:
    white = random.standard_normal(length)
    return _shape(white, rate_hz, lambda hz: np.exp(-((np.log2(np.maximum(hz, 1) / centre_hz) / octaves) ** 2)))


def _gasp(random: np.random.Generator, rate_hz: int) -> Sound:
    length = int(random.uniform(0.2, 0.7) * rate_hz)
    return _band(random, length, rate_hz, random.uniform(700, 3500), 0.8) * _envelope(
        length, random.uniform(0.15, 0.8), 1.2
    )


def _keystroke(random: np.random.Generator, rate_hz: int) -> Sound:
    time = np.arange(int(0.09 * rate_hz)) / rate_hz
    snap = random.standard_normal(len(time)) * np.exp(-time / 0.002)
    body = np.sin(2 * np.pi * random.uniform(180, 520) * time) * np.exp(-time / 0.012)
    sound: Sound = snap + 0.8 * body
    return sound


def _cry(random: np.random.Generator, rate_hz: int) -> Sound:
    length = int(random.uniform(0.35, 1.6) * rate_hz)
    time = np.arange(length) / rate_hz
    bow = np.sin(np.pi * time / time[-1])
    pitch_hz = random.uniform(180, 520) * (1 + random.uniform(-0.1, 0.5) * bow + 0.012 * np.sin(35 * time))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / rate_hz
    voiced = sum(np.sin(k * phase) / k**1.2 for k in range(1, 12))
    air = 0.08 * random.standard_normal(length)
    return np.asarray((voiced + air) * _envelope(length, random.uniform(0.05, 0.25)))


def _tone(random: np.random.Generator, rate_hz: int) -> Sound:
    length = int(random.uniform(0.4, 1.8) * rate_hz)
    time = np.arange(length) / rate_hz
    base_hz = random.uniform(120, 1500)
    sound = sum(
        random.uniform(0.3, 1.0) / (k + 1) * np.sin(2 * np.pi * base_hz * ratio * time) * np.exp(-time * (2 + 2 * k))
        for k, ratio in enumerate((1.0, 2.0, 2.76, 4.1))
    )
    return np.asarray(sound * np.clip(time / random.uniform(0.003, 0.03), 0, 1) * np.linspace(1, 0, length))


def _swell(random: np.random.Generator, rate_hz: int) -> Sound:
    length = int(random.uniform(0.9, 2.6) * rate_hz)
    time = np.arange(length) / rate_hz
    air = _band(random, length, rate_hz, random.uniform(300, 2500), 0.7)
    base_hz = random.uniform(90, 300)
    chord = sum(np.sin(2 * np.pi * base_hz * ratio * time) for ratio in (1.0, 1.5, 2.02))
    mix = random.random()
    sound = mix * air / float(np.std(air)) + (1 - mix) * chord
    return np.asarray(sound * _envelope(length, random.uniform(0.4, 0.7)))


KINDS: dict[str, Callable[[np.random.Generator, int], Sound]] = {
    "gasp": _gasp,
    "keystroke": _keystroke,
    "cry": _cry,
    "tone": _tone,
    "swell": _swell,
}


def matched(truth: list[float], found: list[float], tolerance_s: float = 0.05) -> int:
    """How many of `truth` have a partner in `found` within the tolerance, each used once (both ascending)."""
    pairs = i = k = 0
    while i < len(truth) and k < len(found):
        if abs(truth[i] - found[k]) <= tolerance_s:
            pairs, i, k = pairs + 1, i + 1, k + 1
        elif truth[i] < found[k]:
            i += 1
        else:
            k += 1
    return pairs


def f1(pairs: int, truth: int, found: int) -> float:
    return 2 * pairs / (truth + found) if truth + found else 1.0
