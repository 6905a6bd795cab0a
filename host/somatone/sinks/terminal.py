"""The live view in a terminal: traces, validity, gates, levels, the output meter, losses, what is connected.

Drawn from the monitor alone, a few times a second. Where there is no terminal, `PlainLines` prints one line for
everything that happens to a person, and a summary now and then.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from somatone.records import Gate, Record, Status, Validity
from somatone.sinks.monitor import TRACE_COLUMNS, UNITS, Monitor

BLOCKS = "▁▂▃▄▅▆▇█"
COLOURS = {
    Validity.WORN: "green",
    Validity.ESTIMATED: "green",
    Validity.SETTLING: "yellow",
    Validity.MOVING: "yellow",
    Validity.SATURATED: "red",
    Validity.STALE: "red",
    Validity.ABSENT: "bright_black",
}
METER_FLOOR_DB = -60.0
METER_CELLS = 40


def sparkline(values: Sequence[float], columns: int = TRACE_COLUMNS) -> str:
    """One character a value, lowest to highest of what is shown; a flat trace stays low."""
    shown = list(values)[-columns:]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    span = high - low
    if span <= 0:
        return BLOCKS[0] * len(shown)
    return "".join(BLOCKS[min(7, int((v - low) / span * 8))] for v in shown)


def decibel(linear: float) -> float:
    """Linear full scale to dBFS, never below the meter's floor."""
    return max(METER_FLOOR_DB, 20 * math.log10(linear)) if linear > 0 else METER_FLOOR_DB


def bar(fraction: float, cells: int) -> str:
    filled = round(min(max(fraction, 0.0), 1.0) * cells)
    return "█" * filled + "·" * (cells - filled)


def draw(monitor: Monitor, header: str, sound: str, peaks: Sequence[float], now_s: float) -> RenderableType:
    """The whole view. `peaks` are the output's linear peaks, one a channel."""
    return Group(
        Panel(Text(header, style="bold"), border_style="cyan", padding=(0, 1)),
        _signals(monitor),
        _gates(monitor, now_s),
        _levels(monitor),
        _output(sound, peaks),
        _messages(monitor, now_s),
    )


def _signals(monitor: Monitor) -> Table:
    table = Table(box=None, padding=(0, 1), show_header=False)
    for name, trace in monitor.signals.items():
        unit = UNITS[name][0]
        colour = COLOURS[trace.validity]
        value = f"{trace.last:9.2f} {unit}" if trace.columns else "        –"
        table.add_row(
            Text(name, style="bold"),
            Text(f"{trace.validity.value:<9}", style=colour),
            value,
            Text(sparkline(trace.columns), style=colour),
        )
    return table


def _gates(monitor: Monitor, now_s: float) -> Text:
    line = Text("gates   ", style="bold")
    for name in monitor.gates:
        lit = monitor.lit(name, now_s)
        line.append(f" {'●' if lit else '○'} {name}", style="bold red" if lit else "bright_black")
    return line


def _levels(monitor: Monitor) -> Table:
    table = Table(box=None, padding=(0, 1), show_header=False)
    for name, value in monitor.levels.items():
        colour = COLOURS[monitor.level_validity[name]]
        table.add_row(Text(name, style="bold"), Text(f"{bar(value, 20)} {value:4.2f}", style=colour))
    return table


def _output(sound: str, peaks: Sequence[float]) -> Text:
    line = Text("output  ", style="bold")
    for peak in peaks or (0.0,):
        db = decibel(peak)
        colour = "red" if db > -1 else "green"
        line.append(f" {bar(1 - db / METER_FLOOR_DB, METER_CELLS // 2)} {db:6.1f} dBFS", style=colour)
    line.append(f"   {sound}", style="bright_black")
    return line


def _messages(monitor: Monitor, now_s: float) -> Group:
    lines: list[RenderableType] = []
    connected = ", ".join(f"{name}: {what}" for name, what in monitor.connected.items()) or "nothing connected yet"
    losses = ", ".join(f"{name} {count}" for name, count in monitor.losses.items() if count) or "no losses"
    lines.append(Text(f"{connected}   |   {losses}", style="bright_black"))
    lines += [Text(f"{now_s - at_s:5.0f} s ago  {text}") for at_s, text in monitor.messages]
    return Group(*lines)


class PlainLines:
    """The same for a log file: a line for everything worth one, with seconds since the start."""

    QUIET = ("motion.energy",)

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout

    def on_record(self, record: Record, now_s: float) -> None:
        if isinstance(record, Gate) and record.name != "pulse.beat":
            strength = f", strength {record.strength}" if record.value and record.strength else ""
            self.line(now_s, f"{record.name} {'opens' if record.value else 'closes'}{strength}")
        elif isinstance(record, Status):
            self.line(now_s, record.message or f"{record.name} is {record.value}")

    def summary(self, now_s: float, monitor: Monitor, peaks: Iterable[float]) -> None:
        beats = monitor.counts.get("pulse.beat", 0)
        onsets = monitor.counts.get("eda.onset", 0)
        peak_db = decibel(max(peaks, default=0.0))
        validity = ", ".join(f"{name} {trace.validity.value}" for name, trace in monitor.signals.items())
        self.line(now_s, f"{validity}; {beats} beats, {onsets} onsets; output peak {peak_db:.1f} dBFS")

    def line(self, now_s: float, text: str) -> None:
        print(f"{now_s:9.2f} s  {text}", file=self._out, flush=True)
