"""Plays a recording through the real path with given settings, and keeps what a person compares: signals as the gates
saw them, openings, levels, validity, and the rules' thresholds.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from somatone.gating.signal_rules import RuleSettings
from somatone.pieces.piece import Piece
from somatone.recorded import Session, session_records
from somatone.records import Chunk, Gate, Level, Record, Validity
from somatone.tuning.traces import COPIES, Curve, Trace

LATE_S = 12.0  # an opening of the asked stretch is known by then, and its closing mostly

Progress = Callable[[float], None]
Values = NDArray[np.float64]


@dataclass(slots=True)
class Opening:
    """One time that a gate was open, seconds since the start; `end_s` None while it is.

    `cut`: it was the signal that could not be trusted any more, not the rule, that closed it.
    """

    start_s: float
    strength: int
    end_s: float | None = None
    cut: bool = False


@dataclass
class Seen:
    """One signal of the wearer as its leading source gave it to the gates."""

    signal: str
    rate_hz: float
    width: int
    samples: array[int] = field(default_factory=lambda: array("i"))
    starts: list[tuple[int, float]] = field(default_factory=list)  # (sample, time) of each chunk
    stretches: list[tuple[float, float, Validity]] = field(default_factory=list)
    rows: array[float] = field(default_factory=lambda: array("d"))  # one number a curve and sample

    @cached_property
    def times_s(self) -> Values:
        """Time of each sample, seconds since the start of the recording."""
        count = len(self.samples) // self.width
        firsts = np.array([first for first, _ in self.starts], dtype=np.int64)
        starts_s = np.array([start_s for _, start_s in self.starts])
        lengths = np.diff(np.append(firsts, count))
        return np.repeat(starts_s - firsts / self.rate_hz, lengths) + np.arange(count) / self.rate_hz

    @cached_property
    def values(self) -> Values:
        """One number a sample, in counts; of several axes the length of the vector."""
        samples = np.asarray(self.samples, dtype=np.float64).reshape(-1, self.width)
        return samples[:, 0] if self.width == 1 else np.sqrt((samples**2).sum(axis=1))

    def curves(self, rules: Iterable[str]) -> dict[Curve, Values]:
        """The lines that belong to these rules, one value a sample; none where the signal was not traced."""
        if not self.rows:
            return {}
        known = COPIES[self.signal].curves
        table = np.asarray(self.rows).reshape(-1, len(known))
        asked = frozenset(rules)
        return {curve: table[:, k] for k, curve in enumerate(known) if asked & frozenset(curve.rules)}

    def usable(self, times_s: Values) -> NDArray[np.bool_]:
        """Whether a gate could open at these times."""
        inside = np.zeros(len(times_s), dtype=bool)
        for start_s, end_s, validity in self.stretches:
            if validity.usable:
                inside |= (times_s >= start_s) & (times_s < end_s)
        return inside


@dataclass(slots=True)
class Played:
    """What came of a recording; times in seconds since its start."""

    settings: RuleSettings
    signals: dict[str, Seen] = field(default_factory=dict)
    openings: dict[str, list[Opening]] = field(default_factory=dict)
    levels: dict[str, list[tuple[float, float, bool]]] = field(default_factory=dict)  # (time, value, holds)

    def starts_s(self, gate: str) -> Values:
        """When the gate opened."""
        return np.array([opening.start_s for opening in self.openings.get(gate, [])])


class _Listener:
    """Keeps the chunks and records of one wearer."""

    def __init__(self, played: Played, wearer: str, traced: Iterable[str]) -> None:
        self._played = played
        self._wearer = wearer
        self._traced = frozenset(traced) & frozenset(COPIES)
        self._traces: dict[tuple[str, str], Trace] = {}

    def on_chunk(self, chunk: Chunk) -> None:
        if chunk.wearer != self._wearer or not chunk.samples:
            return
        rows = self._trace(chunk).feed(chunk) if chunk.signal in self._traced else None
        if not chunk.leads:
            return
        seen = self._played.signals.setdefault(chunk.signal, Seen(chunk.signal, chunk.rate_hz, chunk.width))
        seen.starts.append((len(seen.samples) // seen.width, chunk.start_s))
        seen.samples.extend(chunk.samples)
        _extend(seen.stretches, chunk)
        if rows:
            seen.rows.extend(rows)

    def _trace(self, chunk: Chunk) -> Trace:
        """One a source: those that do not lead learn as well."""
        key = (chunk.signal, chunk.source)
        if key not in self._traces:
            self._traces[key] = Trace(chunk.signal, self._played.settings)
        return self._traces[key]

    def on_record(self, record: Record) -> None:
        if isinstance(record, Gate) and record.wearer == self._wearer:
            openings = self._played.openings.setdefault(record.name, [])
            if record.value:
                openings.append(Opening(record.at_s, record.strength))
            elif openings:
                last = openings[-1]
                last.end_s = max(record.at_s, last.start_s)
                last.cut = not record.validity.usable
                last.strength = max(last.strength, record.strength)  # a response grows until its gate closes
        elif isinstance(record, Level) and record.wearer == self._wearer:
            level = (record.at_s, record.value, record.validity.usable)
            self._played.levels.setdefault(record.name, []).append(level)


def _extend(stretches: list[tuple[float, float, Validity]], chunk: Chunk) -> None:
    if stretches and stretches[-1][2] is chunk.validity and chunk.start_s - stretches[-1][1] < 1.0:
        stretches[-1] = (stretches[-1][0], chunk.end_s, chunk.validity)
    else:
        stretches.append((chunk.start_s, chunk.end_s, chunk.validity))


def play(
    session: Session,
    piece: Piece,
    settings: RuleSettings,
    *,
    wearer: str,
    until_s: float,
    traced: Iterable[str] = (),
    progress: Progress = lambda share: None,
) -> Played:
    """The recording up to `until_s` through the path of the piece, with these settings for its rules.

    `traced` are the signals whose thresholds are kept.
    """
    played = Played(settings)
    listener = _Listener(played, wearer, traced)
    piece = msgspec.structs.replace(piece, rules=settings)
    for host_s, record in session_records(session, piece, listener.on_chunk):
        if host_s > until_s + LATE_S:
            break
        progress(host_s / until_s)
        listener.on_record(record)
    return played
