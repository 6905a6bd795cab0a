"""An E4 session as a source: its samples in order of time, a quarter of a second at a time, then its end.

The recording's own clock is the path's clock: seconds since the first sample of any stream. Streams of a real
session end at different times; each simply stops.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from fractions import Fraction

from somatone.records import NativeChunk, Status
from somatone.sources.e4_files import E4Session, E4Stream, Run

CHUNK_S = Fraction(1, 4)
# Within one instant the signals that say whether the band is on a body go first.
ORDER = {"eda": 0, "temp": 1, "acc": 2, "bvp": 3}

Item = NativeChunk | Status


def archive_chunks(session: E4Session, wearer: str, source: str = "archive") -> Iterator[tuple[float, Item]]:
    """Yield (path time at which it arrives, chunk or tag), in order of time.

    A chunk arrives when its last sample has been measured. `ticks_us` is exact: microseconds since the start
    of the recording.
    """
    lanes = [_lane(session, stream, wearer, source) for stream in session.streams.values()]
    tags = (
        ((float(t), -1, 0), Status("tag", 1, float(t), "the wearer pressed the button", wearer=wearer, source=source))
        for t in session.tags_s
    )
    for (time_s, _, _), item in heapq.merge(*lanes, tags, key=lambda pair: pair[0]):
        yield time_s, item


Key = tuple[float, int, int]


def _lane(session: E4Session, stream: E4Stream, wearer: str, source: str) -> Iterator[tuple[Key, Item]]:
    offset_s = stream.start_utc - session.start_utc
    per_chunk = max(1, int(stream.rate_hz * CHUNK_S))
    for run in stream.runs:
        for first in range(0, len(run.samples) // stream.format.width, per_chunk):
            yield _chunk(stream, run, first, per_chunk, offset_s, wearer, source)


def _chunk(
    stream: E4Stream, run: Run, first: int, count: int, offset_s: float, wearer: str, source: str
) -> tuple[Key, NativeChunk]:
    kind = stream.format
    samples = tuple(run.samples[first * kind.width : (first + count) * kind.width])
    index = run.index + first
    arrival_s = offset_s + (index + len(samples) // kind.width) / stream.rate_hz
    chunk = NativeChunk(
        wearer=wearer,
        signal=kind.signal,
        source=source,
        format=kind.format,
        index=index,
        samples=samples,
        arrival_s=arrival_s,
        width=kind.width,
        ticks_us=round(offset_s * 1_000_000) + index * 1_000_000 // stream.rate_hz,
    )
    return (arrival_s, ORDER[kind.signal], index), chunk
