"""Plays a recorded session through the path, as fast as it is asked for the next record.

The path's clock is the recording's own time, so what comes out never depends on how fast it is drawn: the same log at
1 x, 60 x and maximum speed.
"""

from __future__ import annotations

from collections.abc import Iterator

from somatone.path import ChunkListener, Path
from somatone.pieces.piece import Piece
from somatone.records import Record
from somatone.sources.e4_archive import archive_chunks
from somatone.sources.e4_files import E4Session
from somatone.timeline.timeline import RecordingClock

WEARER = "body"
TAIL_S = 5.0  # signals that ended are said to be stale, and the sound dies away


def session_records(
    session: E4Session, piece: Piece, on_chunk: ChunkListener | None = None
) -> Iterator[tuple[float, Record]]:
    """Yield (time of emission on the recording's clock in seconds, record), in order."""
    path = Path(piece, RecordingClock, on_chunk)
    for record in path.start(0.0):
        yield 0.0, record
    for time_s, item in archive_chunks(session, WEARER):
        yield from path.advance(time_s)
        for record in path.feed(item):
            yield time_s, record
    yield from path.advance(session.length_s + TAIL_S)
