"""The feed's frames of a recording, one every 1/30 s of its own time: what a page would have got, without waiting."""

from __future__ import annotations

from collections.abc import Iterator

from somatone.film.span import Span
from somatone.path import Path
from somatone.pieces.piece import Piece
from somatone.recorded import Session, session_records
from somatone.records import Chunk, Record
from somatone.sinks.page.feed import Feed, Item

SNAPSHOT_S = 2.0  # how often all pairs are looked at, as live


class _Items:
    """Records, chunks and snapshots in one row, each with the time at which it was emitted."""

    def __init__(self, session: Session, piece: Piece) -> None:
        self._chunks: list[Chunk] = []
        self._path: Path | None = None
        self._records = session_records(session, piece, self._chunks.append, self._meet)

    def _meet(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[tuple[float, Item]]:
        looked_s = 0.0
        for at_s, record in self._records:
            yield from self._before(at_s)
            if self._path and at_s >= looked_s + SNAPSHOT_S:
                looked_s = at_s
                yield at_s, self._path.correlations.snapshot()
            yield at_s, record
        yield from self._before(looked_s)

    def _before(self, at_s: float) -> Iterator[tuple[float, Chunk | Record]]:
        """Chunks come before what they caused."""
        for chunk in self._chunks:
            yield at_s, chunk
        self._chunks.clear()


def stage_frames(session: Session, piece: Piece, span: Span) -> Iterator[tuple[float, bytes]]:
    """(time in s, frame): how all stands at `begin_s`, then every frame of the run-in and of the film."""
    feed = Feed(piece.stage, piece.name)
    items = iter(_Items(session, piece))
    waiting = next(items, None)
    for number in range(-1, span.run_in + span.frames):
        at_s = span.frame_s(max(number, 0))
        while waiting and waiting[0] <= at_s:
            feed.take(waiting[1], waiting[0])
            waiting = next(items, None)
        if number < 0:
            yield at_s, feed.whole(at_s)
        else:
            yield at_s, feed.frame(at_s)
