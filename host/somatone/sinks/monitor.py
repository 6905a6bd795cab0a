"""What a person watching wants to know, gathered from the path: a plain model, drawn by `terminal`.

It keeps a bounded history and never blocks; drawing reads it at its own pace.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from somatone.gating.names import BODY_GATES, BODY_LEVELS
from somatone.records import Chunk, Control, Gate, Level, Note, Record, Status, Validity
from somatone.training_metrics import METRICS, ONE

TRACE_SECONDS = 12.0
TRACE_COLUMNS = 60
FLASH_S = 0.25
UNITS: Mapping[str, tuple[str, float]] = {
    "eda": ("µS", 1e-3),
    "temp": ("°C", 1e-2),
    "acc": ("g", 1 / 64),
    "bvp": ("", 1),
} | {
    name: (metric.unit if metric.unit in ("bit", "log2", "digits") else "", 1 / ONE) for name, metric in METRICS.items()
}
CONNECTIONS = ("board", "sound", "sound.device", "simulated", "run", "section")  # statuses that say what is there
SIGNALS = ("bvp", "eda", "temp", "acc")


@dataclass(slots=True)
class SignalTrace:
    """The last seconds of one signal, one value a column, and what is known about it."""

    validity: Validity = Validity.ABSENT
    source: str = ""
    last: float = 0.0
    columns: deque[float] = field(default_factory=lambda: deque(maxlen=TRACE_COLUMNS))
    _sum: float = 0.0
    _count: int = 0

    def add(self, value: float, per_column: int) -> None:
        self.last = value
        self._sum += value
        self._count += 1
        if self._count >= per_column:
            self.columns.append(self._sum / self._count)
            self._sum, self._count = 0.0, 0


class Monitor:
    """Everything that the live view shows; `on_chunk` and `on_record` feed it."""

    def __init__(self) -> None:
        self.signals = {name: SignalTrace() for name in SIGNALS}
        self.gates = dict.fromkeys(BODY_GATES, 0)
        self.opened_s: dict[str, float] = {}
        self.levels = dict.fromkeys(BODY_LEVELS, 0.0)
        self.level_validity = dict.fromkeys(BODY_LEVELS, Validity.ABSENT)
        self.counts: dict[str, int] = {}
        self.losses: dict[str, int | float | str] = {}
        self.messages: deque[tuple[float, str]] = deque(maxlen=6)
        self.connected: dict[str, str] = {}
        self.controls = 0

    def on_chunk(self, chunk: Chunk) -> None:
        trace = self._trace(chunk.signal)
        if trace is None:
            return
        trace.validity, trace.source = chunk.validity, chunk.source
        scale = UNITS[chunk.signal][1]
        per_column = max(1, round(chunk.rate_hz * TRACE_SECONDS / TRACE_COLUMNS))
        samples = chunk.samples
        for k in range(0, len(samples), chunk.width):
            value = samples[k] if chunk.width == 1 else sum(abs(v) for v in samples[k : k + 3])
            trace.add(value * scale, per_column)

    def on_record(self, record: Record, now_s: float) -> None:
        match record:
            case Control():
                self.controls += 1
            case Gate():
                self.gates[record.name] = record.value
                if record.value:
                    self.opened_s[record.name] = now_s
                    self.counts[record.name] = self.counts.get(record.name, 0) + 1
            case Level():
                self.levels[record.name] = record.value
                self.level_validity[record.name] = record.validity
            case Status():
                self._on_status(record, now_s)
            case Note():
                self.counts[f"note {record.voice}"] = self.counts.get(f"note {record.voice}", 0) + 1

    def _on_status(self, status: Status, now_s: float) -> None:
        if status.name.endswith(".validity"):
            if trace := self._trace(status.name.partition(".")[0]):
                trace.validity = status.validity
        elif ".loss." in status.name:
            self.losses[status.name] = status.value
        elif status.name in CONNECTIONS:
            self.connected[status.name] = str(status.value)
        if status.message:
            self.messages.append((now_s, status.message))

    def _trace(self, signal: str) -> SignalTrace | None:
        """The signal's trace; a run's appear when they come, of what has no unit here none."""
        if signal not in self.signals and signal in UNITS:
            self.signals[signal] = SignalTrace()
        return self.signals.get(signal)

    def lit(self, gate: str, now_s: float) -> bool:
        """Whether the gate is open, or was a moment ago (an eye misses what is shorter)."""
        return bool(self.gates[gate]) or now_s - self.opened_s.get(gate, -FLASH_S) < FLASH_S
