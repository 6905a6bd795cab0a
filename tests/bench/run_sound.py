"""What is measured of the sound of a training run, second by second: how noisy, how bright and how dense it is.

None of it knows how the sound was made, so it is measured alike of one voice and of all that is heard. Windows are two
seconds long, one second apart; spectra are A-weighted (IEC 61672-1), because what is below hearing is not audible.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.ndimage import median_filter

from bench.descriptors import RATE_HZ, Sound

WINDOW, HOP = 2 * RATE_HZ, RATE_HZ
LINE_HZ = 60.0  # as wide as the neighbourhood in which a line stands out
LOWEST_HZ, HIGHEST_HZ = 25.0, 16_000.0
FLUX_FRAME, FLUX_HOP = 512, 240
RISE = 1.8  # of the usual flux: an onset
SILENT = 1e-6


def run_sound(sound: Sound) -> dict[str, Sound]:
    """Each measure of `sound` (frames, channels), one number a second, at 1 s, 2 s and so on."""
    rows = [_measured(sound[at : at + WINDOW]) for at in range(0, len(sound) - WINDOW + 1, HOP)]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _measured(part: Sound) -> dict[str, float]:
    mono = part.sum(axis=1)
    hz = np.fft.rfftfreq(len(mono), 1 / RATE_HZ)
    power = np.square(np.abs(np.fft.rfft(mono * np.hanning(len(mono))))) * _a_weight(hz)
    heard = (hz > LOWEST_HZ) & (hz < HIGHEST_HZ)
    power, hz = power[heard] + 1e-12, hz[heard]
    return {
        "noise share": _noise_share(power, hz),
        "brightness Hz": float(2 ** ((power * np.log2(hz)).sum() / power.sum())),
        "onsets 1/s": _onsets(mono) * RATE_HZ / len(mono),
        "grains at once": _at_once(mono),
        "rms dB": float(20 * np.log10(np.sqrt(np.square(part).mean()) + SILENT)),
    }


def _noise_share(power: Sound, hz: Sound) -> float:
    """Share of the power that lies in no line: of noise, the median of a bin's neighbours is ln 2 of their mean."""
    width = int(LINE_HZ / (hz[1] - hz[0])) | 1
    between = median_filter(power, width) / np.log(2)
    return float(np.minimum(between, power.max()).sum() / max(float(power.sum()), SILENT**2))


def _onsets(mono: Sound) -> int:
    """How often the spectrum brightens suddenly (spectral flux of log magnitudes; Dixon 2006)."""
    flux = np.diff(np.log1p(1e3 * np.array([*_spectra(mono)])), axis=0).clip(0).mean(axis=1)
    peak = (flux[1:-1] > flux[:-2]) & (flux[1:-1] >= flux[2:]) & (flux[1:-1] > RISE * np.median(flux))
    return int(peak.sum())


def _spectra(mono: Sound) -> Iterator[Sound]:
    shape = np.hanning(FLUX_FRAME)
    for at in range(0, len(mono) - FLUX_FRAME, FLUX_HOP):
        yield np.abs(np.fft.rfft(mono[at : at + FLUX_FRAME] * shape)) / FLUX_FRAME


def _at_once(mono: Sound) -> float:
    """How many sounds overlap: of shot noise the squared mean of the power over its variance (Campbell's theorem)."""
    whole = mono[: len(mono) // FLUX_HOP * FLUX_HOP].reshape(-1, FLUX_HOP)
    power = np.square(whole).mean(axis=1)
    return float(np.square(power.mean()) / max(float(power.var()), SILENT**4))


def _a_weight(hz: Sound) -> Sound:
    square = np.square(hz)
    gain = (
        12194.0**2
        * square**2
        / ((square + 20.6**2) * np.sqrt((square + 107.7**2) * (square + 737.9**2)) * (square + 12194.0**2))
    )
    weight: Sound = np.square(gain)
    return weight
