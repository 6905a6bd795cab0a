"""Plays a recorded session, a recording or an E4 archive, through the path, as fast as it is asked for the next record.

The path's clock is the recording's own time, so what comes out never depends on how fast it is drawn: the same log at
1 x, 60 x and maximum speed. A recording holds what went into the path and when, so its replay is the live run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path as FilePath

from somatone.path import ChunkListener, Path
from somatone.pieces.piece import Piece
from somatone.records import NativeChunk, Record, Sourced
from somatone.sources.e4_archive import archive_chunks
from somatone.sources.e4_files import E4Session, read_session
from somatone.sources.recording import Recording, is_recording, read_recording
from somatone.timeline.live_clock import LiveClocks
from somatone.timeline.timeline import ClockMaker, RecordingClock

WEARER = "body"
TAIL_S = 5.0  # signals that ended are said to be stale, and the sound dies away

Session = E4Session | Recording


def open_session(path: FilePath) -> Session:
    """A recording (an MCAP file, or a run's folder) or an E4 session. Raises `SessionError` for what is neither."""
    return read_recording(path) if is_recording(path) else read_session(path)


def session_items(session: Session) -> Iterator[tuple[float, Sourced]]:
    """(path time, item) in the order in which they go into the path."""
    return session.items() if isinstance(session, Recording) else archive_chunks(session, WEARER)


def session_clocks(session: Session) -> ClockMaker:
    """Live data have their times found from arrivals again; an archive's are exact."""
    live = isinstance(session, Recording) and session.facts.clock == "live"
    return LiveClocks() if live else RecordingClock


def wearers(session: Session) -> list[str]:
    """Everybody who measured something, in order of appearance."""
    if not isinstance(session, Recording):
        return [WEARER]
    return list(dict.fromkeys(item.wearer for _, item in session.items() if isinstance(item, NativeChunk)))


def session_records(
    session: Session,
    piece: Piece,
    on_chunk: ChunkListener | None = None,
    on_path: Callable[[Path], None] | None = None,
) -> Iterator[tuple[float, Record]]:
    """Yield (time of emission on the recording's clock in seconds, record), in order; `on_path` is shown the path."""
    path = Path(piece, session_clocks(session), on_chunk)
    if on_path:
        on_path(path)
    origin_s = session.origin_s if isinstance(session, Recording) else 0.0
    started = False
    for time_s, item in session_items(session):
        if not started and time_s >= origin_s:  # what was said earlier, while the sound came up, is only logged
            started = True
            yield from ((origin_s, record) for record in path.start(origin_s))
        if started:
            yield from path.advance(time_s)
        for record in path.feed(item):
            yield time_s, record
    if not started:
        yield from ((origin_s, record) for record in path.start(origin_s))
    yield from path.advance(session.length_s + TAIL_S)
