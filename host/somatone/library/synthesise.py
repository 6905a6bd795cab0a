"""Makes the embedded audio library: six recordings in the spirit of `correlations`, computed by this file alone.

Breath, gasps, a murmuring voice, a keyboard, a distant crowd, struck metal. Mono, 48 kHz, 16 bit, 7 to 12 s, no DC,
each joined end to start so that a grain window may lie anywhere. Seeded: the same numpy gives the same samples.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from somatone.errors import SomatoneError

RATE_HZ = 48_000
VERSION = 1  # raise it when a recipe changes: folders of another version are made again
PEAK = 0.8
LOUDNESS = 0.6
JOIN_S = 0.25
STAMP = "library.json"

Sound = npt.NDArray[np.float64]
Recipe = Callable[[np.random.Generator], Sound]


def ensure_library(folder: Path, progress: Callable[[float, str], None] | None = None) -> Mapping[str, Path]:
    """The recordings by name, in a fixed order; made on first use, only verified afterwards (names and sizes).

    `progress` is called with 0..1 and the name being made. A folder that was left half made is completed. Raises
    SomatoneError when the folder cannot be written.
    """
    if _is_whole(folder):
        return _paths(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sizes = {}
        for done, (name, recipe) in enumerate(RECIPES.items()):
            if progress:
                progress(done / len(RECIPES), name)
            sizes[name] = _write(folder / f"{name}.wav", synthesise(name, recipe))
        _replace(folder / STAMP, json.dumps({"version": VERSION, "bytes": sizes}).encode())
    except OSError as error:
        raise SomatoneError(f"The audio library cannot be written to {folder}: {error.strerror or error}.") from None
    if progress:
        progress(1.0, "")
    return _paths(folder)


def synthesise(name: str, recipe: Recipe | None = None) -> Sound:
    """The recording `name`, normalised to PEAK, joined end to start."""
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]))
    sound = (recipe or RECIPES[name])(random)
    overlap = int(JOIN_S * RATE_HZ)
    fade = np.sqrt(np.linspace(0.0, 1.0, overlap))
    sound[:overlap] = sound[:overlap] * fade + sound[-overlap:] * fade[::-1]
    sound = sound[:-overlap]
    # Few loud clicks would leave the rest unheard: half the way to one loudness, with rounded peaks.
    sound = np.tanh(sound * math.sqrt(LOUDNESS / float(np.std(sound) * np.abs(sound).max())))
    sound -= sound.mean()
    sound *= PEAK / float(np.abs(sound).max())
    return sound


def _breath(random: np.random.Generator) -> Sound:
    """Two slow breaths: in higher and shorter, out lower and longer."""
    sound = np.zeros(int(8.5 * RATE_HZ))
    in_s, out_s = (1.6, 1500, 0.7), (2.4, 750, 1.0)
    for start_s, (length_s, centre_hz, loud) in ((0.0, in_s), (1.7, out_s), (4.2, in_s), (5.9, out_s)):
        air = _band(random.standard_normal(int(length_s * RATE_HZ)), centre_hz, 0.9)
        throat = _band(random.standard_normal(len(air)), centre_hz * 2.7, 0.4)
        _add(sound, start_s, (air + 0.35 * throat) * _hump(len(air), 0.35) * loud)
    return sound + 0.012 * _pink(random, len(sound))


def _gasps(random: np.random.Generator) -> Sound:
    """Short catches of breath, some with a voiced edge that rises, at uneven distances."""
    sound = 0.003 * _pink(random, int(8.0 * RATE_HZ))
    at_s = 0.2
    while at_s < 7.2:
        length = int(random.uniform(0.18, 0.5) * RATE_HZ)
        time = np.arange(length) / RATE_HZ
        shape = _hump(length, random.uniform(0.55, 0.85)) ** 1.5
        air = _band(random.standard_normal(length), random.uniform(1400, 3200), 0.7)
        pitch_hz = random.uniform(190, 340) * (1 + 0.9 * time)
        voiced = _formants(_buzz(pitch_hz), ((650, 5), (1250, 7), (2700, 8)))
        _add(sound, at_s, shape * (air + random.uniform(0.0, 1.3) * voiced) * random.uniform(0.5, 1.0))
        at_s += length / RATE_HZ + random.uniform(0.15, 0.8)
    return sound


def _murmur(random: np.random.Generator) -> Sound:
    """A voice in the next room: syllables, a drifting pitch, vowels, but no words."""
    sound = 0.002 * _pink(random, int(12.0 * RATE_HZ))
    vowels = (
        (730, 1090, 2440),
        (530, 1840, 2480),
        (300, 870, 2240),
        (270, 2290, 3010),
        (570, 840, 2410),
        (440, 1020, 2240),
    )
    at_s, pitch_hz = 0.1, 118.0
    while at_s < 11.4:
        length = int(random.uniform(0.12, 0.34) * RATE_HZ)
        time = np.arange(length) / RATE_HZ
        pitch_hz = float(np.clip(pitch_hz * random.uniform(0.9, 1.1), 90, 165))
        glide = pitch_hz * (1 + random.uniform(-0.25, 0.15) * time) * (1 + 0.008 * np.sin(34 * time))
        vowel = vowels[random.integers(len(vowels))]
        voiced = _formants(_buzz(glide), tuple((hz, 9.0) for hz in vowel))
        lips = 0.12 * _band(random.standard_normal(length), random.uniform(2500, 5500), 0.5)
        _add(sound, at_s, _hump(length, 0.25) * (voiced + lips * (random.random() < 0.4)) * random.uniform(0.5, 1.0))
        at_s += length / RATE_HZ * 0.85 + (random.uniform(0.25, 0.6) if random.random() < 0.18 else 0.02)
    return _low(sound, 3800)


def _keyboard(random: np.random.Generator) -> Sound:
    """Typing: each key goes down and comes up, in bursts, the space bar duller."""
    sound = 0.0015 * _pink(random, int(8.0 * RATE_HZ))
    at_s = 0.1
    while at_s < 7.6:
        dull = random.random() < 0.15
        for delay_s, loud in ((0.0, 1.0), (random.uniform(0.06, 0.11), 0.45)):
            time = np.arange(int(0.06 * RATE_HZ)) / RATE_HZ
            snap = random.standard_normal(len(time)) * np.exp(-time / 0.0016)
            case_hz = (210 if dull else 480) * random.uniform(0.85, 1.2)
            body = np.sin(2 * np.pi * case_hz * time) * np.exp(-time / (0.018 if dull else 0.007))
            top = np.sin(2 * np.pi * random.uniform(2300, 4200) * time) * np.exp(-time / 0.004)
            _add(sound, at_s + delay_s, loud * random.uniform(0.5, 1.0) * (snap + 0.8 * body + 0.4 * top))
        at_s += random.uniform(0.07, 0.22) if random.random() < 0.86 else random.uniform(0.4, 0.9)
    return sound


def _crowd(random: np.random.Generator) -> Sound:
    """A protest some streets away: rumble, many voices as one, a chant that comes round, a whistle once."""
    length = int(12.0 * RATE_HZ)
    time = np.arange(length) / RATE_HZ
    rumble = _low(random.standard_normal(length), 110) * 5.0
    voices = np.zeros(length)
    for _ in range(14):
        pitch_hz = random.uniform(105, 290) * (
            1 + 0.06 * np.sin(2 * np.pi * (random.uniform(0.2, 0.7) * time + random.random()))
        )
        chant = np.clip(np.sin(2 * np.pi * (1.0 * time + random.normal(0, 0.06))) + 0.35, 0, 1) ** 0.7
        voices += _formants(_buzz(pitch_hz), ((random.uniform(500, 800), 4), (random.uniform(1000, 1500), 5))) * chant
    sound = rumble / np.std(rumble) + 1.3 * voices / np.std(voices) + 0.5 * _low(_pink(random, length), 900)
    whistle = np.sin(2 * np.pi * np.cumsum(2350 + 160 * np.sin(2 * np.pi * 11 * time)) / RATE_HZ)
    sound += 0.5 * whistle * np.exp(-(((time - 7.3) / 0.25) ** 2))
    return _low(sound, 2400)


def _metal(random: np.random.Generator) -> Sound:
    """Struck metal left to ring: inharmonic partials, the high ones dying first."""
    sound = np.zeros(int(11.0 * RATE_HZ))
    ratios = np.array([1.0, 1.51, 2.32, 2.76, 3.41, 4.12, 5.43, 6.71, 8.9, 11.3])
    for at_s, base_hz, loud in (
        (0.1, 212, 1.0),
        (2.3, 297, 0.6),
        (3.1, 168, 0.8),
        (5.6, 251, 0.9),
        (7.4, 133, 0.7),
        (8.2, 389, 0.4),
    ):
        time = np.arange(int(3.2 * RATE_HZ)) / RATE_HZ
        struck = random.standard_normal(len(time)) * np.exp(-time / 0.003) * 0.5
        for ratio in ratios:
            hz = base_hz * ratio * random.uniform(0.995, 1.005)
            beat = 1 + 0.3 * np.sin(2 * np.pi * random.uniform(0.7, 4.0) * time)
            struck += (
                np.sin(2 * np.pi * hz * time + random.uniform(0, 6.3))
                * np.exp(-time * (0.9 + hz / 900))
                * beat
                / ratio**0.6
            )
        _add(sound, at_s, loud * struck * np.linspace(1, 0, len(time)))
    return sound


RECIPES: Mapping[str, Recipe] = {
    "breath": _breath,
    "gasps": _gasps,
    "murmur": _murmur,
    "keyboard": _keyboard,
    "crowd": _crowd,
    "metal": _metal,
}


def _add(sound: Sound, at_s: float, event: Sound) -> None:
    start = int(at_s * RATE_HZ)
    room = max(0, len(sound) - start)
    sound[start : start + len(event)] += event[:room]


def _hump(length: int, top: float) -> Sound:
    """Rises to 1 at the share `top` of its length, and falls again; both as half a cosine."""
    where = np.linspace(0.0, 1.0, length)
    rise, fall = np.clip(where / top, 0, 1), np.clip((where - top) / (1 - top), 0, 1)
    shape: Sound = np.sin(rise * np.pi / 2) ** 2 * np.cos(fall * np.pi / 2) ** 2
    return shape


def _spectrum(sound: Sound, gain: Callable[[Sound], Sound]) -> Sound:
    hz = np.asarray(np.fft.rfftfreq(len(sound), 1 / RATE_HZ), np.float64)
    spectrum = np.fft.rfft(sound) * gain(hz)
    return np.asarray(np.fft.irfft(spectrum, len(sound)), np.float64)


def _low(sound: Sound, edge_hz: float) -> Sound:
    return _spectrum(sound, lambda hz: np.reciprocal(1 + (hz / edge_hz) ** 4))


def _band(sound: Sound, centre_hz: float, octaves: float) -> Sound:
    shaped = _spectrum(sound, lambda hz: np.exp(-((np.log2(np.maximum(hz, 1) / centre_hz) / octaves) ** 2)))
    return shaped * (0.3 / max(float(np.std(shaped)), 1e-12))


def _pink(random: np.random.Generator, length: int) -> Sound:
    shaped = _spectrum(random.standard_normal(length), lambda hz: 1 / np.sqrt(np.maximum(hz, 20)))
    return shaped / float(np.std(shaped))


def _buzz(pitch_hz: Sound) -> Sound:
    """What the vocal folds give: a pulse train of the moving pitch, without aliasing worth hearing."""
    phase = np.cumsum(pitch_hz) / RATE_HZ
    return np.exp(8.0 * (np.cos(2 * np.pi * phase) - 1)) - 0.2


def _formants(buzz: Sound, peaks: tuple[tuple[float, float], ...]) -> Sound:
    def gain(hz: Sound) -> Sound:
        total = np.zeros_like(hz)
        for rank, (peak_hz, sharp) in enumerate(peaks):
            total += 0.75**rank / np.sqrt(1 + (sharp * (hz / peak_hz - peak_hz / np.maximum(hz, 1))) ** 2)
        return total

    shaped = _spectrum(buzz - buzz.mean(), gain)
    return shaped * (0.3 / max(float(np.std(shaped)), 1e-12))


def _paths(folder: Path) -> Mapping[str, Path]:
    return {name: folder / f"{name}.wav" for name in RECIPES}


def _is_whole(folder: Path) -> bool:
    try:
        stamp = json.loads((folder / STAMP).read_bytes())
        sizes = stamp["bytes"] if stamp["version"] == VERSION else {}
        return all(path.stat().st_size == sizes.get(name) for name, path in _paths(folder).items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _write(path: Path, sound: Sound) -> int:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    soundfile.write(part, sound, RATE_HZ, subtype="PCM_16", format="WAV")
    size = part.stat().st_size
    part.replace(path)
    return size


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
