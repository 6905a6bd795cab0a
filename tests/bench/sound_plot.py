"""Pictures of rendered sound: what was measured of it, over time, under what moved it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.descriptors import Sound

BUILD = Path(__file__).resolve().parents[2] / "build"


@dataclass(slots=True)
class Row:
    """One panel: lines by label, against seconds; spans and marks are drawn behind them."""

    title: str
    lines: Mapping[str, tuple[Sound, Sound]] = field(default_factory=dict)
    spans: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    marks: Sequence[float] = ()
    log: bool = False
    low: float | None = None
    high: float | None = None
    steps: bool = False


def draw(out: Path, title: str, rows: Sequence[Row], seconds: float, borders: Sequence[tuple[float, str]] = ()) -> None:
    """One page, time from left to right through all panels."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    heights = [max(1.6, 0.32 * len(row.spans)) if row.spans else 1.8 for row in rows]
    figure, axes = plt.subplots(
        len(rows), 1, figsize=(17, sum(heights) + 1), sharex=True, height_ratios=heights, squeeze=False
    )
    for axis, row in zip(axes[:, 0], rows, strict=True):
        _panel(axis, row)
        for at_s, _ in borders:
            axis.axvline(at_s, color="0.8", linewidth=0.8, zorder=0)
    for at_s, name in borders:
        axes[0, 0].text(at_s, 1.02, f" {name}", transform=axes[0, 0].get_xaxis_transform(), fontsize=8, rotation=20)
    axes[0, 0].set_xlim(0, seconds)
    axes[-1, 0].set_xlabel("seconds")
    axes[0, 0].set_title(title, loc="left", pad=42 if borders else 8)
    figure.tight_layout()
    out.parent.mkdir(exist_ok=True)
    figure.savefig(out, dpi=80)
    plt.close(figure)


def _panel(axis: Any, row: Row) -> None:
    for index, (name, spans) in enumerate(row.spans.items()):
        axis.broken_barh([(begin, end - begin) for begin, end in spans], (index + 0.1, 0.8), color=f"C{index % 10}")
        axis.text(
            0, index + 0.5, f" {name}", va="center", fontsize=8, bbox={"facecolor": "white", "alpha": 0.7, "pad": 1}
        )
    if row.spans:
        axis.set_yticks([])
        axis.set_ylim(0, len(row.spans))
    for mark in row.marks:
        axis.axvline(mark, color="#c04040", linewidth=0.5, alpha=0.5)
    for name, (times, values) in row.lines.items():
        shape = {"drawstyle": "steps-post"} if row.steps else {}
        axis.plot(times, np.ma.masked_invalid(values), linewidth=1, label=name, **shape)
    if row.log:
        axis.set_yscale("log")
    if row.low is not None or row.high is not None:
        axis.set_ylim(row.low, row.high)
    axis.set_ylabel(row.title, fontsize=8)
    if len(row.lines) > 1:
        axis.legend(loc="upper right", fontsize=7, ncols=4)
