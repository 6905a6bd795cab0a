"""Recordings in which one hears where one is: what a voice plays of them says which it took, and from where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 48_000
LOW_HZ, HIGH_HZ = 200.0, 800.0
NUMBER, SECONDS = 6, 10.0  # as the embedded library


def rising(path: Path, seconds: float) -> Path:
    """Four partials of a sawtooth that rises by two octaves, evenly to the ear; made once."""
    if not path.exists():
        frames = round(seconds * RATE_HZ)
        _write(path, LOW_HZ * (HIGH_HZ / LOW_HZ) ** (np.arange(frames) / frames))
    return path


def marked(folder: Path, control: str) -> Mapping[str, Path] | None:
    """A library for a control that chooses: `position` in recordings that all rise alike, `source` of some that stand
    at pitches of their own, low to high. None for every other."""
    if control == "position":
        return {f"rising-{k}": rising(folder / f"rising-{k}.wav", SECONDS) for k in range(NUMBER)}
    if control == "source":
        return {f"steady-{k}": _steady(folder / f"steady-{k}.wav", k / (NUMBER - 1)) for k in range(NUMBER)}
    return None


def _steady(path: Path, height: float) -> Path:
    if not path.exists():
        _write(path, np.full(round(SECONDS * RATE_HZ), LOW_HZ * (HIGH_HZ / LOW_HZ) ** height))
    return path


def _write(path: Path, hz: np.ndarray) -> None:
    phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
    soundfile.write(path, 0.12 * sum(np.sin(k * phase) / k for k in (1, 2, 3, 4)), RATE_HZ)
