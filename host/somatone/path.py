"""The path on one screen: timeline, gates and mapping in a row. Plain objects; whoever owns it brings data and time.

    NativeChunk -> Timeline -> Chunk -> Gating -> Gate, Level -> Mapping -> Control, Note
                               Chunk, Gate -> Correlations -> Gate, Level -> Mapping

`advance` must be called before `feed` with the same time: it runs the mapping's ticks, which fall on fixed multiples of
`TICK_S` after the start, so the same input gives the same records at any speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from somatone.gating.stage import Gating
from somatone.mapping.routes import TICK_S, Mapping
from somatone.pieces.piece import Piece
from somatone.records import Chunk, Event, Picture, Record, Sourced, Status
from somatone.timeline.correlation.stage import Correlations
from somatone.timeline.timeline import ClockMaker, Timeline

ChunkListener = Callable[[Chunk], None]


class Path:
    """One piece's path. `on_chunk` is shown every chunk that leaves the timeline (live view, plots)."""

    def __init__(self, piece: Piece, clock_for: ClockMaker, on_chunk: ChunkListener | None = None) -> None:
        self.timeline = Timeline(clock_for)
        self._gating = Gating(piece.rules)
        self.correlations = Correlations()
        self._mapping = Mapping(piece)
        self._on_chunk = on_chunk
        self._origin_s = 0.0
        self._ticks = 0

    def start(self, now_s: float) -> list[Record]:
        """The first value of every control; time begins here."""
        self._origin_s = now_s
        return list(self._mapping.start(now_s))

    def reload(self, piece: Piece, now_s: float) -> list[Record]:
        """Go on with a new version of the piece's routes, notes, gates and rules; what differs glides."""
        self._gating.retune(piece.rules)
        self._mapping, actions = self._mapping.reload(piece, now_s)
        return list(actions)

    def value(self, control: str) -> float:
        """Where a control of the piece stands now, in its own unit."""
        return self._mapping.standing(control)

    def advance(self, now_s: float) -> list[tuple[float, Record]]:
        """Run all ticks that are due by `now_s`: (time of the tick, record) in order."""
        records: list[tuple[float, Record]] = []
        while (tick_s := self._origin_s + (self._ticks + 1) * TICK_S) <= now_s:
            self._ticks += 1
            tick_s = round(tick_s, 6)
            for record in self._after_timeline(self.timeline.tick(tick_s)):
                records.append((tick_s, record))
            for event in self.correlations.advance(tick_s):
                records += ((tick_s, record) for record in self._mapped(event))
            for action in self._mapping.tick(tick_s):
                records.append((tick_s, action))
        return records

    def feed(self, item: Sourced) -> list[Record]:
        """One item from a source: every record that it causes, in order."""
        if isinstance(item, Status | Picture):
            return [item]
        return self._after_timeline(self.timeline.feed(item))

    def _after_timeline(self, outputs: Iterable[Chunk | Status]) -> list[Record]:
        records: list[Record] = []
        for output in outputs:
            if isinstance(output, Status):
                records.append(output)
                continue
            if self._on_chunk:
                self._on_chunk(output)
            self.correlations.chunk(output)
            for event in self._gating.feed(output):
                records += self._mapped(event)
                for found in self.correlations.event(event):
                    records += self._mapped(found)
        return records

    def _mapped(self, event: Event) -> list[Record]:
        """The event, and what it moves at once."""
        return [event, *self._mapping.feed(event)]
