"""Draws a session on one page: conductance with onsets, pulse and heart rate, temperature, movement, validity.

Off-body stretches are shaded through all panels, so that the moment a band was taken off is seen at once.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

from somatone.errors import SomatoneError
from somatone.findings import Findings
from somatone.recorded import Session
from somatone.records import Validity

NEAR_S = 30.0  # absences closer than this are one story, and the close-up shows as much on either side
SHADES = {Validity.ABSENT: "#d05050", Validity.SETTLING: "#e0b040"}


def draw_session(session: Session, findings: Findings, out: Path) -> None:
    """Draw to `out` (PNG, PDF or SVG). Raises `SomatoneError` without matplotlib, or for an `out` it cannot write."""
    try:
        import matplotlib  # noqa: PLC0415
    except ImportError:
        raise SomatoneError("drawing needs matplotlib: install somatone with its [plot] extra.") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    stretch = _longest_absence(findings)
    figure, axes = _panels(pyplot, close_up=stretch is not None)
    _conductance(axes[0], findings)
    _pulse(axes[1], findings)
    _heart_rate(axes[2], session, findings)
    _trace(axes[3], findings, "temp", 0.01, "skin temperature, °C", "#c06020")
    _trace(axes[4], findings, "acc", 1 / 64, "movement, g", "#407040")
    _shade(axes, findings)
    _name_absences(axes[0], findings)
    for axis in axes[:5]:
        for tag_s in session.tags_s:
            axis.axvline(tag_s, color="#3060c0", linewidth=0.8, linestyle=":")
        axis.set_xlim(0, session.length_s)
        axis.grid(alpha=0.25)
    axes[0].set_title(f"{session.name}: {len(findings.beats_s)} beats, {len(findings.onsets_s)} onsets")
    axes[4].set_xlabel("seconds since the start of the session")
    if stretch:
        _close_up(axes[5], findings, stretch)
    figure.tight_layout()
    try:
        figure.savefig(out, dpi=110)
    except OSError as error:
        raise SomatoneError(f"{out} cannot be written ({error.strerror}): choose another --plot file.") from None
    finally:
        pyplot.close(figure)


def _panels(pyplot: Any, *, close_up: bool) -> tuple[Any, list[Any]]:
    """Five panels that share the session's time, and one for the close-up of the moment the sensor was off."""
    ratios = (3, 2, 2, 2, 2, 3) if close_up else (3, 2, 2, 2, 2)
    figure = pyplot.figure(figsize=(16, 13 if close_up else 11))
    grid = figure.add_gridspec(len(ratios), 1, height_ratios=ratios)
    axes = [figure.add_subplot(grid[0])]
    axes += [figure.add_subplot(grid[k], sharex=axes[0]) for k in range(1, 5)]
    for axis in axes[:4]:
        axis.tick_params(labelbottom=False)
    if close_up:
        axes.append(figure.add_subplot(grid[5]))
    return figure, axes


def _absences(findings: Findings) -> list[tuple[float, float]]:
    """Stretches off the body, those less than `NEAR_S` apart as one; not the ends of the session."""
    merged: list[tuple[float, float]] = []
    for start_s, end_s in findings.losses:
        if merged and start_s - merged[-1][1] < NEAR_S:
            merged[-1] = (merged[-1][0], end_s)
        else:
            merged.append((start_s, end_s))
    return merged


def _longest_absence(findings: Findings) -> tuple[float, float] | None:
    return max(_absences(findings), key=lambda stretch: stretch[1] - stretch[0], default=None)


def _name_absences(axis: Any, findings: Findings) -> None:
    for start_s, end_s in sorted(_absences(findings), key=lambda stretch: stretch[0] - stretch[1])[:6]:
        text = f"off the body\n{start_s:.0f}..{end_s:.0f} s"
        axis.annotate(text, (end_s, 0.97), xycoords=("data", "axes fraction"), va="top", fontsize=8, color="#902020")


def _close_up(axis: Any, findings: Findings, stretch: tuple[float, float]) -> None:
    """Conductance and temperature around one absence, every sample a dot."""
    start_s, end_s = stretch
    axis.set_title("the longest time off the body, close up: red off, yellow settling", fontsize=10)
    _trace(axis, findings, "eda", 1e-3, "skin conductance, µS", "#803090")
    times, values = findings.traces.get("eda", ([], []))
    axis.plot(times, [v * 1e-3 for v in values], ".", color="#803090", markersize=4)
    warm = axis.twinx()
    _trace(warm, findings, "temp", 0.01, "skin temperature, °C", "#c06020")
    axis.set_xlim(start_s - NEAR_S, end_s + NEAR_S)
    shown = [v * 1e-3 for t, v in zip(times, values, strict=True) if start_s - NEAR_S <= t <= end_s + NEAR_S]
    axis.set_ylim(-0.02, max(shown, default=1.0) * 1.1 + 0.02)
    axis.grid(alpha=0.25)
    axis.set_xlabel("seconds since the start of the session")


def _trace(axis: Any, findings: Findings, signal: str, scale: float, label: str, colour: str) -> None:
    times, values = findings.traces.get(signal, ([], []))
    axis.plot(times, [v * scale for v in values], color=colour, linewidth=0.7)
    axis.set_ylabel(label)
    if not times:
        axis.text(0.5, 0.5, f"no {signal} in this session", transform=axis.transAxes, ha="center", color="grey")


def _conductance(axis: Any, findings: Findings) -> None:
    _trace(axis, findings, "eda", 1e-3, "skin conductance, µS", "#803090")
    times, values = findings.traces.get("eda", ([], []))
    if times and findings.onsets_s:
        rate_hz = 4
        marks = [
            (t, values[min(max(round((t - times[0]) * rate_hz), 0), len(values) - 1)]) for t, _ in findings.onsets_s
        ]
        axis.plot(
            [t for t, _ in marks], [v * 1e-3 for _, v in marks], "^", color="#d02060", markersize=4, label="onset"
        )
        axis.legend(loc="upper right")


def _pulse(axis: Any, findings: Findings) -> None:
    _trace(axis, findings, "bvp", 0.01, "pulse, E4 counts", "#b02020")
    _, values = findings.traces.get("bvp", ([], []))
    if values:
        usual = sorted(abs(v) for v in values[::16])[int(len(values[::16]) * 0.98)] * 0.01 or 1.0
        axis.set_ylim(-2 * usual, 2 * usual)  # a few jolts would flatten an hour of pulse


def _heart_rate(axis: Any, session: Session, findings: Findings) -> None:
    if session.hr:
        axis.plot(
            [t for t, _ in session.hr], [v for _, v in session.hr], color="#999999", linewidth=0.8, label="E4's own"
        )
    beats = findings.beats_s
    ours = [(b, 60 / (b - a)) for a, b in pairwise(beats) if 0.25 <= b - a <= 2.0]
    axis.plot([t for t, _ in ours], [v for _, v in ours], ".", color="#b02020", markersize=1.2, label="each beat")
    axis.set_ylabel("heart rate, bpm")
    axis.set_ylim(30, 200)
    if ours or session.hr:
        axis.legend(loc="upper right", markerscale=6)


def _shade(axes: Any, findings: Findings) -> None:
    for start_s, end_s, validity in findings.worn:
        if validity in SHADES:
            for axis in axes:
                axis.axvspan(start_s, end_s, color=SHADES[validity], alpha=0.3, linewidth=0)
