"""`somatone inspect`: what a session holds, in a table and in a picture."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from somatone.errors import UsageError
from somatone.pieces.piece import find_piece
from somatone.recorded import session_records
from somatone.records import Chunk, Gate, Validity
from somatone.sources.e4_files import E4Session, read_session


@dataclass(slots=True)
class Findings:
    """What the path made of a session; times in seconds since its start."""

    beats_s: list[float] = field(default_factory=list)
    onsets_s: list[tuple[float, int]] = field(default_factory=list)  # (time, amplitude in nS)
    active_s: list[tuple[float, int]] = field(default_factory=list)  # (time, 1 opens 0 closes)
    worn: list[tuple[float, float, Validity]] = field(default_factory=list)  # stretches of one validity
    traces: dict[str, tuple[list[float], list[float]]] = field(default_factory=dict)

    def seconds(self, validity: Validity) -> float:
        return sum(end - start for start, end, kind in self.worn if kind is validity)

    @property
    def losses(self) -> list[tuple[float, float]]:
        """Stretches off the body between two that were on it: contact lost and found again."""
        absent = [(start, end) for start, end, kind in self.worn if kind is Validity.ABSENT]
        last_s = self.worn[-1][1] if self.worn else 0.0
        return [(start, end) for start, end in absent if start > 0 and end < last_s]


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


def findings_of(session: E4Session) -> Findings:
    """Run the session through the path of the shipped piece and keep what a researcher asks for first."""
    findings = Findings()

    def on_chunk(chunk: Chunk) -> None:
        times, values = findings.traces.setdefault(chunk.signal, ([], []))
        for k in range(0, len(chunk.samples), chunk.width):
            times.append(chunk.start_s + k / chunk.width / chunk.rate_hz)
            axes = chunk.samples[k : k + chunk.width]
            values.append(axes[0] if chunk.width == 1 else sum(v * v for v in axes) ** 0.5)
        _note_validity(findings, chunk)

    for _, record in session_records(session, find_piece("correlations"), on_chunk):
        if not isinstance(record, Gate):
            continue
        if record.name == "pulse.beat" and record.value:
            findings.beats_s.append(record.at_s)
        elif record.name == "eda.onset" and record.value:
            findings.onsets_s.append((record.at_s, record.strength))
        elif record.name == "motion.active":
            findings.active_s.append((record.at_s, record.value))
    return findings


def _note_validity(findings: Findings, chunk: Chunk) -> None:
    """Extend the wearer's validity by one chunk of the leading signal (conductance, else whatever there is)."""
    if not chunk.samples or ("eda" in findings.traces and chunk.signal != "eda"):
        return
    if findings.worn and findings.worn[-1][2] is chunk.validity:
        start, _, kind = findings.worn[-1]
        findings.worn[-1] = (start, chunk.end_s, kind)
    else:
        findings.worn.append((chunk.start_s, chunk.end_s, chunk.validity))


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
