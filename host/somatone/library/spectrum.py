"""What the onset rules look at: the level in about thirty bands, four times per window of about 20 ms.

Streaming: samples go in as they are read, rows of decibels come out; how the samples were split makes no difference.
Everything follows from the file's own rate, so nothing is resampled to be looked at.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

WINDOW_S = 0.0213
HOPS_IN_WINDOW = 4
BANDS = 30
LOWEST_HZ, HIGHEST_HZ = 60.0, 16_000.0
SILENCE_DB = -100.0
DB_OF_ONE_BIN = 5.57  # standard deviation of the level of noise in one bin of a spectrum, in dB
SHARED = 1.5  # neighbouring bins under a Hann window say the same thing this many times

Samples = npt.NDArray[np.float32]
Levels = npt.NDArray[np.float32]


class BandLevels:
    """Bands of one recording: `feed` samples (mono, full scale 1), get rows of band levels in dB."""

    def __init__(self, rate_hz: int) -> None:
        self.window = 1 << max(6, round(np.log2(rate_hz * WINDOW_S)))
        self.hop = self.window // HOPS_IN_WINDOW
        self.hop_s = self.hop / rate_hz
        edges = _edges(rate_hz, self.window)
        self._starts = edges[:-1]
        self._end = int(edges[-1])
        widths = np.diff(edges)
        self.sigma_db = (DB_OF_ONE_BIN / np.sqrt(np.maximum(widths / SHARED, 1.0))).astype(np.float32)
        shape = np.hanning(self.window + 1)[:-1]
        self._shape = shape.astype(np.float32)
        self._scale = np.float32(2.0 / np.square(shape).sum() / self.window)  # a band's power, as of its samples
        self._rest: Samples = np.zeros(self.window // 2, np.float32)  # so that row k is centred on sample k * hop

    def feed(self, samples: Samples) -> Levels:
        """Rows (hops x bands) that these samples complete."""
        sound = np.concatenate([self._rest, samples])
        rows = max(0, (len(sound) - self.window) // self.hop + 1)
        self._rest = sound[rows * self.hop :]
        if not rows:
            return np.zeros((0, len(self._starts)), np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(sound, self.window)[: rows * self.hop : self.hop]
        spectrum = np.fft.rfft(frames * self._shape, axis=1)[:, : self._end]
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        bands = np.add.reduceat(power, self._starts, axis=1) * self._scale
        return np.asarray(10 * np.log10(bands + 10 ** (SILENCE_DB / 10)), np.float32)

    def finish(self) -> Levels:
        """The rows whose windows reach beyond the end."""
        return self.feed(np.zeros(self.window // 2, np.float32))


def _edges(rate_hz: int, window: int) -> npt.NDArray[np.int64]:
    """First bin of each band and the end of the last, spaced as the ear does (mel), each at least one bin wide."""
    highest_hz = min(HIGHEST_HZ, rate_hz * 0.46)
    mel = np.linspace(_mel(LOWEST_HZ), _mel(highest_hz), BANDS + 1)
    bins = np.round(700 * (10 ** (mel / 2595) - 1) * window / rate_hz).astype(np.int64)
    return np.unique(np.maximum(bins, 1))


def _mel(hz: float) -> float:
    return float(2595 * np.log10(1 + hz / 700))
