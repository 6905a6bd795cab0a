"""Is a training run there, and for how long: what contact is to a body.

It is worn while its frames come. After it began, or began anew, its metrics settle: the first losses of a new network
say more about its initial values than about learning.
"""

from __future__ import annotations

from somatone.records import Validity

SETTLE_S = 3.0
AWAY_S = 3.0  # without frames, and the next is the first of a run that begins


class RunWear:
    """Of one run. Feed every metric's frames in order; ask `validity` for any moment up to now."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._heard_s = 0.0

    def feed(self, signal: str, counts: list[int], start_s: float, rate_hz: int) -> None:
        """Frames from `start_s` on, in seconds on the path's clock."""
        if self._since_s is None or start_s - self._heard_s > AWAY_S:
            self._since_s = start_s
        self._heard_s = max(self._heard_s, start_s + len(counts) / rate_hz)

    def validity(self, at_s: float) -> Validity:
        """`settling` or `worn` at a moment at which a frame came; who knows better (`absent`) says so itself."""
        if self._since_s is None or at_s - self._heard_s > AWAY_S or at_s - self._since_s < SETTLE_S:
            return Validity.SETTLING
        return Validity.WORN

    def reset(self) -> None:
        """The run is gone; the next that comes is another."""
        self._since_s = None
