"""When a live sample was taken, on the path's clock: its chip's index -> the board's ticks -> host seconds.

All signals of one board share one `BoardClock`, so the quickest of them sets it for all. A source without ticks is
taken to have measured its last sample when the chunk arrived.
"""

from __future__ import annotations

from somatone.records import NativeChunk
from somatone.timeline.board_clock import BoardClock, IndexClock
from somatone.timeline.timeline import SignalClock


class LiveClocks:
    """Makes the clock of each lane; call it with source and signal."""

    def __init__(self) -> None:
        self._boards: dict[str, BoardClock] = {}

    def __call__(self, source: str, signal: str, nominal_hz: float) -> SignalClock:
        board = self._boards.setdefault(source, BoardClock())
        return _LaneClock(board, nominal_hz)


class _LaneClock:
    def __init__(self, board: BoardClock, nominal_hz: float) -> None:
        self._board = board
        self._nominal_hz = nominal_hz
        self._index = IndexClock(nominal_hz)

    @property
    def rate_hz(self) -> float:
        """The chip's own rate on the board's clock, nominal until it is known."""
        return self._index.rate_hz

    def start_s(self, chunk: NativeChunk) -> float:
        count = len(chunk.samples) // chunk.width
        if chunk.ticks_us is None:
            return chunk.arrival_s - count / self._nominal_hz
        self._index.observe(chunk.index, chunk.ticks_us)
        newest_us = round(self._index.ticks_us(chunk.index + count - 1))
        self._board.observe(newest_us, chunk.arrival_s)
        return self._board.host_s(self._index.ticks_us(chunk.index))
