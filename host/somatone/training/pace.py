"""Keeps a training process to its rate and to its share of one processor, by sleeping: sound and sensors come first.

Surprise: what was late is not caught up with. A machine that is too slow gives fewer frames, never a burst of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 2.0  # how much unused share may be saved up


class Pace:
    """Call `wait` after each frame. `late` counts frames that came more than a tenth of a period after their time."""

    def __init__(
        self,
        rate_hz: float,
        share: float,
        now_s: Callable[[], float] = time.monotonic,
        used_s: Callable[[], float] = time.process_time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.late = 0
        self._period_s = 1 / rate_hz
        self._share = share
        self._now_s = now_s
        self._used_s = used_s
        self._sleep = sleep
        self._due_s = now_s()
        self._told = (self._due_s, used_s())
        self._allowed = self._told  # from when on, and from what use on, the share is counted

    def wait(self) -> None:
        """Until the next frame may begin."""
        now_s, used_s = self._now_s(), self._used_s()
        self._due_s += self._period_s
        since_s, before_s = self._allowed
        affordable_s = since_s + (used_s - before_s) / self._share
        if now_s - affordable_s > PATIENCE_S:
            self._allowed = (now_s - PATIENCE_S, used_s)
        if max(now_s, affordable_s) > self._due_s + self._period_s / 10:
            self.late += 1
            self._due_s = max(now_s, affordable_s)
        if self._due_s > now_s:
            self._sleep(self._due_s - now_s)

    def taken(self) -> float:
        """Share of one processor since the last time this was asked."""
        now_s, used_s = self._now_s(), self._used_s()
        (since_s, before_s), self._told = self._told, (now_s, used_s)
        return (used_s - before_s) / max(now_s - since_s, 1e-6)
