"""What one gesture sounds like, in six numbers. Pure: samples in, numbers out.

Loudness is the RMS of the loudest 0.4 s in dBFS (not weighted: LUFS needs 0.4 s at least, and most strokes are
shorter). Brightness is the spectral centroid and noisiness the spectral flatness (geometric over arithmetic mean of the
power spectrum, 100 Hz to 12 kHz), both averaged over frames by their energy. Pitchedness is the height of the first
great peak of the normalised autocorrelation (P. Boersma 1993), 60 to 1000 Hz: 0 noise, 1 periodic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FRAME_S = 0.043
LOUDEST_S = 0.4
NOISE_HZ = (100.0, 12_000.0)
PITCH_HZ = (60.0, 1000.0)
PITCH_FRAMES = 24  # at most so many are looked at for pitch, spread over the gesture
CLEAR = 0.45  # below it no pitch is named
TINY = 1e-12

Samples = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measures:
    loudness_db: float
    peak_db: float
    brightness_hz: float
    noisiness: float
    pitchedness: float
    pitch_hz: float


def measure(sound: Samples, rate_hz: int) -> Measures:
    """Measures of a mono gesture, full scale 1. A silent or empty one has a loudness of -120 dB and no pitch."""
    window = 1 << round(np.log2(rate_hz * FRAME_S))
    if len(sound) < window:
        sound = np.pad(sound, (0, window - len(sound)))
    frames = np.lib.stride_tricks.sliding_window_view(sound, window)[:: window // 2].astype(np.float64)
    shape = np.hanning(window + 1)[:-1]
    power = np.square(np.abs(np.fft.rfft(frames * shape, axis=1)))
    hz = np.fft.rfftfreq(window, 1 / rate_hz)
    energy = power.sum(axis=1) + TINY
    weight = energy / energy.sum()
    centroid = (power @ hz) / energy
    inside = (hz >= NOISE_HZ[0]) & (hz <= min(NOISE_HZ[1], rate_hz * 0.45))
    audible = power[:, inside] + TINY
    flatness = np.exp(np.log(audible).mean(axis=1)) / audible.mean(axis=1)
    clarity, pitch_hz = _pitch(frames, weight, rate_hz)
    return Measures(
        _rounded(_loudest_db(sound, rate_hz)),
        _rounded(20 * np.log10(float(np.abs(sound).max()) + 1e-6)),
        _rounded(float(weight @ centroid)),
        _rounded(float(weight @ flatness)),
        _rounded(clarity),
        _rounded(pitch_hz),
    )


def _loudest_db(sound: Samples, rate_hz: int) -> float:
    width = min(len(sound), int(LOUDEST_S * rate_hz))
    sums = np.cumsum(np.concatenate([[0.0], np.square(sound.astype(np.float64))]))
    return float(10 * np.log10(float((sums[width:] - sums[:-width]).max()) / width + TINY))


def _pitch(frames: Numbers, weight: Numbers, rate_hz: int) -> tuple[float, float]:
    """Clarity 0..1, and the pitch in Hz (0 where there is none)."""
    window = frames.shape[1]
    chosen = np.argsort(-weight, kind="stable")[:PITCH_FRAMES]
    shape = np.hanning(window + 1)[:-1]
    shape_lags = np.fft.irfft(np.square(np.abs(np.fft.rfft(shape, 2 * window))))[: window // 2]
    looked = frames[chosen] - frames[chosen].mean(axis=1, keepdims=True)
    lags = np.fft.irfft(np.square(np.abs(np.fft.rfft(looked * shape, 2 * window, axis=1))), axis=1)[:, : window // 2]
    normal = lags / (lags[:, :1] + TINY) / (shape_lags / shape_lags[0])
    low, high = int(rate_hz / PITCH_HZ[1]), min(int(rate_hz / PITCH_HZ[0]), window // 2 - 2)
    search = normal[:, low:high]
    best = search.max(axis=1)
    # The shortest lag that is nearly as good: multiples of a period are as high as the period itself. Lags on the
    # slope of the peak at zero are no period.
    peaks = (search >= np.roll(search, 1, axis=1)) & (search >= np.roll(search, -1, axis=1))
    good = peaks & (search >= 0.93 * best[:, None])
    lag = low + np.argmax(good, axis=1)
    heights = np.where(good.any(axis=1), normal[np.arange(len(normal)), lag], 0.0)
    share = weight[chosen] / weight[chosen].sum()
    clarity = float(np.clip(share @ np.clip(heights, 0, 1), 0, 1))
    if clarity < CLEAR:
        return clarity, 0.0
    order = np.argsort(lag)
    middle = order[np.searchsorted(np.cumsum((share * heights)[order]), (share * heights).sum() / 2)]
    return clarity, float(rate_hz / lag[middle])


def _rounded(value: float) -> float:
    """Six figures: what differs beyond them is the machine's, not the sound's."""
    return float(f"{value:.6g}")
