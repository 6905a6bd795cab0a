"""The simulated wearer: a simulated body on simulated chips, under the real firmware and the real board source.

Nothing is short-cut: the firmware runs in its own process (32-bit MicroPython where it is installed, else CPython)
behind a pseudo-terminal, and its frames come in as from a board. The body is drawn a moment ahead of time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from somatone.records import NativeChunk, Status
from somatone.sources.board import BoardSource
from somatone.sources.simulated_body import VISITORS, BodyProfile, SimulatedBody
from somatone.sources.virtual_board.launch import VirtualBoard, start_virtual_board

GALLERY = replace(VISITORS, worn_at_start=True, visit_s=240.0, away_s=20.0)  # one visitor after the other
AHEAD_S = 3  # whole seconds of body in the pipe: enough for a busy machine, short enough to startle
FEED_S = 0.25


class SimulatedSource:
    """A wearer who does not exist. `body` may be startled, undressed and dressed while it runs."""

    def __init__(
        self,
        wearer: str,
        seed: int,
        emit: Callable[[NativeChunk | Status], None],
        now_s: Callable[[], float],
        profile: BodyProfile | None = None,
    ) -> None:
        self.body = SimulatedBody(seed, profile or GALLERY)
        self.started_s: float | None = None  # path time at which the body's time began
        self._wearer = wearer
        self._emit = emit
        self._now_s = now_s
        self._fed_s = 0
        self._waiting = b""

    async def run(self) -> None:
        """Until cancelled. A board that dies is started again; the body goes on where it was."""
        while True:
            with (
                start_virtual_board() as board
            ):  # in this thread: the kernel ends it when the thread that forked it ends
                self.started_s = self._now_s() - self._fed_s
                self._waiting = b""
                self._say(
                    "simulated",
                    _spoken(board.interpreter),
                    f"A simulated wearer, firmware under {_spoken(board.interpreter)}.",
                )
                await self._live(board)
            self._say("simulated", "restarting", "The virtual board ended and is started again.")

    async def _live(self, board: VirtualBoard) -> None:
        source = _Heard(self._wearer, board.port, self._emit, self._now_s)
        hearing = asyncio.create_task(source.run())
        try:
            while board.running() and not hearing.done():
                self._feed(board)
                await asyncio.sleep(FEED_S)
            if hearing.done():
                hearing.result()
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    def _feed(self, board: VirtualBoard) -> None:
        """Keep the pipe `AHEAD_S` ahead; records that it does not take now wait for the next time."""
        assert self.started_s is not None
        wanted_s = int(self._now_s() - self.started_s) + AHEAD_S
        while self._waiting or self._fed_s < wanted_s:
            if not self._waiting:
                self._waiting = self.body.records(self._fed_s, self._fed_s + 1)
                self._fed_s += 1
            self._waiting = self._waiting[board.write_body(self._waiting) :]
            if self._waiting:
                return

    def _say(self, name: str, value: str, message: str) -> None:
        self._emit(Status(name, value, self._now_s(), message, wearer=self._wearer, source="simulated"))


class _Heard(BoardSource):
    """The board source, under the simulated wearer's own name."""

    source = "simulated"


def _spoken(interpreter: str) -> str:
    return "CPython" if interpreter == "cpython" else f"MicroPython for {interpreter}"
