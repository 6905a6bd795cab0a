"""`somatone inspect`: what a session holds, in a table and in a picture."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from somatone.errors import UsageError
from somatone.findings import Findings, findings_of
from somatone.records import Validity
from somatone.sources.e4_files import E4Session, read_session


def inspect_command(path: Path, plot: Path | None) -> None:
    """Print the table, the problems and, if asked, draw the picture. Raises `SessionError` for a path that is none."""
    if plot and plot.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise UsageError(f"--plot {plot} must end in .png, .pdf or .svg.")
    session = read_session(path)
    findings = findings_of(session)
    Console().print(_table(session))
    for line in summary(session, findings):
        print(line)
    for problem in session.problems:
        print(f"{session.name}: {problem}.", file=sys.stderr)
    if plot:
        from somatone.sinks.session_plot import draw_session  # noqa: PLC0415 - matplotlib takes a second to load

        draw_session(session, findings, plot)
        print(f"drawn to {plot}")


def _table(session: E4Session) -> Table:
    table = Table(title=f"{session.name}  {_utc(session.start_utc)}")
    for column in ("signal", "rate", "samples", "starts", "length", "missing rows"):
        table.add_column(column, justify="left" if column == "signal" else "right")
    for name, stream in session.streams.items():
        kept = sum(len(run.samples) for run in stream.runs) // stream.format.width
        table.add_row(
            name,
            f"{stream.rate_hz} Hz",
            str(kept),
            f"+{stream.start_utc - session.start_utc:.2f} s",
            _length(stream.length_s),
            str(stream.rows - kept),
        )
    return table


def summary(session: E4Session, findings: Findings) -> list[str]:
    """The lines under the table."""
    absent_s = findings.seconds(Validity.ABSENT)
    losses = findings.losses
    where = ", ".join(f"{start:.0f}..{end:.0f} s" for start, end in losses[:8]) + (" ..." if len(losses) > 8 else "")
    lines = [
        f"on the body {_length(findings.seconds(Validity.WORN))}, settling "
        f"{_length(findings.seconds(Validity.SETTLING))}, off the body {_length(absent_s)}",
        f"contact lost and found again {len(losses)} times{': ' + where if losses else ''}",
        f"{len(findings.beats_s)} beats, {len(findings.onsets_s)} skin-conductance onsets, {len(session.tags_s)} tags",
    ]
    if session.ibi and "bvp" in session.streams:
        pulse_s = session.streams["bvp"].length_s
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
