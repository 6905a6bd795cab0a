"""What keeps a busy or broken thing from flooding others: notes a second, restarts in a row, the same alarm again."""

from __future__ import annotations

import math
from collections import deque

FREE_RESTARTS, RESTART_WINDOW_S, SLOWEST_S = 6, 30.0, 10.0
AGAIN_S, REMEMBERED = 60.0, 100


class Budget:
    """So many a second on average, with a burst; more are refused."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst, self._left, self._at_s = per_s, burst, burst, 0.0

    def take(self, now_s: float) -> bool:
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Restarts:
    """How long to wait before a restart: not at all for the first of half a minute, then longer and longer."""

    def __init__(self) -> None:
        self._at_s: deque[float] = deque(maxlen=64)

    def pause_s(self, now_s: float) -> float:
        self._at_s.append(now_s)
        many = sum(now_s - at_s < RESTART_WINDOW_S for at_s in self._at_s) - FREE_RESTARTS
        return 0.0 if many <= 0 else min(0.5 * 2.0**many, SLOWEST_S)


class OnceInAWhile:
    """The same text passes once in AGAIN_S."""

    def __init__(self) -> None:
        self._passed_s: dict[str, float] = {}

    def passes(self, text: str, now_s: float) -> bool:
        if now_s - self._passed_s.get(text, -math.inf) <= AGAIN_S:
            return False
        if len(self._passed_s) > REMEMBERED:
            self._passed_s.clear()
        self._passed_s[text] = now_s
        return True
