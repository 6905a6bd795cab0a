"""What one wearer costs: CPU time of the three middle stages for each second of signal, without files and sound."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

from bench.figures import Figure, no_recording, reference_session
from somatone.path import Path
from somatone.pieces.piece import find_piece
from somatone.sources.e4_archive import archive_chunks
from somatone.sources.e4_files import read_session
from somatone.timeline.timeline import RecordingClock, Timeline

WHAT, BAR = "one wearer, all signals, all rules", "<= 200 us CPU per second of signal"
SECONDS = 600


def path_cost() -> Iterator[Figure]:
    """Ten minutes of the reference session, stage by stage."""
    session_path = reference_session()
    if session_path is None:
        yield no_recording(WHAT, BAR)
        return
    chunks = list(islice(archive_chunks(read_session(session_path), "body"), SECONDS * 16))
    timeline = Timeline(RecordingClock)
    begun = time.process_time()
    for _, item in chunks:
        timeline.feed(item)  # type: ignore[arg-type]
    timeline_us = (time.process_time() - begun) / SECONDS * 1e6
    path = Path(find_piece("correlations"), RecordingClock)
    path.start(0.0)
    begun = time.process_time()
    for time_s, item in chunks:
        path.advance(time_s)
        path.feed(item)
    whole_us = (time.process_time() - begun) / SECONDS * 1e6
    yield Figure(WHAT, BAR, f"{whole_us:.0f} us with routes and ticks, of it timeline {timeline_us:.0f} us")
