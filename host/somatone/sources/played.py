"""A recording as a live source: the same items at its own pace, once or for ever, each wearer as it was.

Surprise: when it begins again, indices and ticks go on where they were, with a jump that the timeline takes for a gap;
statuses without a wearer (of the sinks that ran then) are left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from somatone.records import NativeChunk, Sourced, Status
from somatone.sources.recording import Recording, read_recording
from somatone.timeline.units import RUN_FORMAT, run_format


class Follow:
    """Moves items in time, and numbers the samples of each lane on over repetitions."""

    def __init__(self) -> None:
        self._next: dict[tuple[str, str, str], int] = {}
        self._added: dict[tuple[str, str, str], int] = {}
        self._last: dict[tuple[str, str, str], NativeChunk] = {}
        self._from_s = 0.0

    def begin(self, from_s: float) -> None:
        """The recording's time 0 is `from_s` on the path's clock."""
        self._from_s = from_s
        self._added = {lane: index + 1 for lane, index in self._next.items()}

    def moved(self, item: Sourced) -> Sourced | None:
        """The item now; None for what does not belong to a wearer."""
        if isinstance(item, NativeChunk):
            lane = (item.wearer, item.source, item.signal)
            index = item.index + self._added.get(lane, 0)
            self._next[lane] = index + len(item.samples) // item.width
            ticks_us = None if item.ticks_us is None else item.ticks_us + round(self._from_s * 1e6)
            arrival_s = item.arrival_s + self._from_s
            moved = msgspec.structs.replace(item, index=index, ticks_us=ticks_us, arrival_s=arrival_s)
            self._last[lane] = moved
            return moved
        if isinstance(item, Status) and (not item.wearer or item.name.endswith((".validity", ".gap"))):
            return None
        return msgspec.structs.replace(item, at_s=item.at_s + self._from_s)

    def gone(self, at_s: float) -> list[NativeChunk]:
        """The runs in it have ended: their metrics are absent from now on. A body just goes stale."""
        found: list[NativeChunk] = []
        for lane, chunk in self._last.items():
            kind, _, rest = chunk.format.partition(":")
            if kind == RUN_FORMAT:
                metric, rate = rest.split(":")[:2]
                native = run_format(metric, int(rate), "absent")
                found.append(
                    msgspec.structs.replace(
                        chunk, format=native, index=self._next[lane], samples=(), arrival_s=at_s, ticks_us=None
                    )
                )
        self._last.clear()
        return found


class PlayedSource:
    """Plays `path`, again and again with `loop`. Raises `SessionError` at once for what is no recording."""

    def __init__(
        self,
        path: Path,
        emit: Callable[[Sourced], None],
        now_s: Callable[[], float],
        *,
        loop: bool = False,
        follow: Follow | None = None,
    ) -> None:
        self._recording: Recording = read_recording(path)
        self._emit = emit
        self._now_s = now_s
        self._loop = loop
        self._follow = follow or Follow()  # shared by recordings that follow one another on one wearer

    async def run(self) -> None:
        """Until it is over, or cancelled."""
        name = self._recording.name
        try:
            while True:
                self._say("playing", f"The recording {name} plays, {self._recording.length_s:.0f} s.")
                await self._once()
                if not self._loop:
                    break
                self._gone()
        finally:
            self._gone()
        self._say("ended", f"The recording {name} is at its end.")

    async def _once(self) -> None:
        begun_s = self._now_s()
        self._follow.begin(begun_s)
        for time_s, item in self._recording.items():
            ahead_s = begun_s + time_s - self._now_s()
            if ahead_s > 0:
                await asyncio.sleep(ahead_s)
            moved = self._follow.moved(item)
            if moved is not None:
                self._emit(moved)
        await asyncio.sleep(max(0.0, begun_s + self._recording.length_s - self._now_s()))

    def _gone(self) -> None:
        """A run that is over is gone, also where it begins again at once: it begins as noise, and knows nothing."""
        for chunk in self._follow.gone(self._now_s()):
            self._emit(chunk)

    def _say(self, value: str, message: str) -> None:
        self._emit(Status("recording.played", value, self._now_s(), message, source="recording"))
