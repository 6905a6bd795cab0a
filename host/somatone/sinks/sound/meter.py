"""What the last node of the sound server reports, ten times a second."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meter:
    """Levels are linear, 1 is full scale, one for each channel; `age_s` is infinite before the first report."""

    peak: tuple[float, ...] = (0.0, 0.0)
    rms: tuple[float, ...] = (0.0, 0.0)
    age_s: float = math.inf
    boots: int = 0  # how often the server was started
    lost: int = 0  # controls and notes that could not be played: not finite, no server, or too many at once

    @property
    def sounding(self) -> bool:
        """Audio is computed now, and is above -80 dBFS."""
        return self.age_s < 1.0 and max(self.rms) > 1e-4


def decibels(level: float) -> float:
    """Linear level to dBFS, never below -120."""
    return 20 * math.log10(max(level, 1e-6))
