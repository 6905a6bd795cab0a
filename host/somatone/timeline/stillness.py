"""Does the wearer move too much for the pulse to be trusted? One answer a device, from its own accelerometer.

Wrist and finger pulse are unreliable above 8/64 g of jerk a sample (signals.md, 3.3: below it 94 % of heart rates lie
within 5 bpm, without the condition 55 %); the rule and its hysteresis are the gate `motion.active`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from gates.motion import Movement


class Stillness:
    """Movement of one device. Feed acceleration in order; ask `moving` for any moment up to now."""

    def __init__(self) -> None:
        self._movement = Movement(32)
        self._changes: deque[tuple[float, bool]] = deque([(float("-inf"), False)], maxlen=8)

    def feed(self, counts: Sequence[int], start_s: float, rate_hz: int) -> None:
        """Interleaved x, y, z in 1/64 g from `start_s` (seconds on the path's clock)."""
        step = self._movement.step
        for k in range(0, len(counts), 3):
            if step(counts[k], counts[k + 1], counts[k + 2]) and self._movement.active != self._changes[-1][1]:
                self._changes.append((start_s + (k // 3 + 1) / rate_hz, self._movement.active))

    def gap(self) -> None:
        """Samples are missing."""
        self._movement.gap()

    def moving(self, at_s: float) -> bool:
        """Whether it moved at a moment (seconds on the path's clock)."""
        for since_s, moving in reversed(self._changes):
            if since_s <= at_s + 1e-6:
                return moving
        return False
