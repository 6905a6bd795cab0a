"""Who watches: every page has a bounded queue of its own, so a slow one loses frames, and nobody else does.

The oldest frame is lost first: what a slow page shows is late by a few frames at most, never by minutes.
"""

from __future__ import annotations

import asyncio
from collections import deque

QUEUE = 6  # frames; a fifth of a second
MOST_WATCHERS = 16


class Watcher:
    """One page. `lost` counts the frames that it was too slow for."""

    def __init__(self, first: bytes) -> None:
        self.lost = 0
        self._frames = deque([first])
        self._some = asyncio.Event()
        self._some.set()

    def tell(self, frame: bytes) -> None:
        """Hand over one frame; never waits."""
        if len(self._frames) >= QUEUE:
            self._frames.popleft()
            self.lost += 1
        self._frames.append(frame)
        self._some.set()

    async def next(self) -> bytes:
        """The oldest frame that is still there, when there is one."""
        await self._some.wait()
        frame = self._frames.popleft()
        if not self._frames:
            self._some.clear()
        return frame


class Audience:
    """All pages that are open. `lost` counts the frames of those that have gone, too."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()
        self._lost = 0

    def __len__(self) -> int:
        return len(self._watchers)

    @property
    def lost(self) -> int:
        return self._lost + sum(watcher.lost for watcher in self._watchers)

    def join(self, first: bytes) -> Watcher | None:
        """A new page, which gets `first` before anything else; None where there are too many."""
        if len(self._watchers) >= MOST_WATCHERS:
            return None
        watcher = Watcher(first)
        self._watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        if watcher in self._watchers:
            self._watchers.remove(watcher)
            self._lost += watcher.lost

    def tell(self, frame: bytes) -> None:
        for watcher in self._watchers:
            watcher.tell(frame)
