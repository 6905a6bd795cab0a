"""`somatone inspect`: what a session holds, in a table and in a picture."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from somatone.commands.progress import progress_bar
from somatone.errors import UsageError
from somatone.findings import Findings, findings_of
from somatone.recorded import Session, open_session, session_items
from somatone.records import NativeChunk, Validity
from somatone.sources.e4_files import E4Session
from somatone.timeline.units import native_format


def inspect_command(path: Path, plot: Path | None) -> None:
    """Print the table, the problems and, if asked, draw the picture. Raises `SessionError` for a path that is none."""
    if plot and plot.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise UsageError(f"--plot {plot} must end in .png, .pdf or .svg.")
    session = open_session(path)
    with progress_bar(f"reading {session.name}") as advance:
        findings = findings_of(session, advance)
    Console().print(_table(session))
    for line in summary(session, findings):
        print(line)
    for problem in session.problems:
        print(f"{session.name}: {problem}.", file=sys.stderr)
    if plot:
        from somatone.sinks.session_plot import draw_session  # noqa: PLC0415 - matplotlib takes a second to load

        draw_session(session, findings, plot)
        print(f"drawn to {plot}")


def _table(session: Session) -> Table:
    table = Table(title=f"{session.name}  {_utc(session.start_utc)}")
    for column in ("signal", "rate", "samples", "starts", "length", "missing rows"):
        table.add_column(column, justify="left" if column == "signal" else "right")
    for row in _archive_rows(session) if isinstance(session, E4Session) else _recording_rows(session):
        table.add_row(*row)
    return table


def _archive_rows(session: E4Session) -> Iterator[tuple[str, ...]]:
    for name, stream in session.streams.items():
        kept = sum(len(run.samples) for run in stream.runs) // stream.format.width
        starts_s = stream.start_utc - session.start_utc
        yield _row(name, stream.rate_hz, kept, starts_s, stream.length_s, stream.rows - kept)


def _recording_rows(session: Session) -> Iterator[tuple[str, ...]]:
    """One a wearer, source and signal; a jump of the index is what is missing."""
    lanes: dict[str, _Lane] = {}
    for time_s, item in session_items(session):
        if isinstance(item, NativeChunk):
            name = f"{item.wearer} {item.signal} ({item.source})"
            lanes.setdefault(name, _Lane(item, time_s)).add(item, time_s)
    for name, lane in sorted(lanes.items()):
        yield _row(name, lane.rate_hz, lane.kept, lane.first_s, lane.last_s - lane.first_s, lane.missing)


class _Lane:
    """What came of one signal."""

    def __init__(self, first: NativeChunk, time_s: float) -> None:
        self.rate_hz = native_format(first.format).rate_hz
        self.first_s = self.last_s = time_s
        self.kept = self.missing = 0
        self._next = first.index

    def add(self, item: NativeChunk, time_s: float) -> None:
        count = len(item.samples) // item.width
        self.kept += count
        self.missing += max(0, item.index - self._next)
        self._next = item.index + count
        self.last_s = time_s


def _row(name: str, rate_hz: int, kept: int, starts_s: float, length_s: float, missing: int) -> tuple[str, ...]:
    return name, f"{rate_hz} Hz", str(kept), f"+{starts_s:.2f} s", _length(length_s), str(missing)


def summary(session: Session, findings: Findings) -> list[str]:
    """The lines under the table."""
    worn_s = findings.seconds(Validity.WORN) + findings.seconds(Validity.ESTIMATED)
    absent_s = findings.seconds(Validity.ABSENT)
    losses = findings.losses
    where = ", ".join(f"{start:.0f}..{end:.0f} s" for start, end in losses[:8]) + (" ..." if len(losses) > 8 else "")
    lines = [
        f"on the body {_length(worn_s)}, settling "
        f"{_length(findings.seconds(Validity.SETTLING))}, off the body {_length(absent_s)}",
        f"contact lost and found again {len(losses)} times{': ' + where if losses else ''}",
        f"{len(findings.beats_s)} beats, {len(findings.onsets_s)} skin-conductance onsets, {len(session.tags_s)} tags",
    ]
    if session.ibi and "bvp" in findings.traces:
        pulse_s = findings.traces["bvp"][0][-1]
        inside = [interval for at_s, interval in session.ibi if at_s <= pulse_s]
        lines.append(
            f"the E4's own inter-beat intervals: {len(inside)}, covering {sum(inside) / pulse_s:.0%} of the pulse"
        )
    return lines


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
