"""The path's clock live: monotonic seconds since the daemon began. Wall-clock jumps never reach it."""

from __future__ import annotations

import time


class HostClock:
    """Seconds since this object was made, from the system's monotonic clock."""

    def __init__(self) -> None:
        self._start_ns = time.monotonic_ns()

    def now_s(self) -> float:
        return (time.monotonic_ns() - self._start_ns) / 1e9
