"""Waits, in samples, until a reading holds still. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable

from somatone.calibration.fit import HUNDREDTHS, CalibrationError

SETTLE = 6  # samples at 4 Hz: the low-pass and the boxcar have forgotten what was before
WINDOW = 12
MOST_SPAN_CODES = 8  # between the highest and the lowest of a window: noise and hum stay below, a finger does not
PATIENCE = 60


class SteadyReading:
    """Feed codes until `hundredths` is there: the mean of a quiet window, in hundredths of a code."""

    def __init__(self) -> None:
        self.hundredths: int | None = None
        self._codes: list[int] = []

    @property
    def share(self) -> float:
        """How much of the shortest possible wait is done, 0..1."""
        return min(1.0, len(self._codes) / (SETTLE + WINDOW))

    def feed(self, codes: Iterable[int]) -> None:
        """Raises CalibrationError when the reading still moves after PATIENCE samples."""
        for code in codes:
            if self.hundredths is not None:
                return
            self._codes.append(code)
            window = self._codes[SETTLE:][-WINDOW:]
            if len(window) == WINDOW and max(window) - min(window) <= MOST_SPAN_CODES:
                self.hundredths = (sum(window) * HUNDREDTHS + WINDOW // 2) // WINDOW
            elif len(self._codes) >= PATIENCE:
                raise CalibrationError(
                    f"The reading does not settle: it moves by {max(window) - min(window)} codes in "
                    f"{WINDOW // 4} s; hold the clips still, and take hands and chargers away from them."
                )
