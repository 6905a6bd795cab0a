"""By how much a finished film's picture is behind its sound, measured in the file: for who doubts, and for the bench.

The middle of the picture grows light at a beat, and the sound gives a low stroke: both are decoded by ffmpeg, the rises
of either are laid over each other, and the shift at which they agree best is the answer.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somatone.film.encode import require_ffmpeg
from somatone.sinks.page.feed import FRAME_HZ

SOUND_HZ = 8000
GRID_HZ = 1000
LOW_HZ, HIGH_HZ = 36.0, 110.0  # where the stroke of a beat is
MOST_S = 0.3

Rises = NDArray[np.float64]


def picture_lag_s(film: Path) -> float:
    """Seconds by which the picture comes after the sound (below 0: before it)."""
    picture = _resampled(_rises(lightness(film)), FRAME_HZ)
    sound = _resampled(_rises(_strokes(film)), FRAME_HZ * 8)
    n = min(len(picture), len(sound))
    return _shift(picture[:n] - picture[:n].mean(), sound[:n] - sound[:n].mean()) / GRID_HZ


def _decoded(film: Path, *wishes: str) -> bytes:
    command = [require_ffmpeg(), "-v", "error", "-i", str(film), *wishes, "pipe:1"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def lightness(film: Path) -> NDArray[np.float64]:
    """Mean lightness of the middle, one value a frame."""
    middle = "crop=160:160,format=gray,scale=1:1:flags=area"
    return np.frombuffer(_decoded(film, "-an", "-vf", middle, "-f", "rawvideo"), np.uint8).astype(np.float64)


def _strokes(film: Path) -> NDArray[np.float64]:
    """How loud the low band is, eight values a frame."""
    raw = _decoded(film, "-vn", "-ac", "1", "-ar", str(SOUND_HZ), "-f", "f32le")
    sound = np.frombuffer(raw, np.float32).astype(np.float64)
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / SOUND_HZ)
    spectrum[(hz < LOW_HZ) | (hz > HIGH_HZ)] = 0
    low = np.abs(np.fft.irfft(spectrum, len(sound)))
    smooth = np.convolve(low, np.hanning(SOUND_HZ // 40) / (SOUND_HZ / 80), mode="same")
    at = (np.arange(int(len(sound) / SOUND_HZ * FRAME_HZ * 8)) + 0.5) * SOUND_HZ / (FRAME_HZ * 8)
    strokes: NDArray[np.float64] = np.interp(at, np.arange(len(smooth)), smooth)
    return strokes


def _rises(values: NDArray[np.float64]) -> Rises:
    """What came on top of the value before."""
    return np.maximum(np.diff(values, prepend=values[:1]), 0)


def _resampled(values: Rises, rate_hz: float) -> Rises:
    """On the common grid; a frame's value holds while the frame is seen, so its rise lies at its beginning."""
    at_s = np.arange(len(values)) / rate_hz
    grid_s = np.arange(int(len(values) / rate_hz * GRID_HZ)) / GRID_HZ
    return np.interp(grid_s, at_s, values)


def _shift(later: Rises, earlier: Rises) -> int:
    most = int(MOST_S * GRID_HZ)
    shifts = range(-most, most + 1)
    size = len(later)
    scores = [
        float(np.dot(later[max(s, 0) : size + min(s, 0)], earlier[max(-s, 0) : size - max(s, 0)])) for s in shifts
    ]
    return shifts[int(np.argmax(scores))]
