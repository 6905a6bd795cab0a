"""A session's streams as unbroken rows at the E4's rates, which is all that an E4 archive can hold.

An E4's own integers are kept as they are; a board's samples go through the timeline, which converts and resamples them.
A row lies within 1.25 samples of its true time: 0.75 of the clock, 0.5 of the whole second. The archive format knows no
gaps, so where samples are missing the last value is held and the stretch is listed; where a clock was corrected
backwards the samples that would come twice are left out. So time is never shifted, and nothing is hidden.

Surprise: an archive starts at a whole second of UTC. A live session begins in between; up to a second is left out.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from somatone.errors import SessionError
from somatone.pieces.piece import find_piece
from somatone.recorded import Session, session_clocks, session_items, session_records
from somatone.records import Chunk, Gate, NativeChunk
from somatone.sources.recording import Recording
from somatone.timeline.timeline import SignalClock
from somatone.timeline.units import RATES_HZ, WIDTHS

SLACK = 0.75  # of a sample: below it the clock's small corrections are no gap
SLACK_WITHOUT_TICKS_S = 1.0  # such a source's times are arrivals, and those come in bursts
LONGEST_GAP_S = 24 * 3600.0
TOGETHER_S = 10.0  # streams of one switching-on begin within this

Progress = Callable[[float], None]


@dataclass(slots=True)
class Grid:
    """One stream: rows at `rate_hz` from `first_s` on, without a hole."""

    signal: str
    source: str
    rate_hz: int
    width: int
    native: bool  # an E4's own integers, else the timeline's counts
    first_s: float
    samples: array[int] = field(default_factory=lambda: array("q"))
    held: list[tuple[float, int]] = field(default_factory=list)  # (second of the row, rows that hold a value)
    left_out: int = 0  # rows that would have come twice

    @property
    def rows(self) -> int:
        return len(self.samples) // self.width

    def place(self, samples: Sequence[int], start_s: float, slack_s: float) -> None:
        """Rows that lie at `start_s` and after; raises `SessionError` where time makes no sense."""
        off = (start_s - self.first_s) * self.rate_hz - self.rows
        if abs(off) > max(SLACK, slack_s * self.rate_hz):
            if off > 0:
                self._hold(round(off), start_s)
            else:
                twice = min(round(-off), len(samples) // self.width)
                self.left_out += twice
                samples = samples[twice * self.width :]
        self.samples.extend(samples)

    def _hold(self, count: int, until_s: float) -> None:
        if count > LONGEST_GAP_S * self.rate_hz:
            raise SessionError(
                f"{self.signal} pauses for {count / self.rate_hz / 3600:.0f} hours before {until_s:.0f} s: an E4 "
                "archive has no gaps; export the files before and after it one by one."
            )
        self.held.append((self.first_s + self.rows / self.rate_hz, count))
        self.samples.extend(list(self.samples[-self.width :]) * count)

    def start_at(self, second: float) -> None:
        """Leave out the rows before `second`."""
        before = max(0, round((second - self.first_s) * self.rate_hz))
        del self.samples[: before * self.width]
        self.first_s = second
        self.held = [(at_s, count) for at_s, count in self.held if at_s >= second]


@dataclass(slots=True)
class Gridded:
    """All streams of one wearer, and the beats that the shipped piece's rule found in the pulse."""

    grids: dict[str, Grid] = field(default_factory=dict)
    beats_s: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def gridded(session: Session, wearer: str, own_beats: bool, progress: Progress) -> Gridded:
    """Bring a wearer's streams to the E4's rates; `own_beats` also runs the rules. Raises `SessionError`."""
    lanes: dict[tuple[str, str], Grid] = {}
    board = _native(session, wearer, lanes, progress)
    out = Gridded()
    if board or own_beats:
        _through_the_path(session, wearer, lanes, out, progress)
    for (signal, source), grid in sorted(lanes.items(), key=lambda pair: -pair[1].rows):
        if signal in out.grids:
            out.notes.append(f"{signal} is of {out.grids[signal].source}; that of {source} is left out")
        elif grid.rows:
            out.grids[signal] = grid
    if not out.grids:
        raise SessionError(f"{session.name} holds no samples of {wearer} that an E4 has: nothing to export.")
    _align(session, out)
    return out


def _native(session: Session, wearer: str, lanes: dict[tuple[str, str], Grid], progress: Progress) -> bool:
    """Place what an E4 measured; True when there is something else too."""
    make = session_clocks(session)
    clocks: dict[tuple[str, str], SignalClock] = {}
    others = False
    for time_s, item in session_items(session):
        if not isinstance(item, NativeChunk) or item.wearer != wearer:
            continue
        if not item.format.startswith("e4."):
            others = True
            continue
        progress(time_s / session.length_s / 2)
        key = (item.signal, item.source)
        clock = clocks.get(key)
        if clock is None:
            clock = clocks[key] = make(item.source, item.signal, RATES_HZ[item.signal])
        start_s = clock.start_s(item)
        slack_s = 0.0 if item.ticks_us is not None else SLACK_WITHOUT_TICKS_S
        _grid(lanes, key, start_s, native=True).place(item.samples, start_s, slack_s)
    return others


def _through_the_path(
    session: Session, wearer: str, lanes: dict[tuple[str, str], Grid], out: Gridded, progress: Progress
) -> None:
    """Place what the timeline makes of a board's samples, and note the beats."""
    e4 = {key for key, grid in lanes.items() if grid.native}

    def on_chunk(chunk: Chunk) -> None:
        key = (chunk.signal, chunk.source)
        if chunk.wearer == wearer and chunk.samples and chunk.signal in RATES_HZ and key not in e4:
            _grid(lanes, key, chunk.start_s, native=False).place(chunk.samples, chunk.start_s, 0.0)

    for time_s, record in session_records(session, find_piece("correlations"), on_chunk):
        progress(0.5 + time_s / session.length_s / 2)
        if isinstance(record, Gate) and record.name == "pulse.beat" and record.value and record.wearer == wearer:
            out.beats_s.append(record.at_s)


def _grid(lanes: dict[tuple[str, str], Grid], key: tuple[str, str], first_s: float, native: bool) -> Grid:
    grid = lanes.get(key)
    if grid is None:
        signal, source = key
        grid = lanes[key] = Grid(signal, source, RATES_HZ[signal], WIDTHS[signal], native, first_s)
    return grid


def _align(session: Session, out: Gridded) -> None:
    """A live session's streams start together at a whole second; an archive's keep the starts they have."""
    if not (isinstance(session, Recording) and session.facts.clock == "live"):
        return
    grids = out.grids.values()
    earliest = min(grid.first_s for grid in grids)
    together = max(grid.first_s for grid in grids if grid.first_s - earliest <= TOGETHER_S)
    for grid in grids:
        start_s = math.ceil(session.start_utc + max(together, grid.first_s)) - session.start_utc
        grid.start_at(start_s)
