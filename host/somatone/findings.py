"""What the path makes of a recorded session, kept for tables and pictures: beats, onsets, validity, traces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from somatone.pieces.piece import find_piece
from somatone.recorded import Session, session_records
from somatone.records import Chunk, Gate, Validity


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


def findings_of(session: Session, progress: Callable[[float], None] = lambda share: None) -> Findings:
    """Run the session through the path of the shipped piece and keep what a researcher asks for first."""
    findings = Findings()

    def on_chunk(chunk: Chunk) -> None:
        times, values = findings.traces.setdefault(chunk.signal, ([], []))
        for k in range(0, len(chunk.samples), chunk.width):
            times.append(chunk.start_s + k / chunk.width / chunk.rate_hz)
            axes = chunk.samples[k : k + chunk.width]
            values.append(axes[0] if chunk.width == 1 else sum(v * v for v in axes) ** 0.5)
        _note_validity(findings, chunk)

    for host_s, record in session_records(session, find_piece("correlations"), on_chunk):
        progress(host_s / session.length_s)
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
