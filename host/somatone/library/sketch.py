"""A gesture as characters: its loudness over time in blocks, and under it which frequencies sound, as shades."""

from __future__ import annotations

import numpy as np

from somatone.library.measures import Samples

BLOCKS = " ▁▂▃▄▅▆▇█"
SHADES = " ░▒▓█"
BANDS_HZ = (8000, 4000, 2000, 1000, 500, 250, 125)  # upper edge of each line is twice its name
RANGE_DB = 42.0


def sketch(sound: Samples, rate_hz: int, width: int = 72) -> list[str]:
    """Lines of text: one of loudness, one for each octave."""
    parts = [part for part in np.array_split(sound, width) if len(part)]
    loud = np.array([np.sqrt(np.square(part).mean()) for part in parts])
    lines = [f"{'level':>7} " + _characters(20 * np.log10(loud + 1e-6), BLOCKS)]
    padded = [np.pad(part, (0, max(0, 1024 - len(part)))) for part in parts]
    spectra = [(np.abs(np.fft.rfft(part * np.hanning(len(part)))), len(part)) for part in padded]
    rows = []
    for low_hz in BANDS_HZ:
        row = []
        for spectrum, length in spectra:
            low, high = int(low_hz * length / rate_hz), int(2 * low_hz * length / rate_hz)
            row.append(np.square(spectrum[low : max(high, low + 1)]).sum() / length)
        rows.append(row)
    shown = 10 * np.log10(np.array(rows) + 1e-12)
    top = float(shown.max())
    for low_hz, row in zip(BANDS_HZ, shown, strict=True):
        lines.append(f"{low_hz:>4} Hz " + _characters(row, SHADES, top))
    return lines


def _characters(levels_db: np.ndarray, characters: str, top: float | None = None) -> str:
    top = float(levels_db.max()) if top is None else top
    share = np.clip((levels_db - top + RANGE_DB) / RANGE_DB, 0, 1)
    return "".join(characters[round(float(s) * (len(characters) - 1))] for s in share)
