"""Draws who moves with whom on one page, and beside it what chance makes of the same streams at the same scale.

Three rows: two rings of streams with chords, one true and one from a surrogate; a lag curve for each of the strongest
pairs in the band of chance, with thin curves of surrogates; and a strip of what the live stage would have said when.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from somatone.errors import SomatoneError
from somatone.timeline.correlation.null import NEAREST_SHIFT
from somatone.timeline.correlation.snapshot import Snapshot
from somatone.timeline.correlation.streams import Key
from somatone.timeline.correlation.whole import LAGS_S, Standing, Whole, WholePair

TOGETHER, OPPOSED, CHANCE, UNKNOWN = "#00796b", "#d1495b", "#b8b8b8", "#ededed"
CURVES = 12  # pairs that get a lag curve; more are unreadable on a page
GHOSTS = 12  # thin curves of surrogates in each
WORDS = {
    "eda": "skin conductance",
    "eda.onset": "skin response",
    "motion": "movement",
    "motion.active": "starts to move",
    "temp": "skin temperature",
    "pulse.rate": "heart rate",
    "pulse.strength": "pulse strength",
    "breath.rate": "breath rate",
    "mic": "microphone",
}


def draw_correlations(name: str, whole: Whole, snapshots: Sequence[Snapshot], out: Path) -> None:
    """Draw to `out` (PNG, PDF or SVG). Raises `SomatoneError` without matplotlib, or for an `out` it cannot write."""
    try:
        import matplotlib  # noqa: PLC0415
    except ImportError:
        raise SomatoneError("drawing needs matplotlib: install somatone with its [plot] extra.") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    pairs = sorted(whole.pairs, key=lambda pair: -pair.score)
    shown = pairs[:CURVES]
    rows = math.ceil(len(shown) / 4)
    strip = 1.2 + 0.2 * len(pairs)
    figure = pyplot.figure(figsize=(16, 6.6 + 2.4 * rows + strip), layout="constrained")
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=(6.2, 2.4 * rows + 0.4, strip))
    _rings(top, name, whole)
    _curves(middle, whole, shown, rows)
    _strip(bottom, pairs, snapshots)
    try:
        figure.savefig(out, dpi=100)
    except OSError as error:
        raise SomatoneError(f"{out} cannot be written ({error.strerror}): choose another --plot file.") from None
    finally:
        pyplot.close(figure)


def word(key: Key, *, several: bool) -> str:
    """A stream as a person calls it; whose it is, where there are several."""
    name = WORDS.get(key[1], key[1].replace("_", " "))
    return f"{key[0]}: {name}" if several else name


def _several(whole: Whole) -> bool:
    return len({key[0] for pair in whole.pairs for key in (pair.first, pair.second)}) > 1


def _rings(figure: Any, name: str, whole: Whole) -> None:
    above = sum(whole.above(pair) for pair in whole.pairs)
    figure.suptitle(
        f"{name}: {above} of {len(whole.pairs)} pairs move together by more than chance   "
        f"({whole.seconds / 60:.0f} minutes)",
        fontsize=16,
    )
    left, right = figure.subplots(1, 2)
    left.set_title("what was measured", fontsize=13)
    _ring(left, whole, [pair.true for pair in whole.pairs])
    right.set_title("what chance looks like: the same streams, shifted apart in time", fontsize=13)
    _ring(right, whole, whole.ghost)
    left.text(
        0,
        -1.28,
        "A chord is as wide as the pair agrees beyond its own noise, the same scale on both sides.\n"
        "Coloured: stronger than the strongest chord of 99 in 100 shifted copies. The dot sits near who moves first.",
        ha="center",
        va="top",
        fontsize=10,
        color="#444444",
    )
    for colour, what, y in (
        (TOGETHER, "rise and fall together", -1.28),
        (OPPOSED, "one rises when the other falls", -1.38),
        (CHANCE, "no more than chance", -1.48),
    ):
        right.plot([-0.75, -0.6], [y, y], color=colour, linewidth=4, solid_capstyle="butt", clip_on=False)
        right.text(-0.55, y, what, va="center", fontsize=10, color="#444444")


def _ring(axis: Any, whole: Whole, standings: Sequence[Standing]) -> None:
    """Streams around a circle, and a chord for every pair."""
    keys = sorted({key for pair in whole.pairs for key in (pair.first, pair.second)})
    angles = {key: math.pi / 2 - 2 * math.pi * k / len(keys) for k, key in enumerate(keys)}
    several = _several(whole)
    for pair, standing in sorted(zip(whole.pairs, standings, strict=True), key=lambda both: both[1].score.max()):
        _chord(axis, angles[pair.first], angles[pair.second], standing, whole.threshold)
    for key, angle in angles.items():
        x, y = math.cos(angle), math.sin(angle)
        axis.plot(x, y, "o", color="#333333", markersize=7)
        side = "center" if abs(x) < 0.2 else "left" if x > 0 else "right"
        axis.text(1.1 * x, 1.12 * y, word(key, several=several), ha=side, va="center", fontsize=12)
    axis.set_xlim(-2.0, 2.0)
    axis.set_ylim(-1.5, 1.25)
    axis.set_aspect("equal")
    axis.axis("off")


def _chord(axis: Any, one: float, other: float, standing: Standing, threshold: float) -> None:
    """A curve bent towards the middle; its width is the score against the threshold."""
    score = float(standing.score.max()) / threshold
    r, lag_s = float(standing.r[standing.best]), LAGS_S[standing.best]
    colour = CHANCE if score < 1 else TOGETHER if r > 0 else OPPOSED
    t = np.linspace(0, 1, 41)
    x = (1 - t) ** 2 * math.cos(one) + t**2 * math.cos(other)
    y = (1 - t) ** 2 * math.sin(one) + t**2 * math.sin(other)
    axis.plot(
        x,
        y,
        color=colour,
        linewidth=min(6 * score, 16),
        alpha=0.85 if score >= 1 else 0.6,
        zorder=1 + score,
        solid_capstyle="butt",
    )
    if score < 1:
        return
    if lag_s:
        place = 32 if lag_s > 0 else 8  # a lag above 0: the second stream moves first
        axis.plot(x[place], y[place], "o", color="white", markeredgecolor=colour, markersize=8, zorder=20)
    axis.annotate(
        f"{abs(lag_s)} s" if lag_s else "at once",
        (x[20], y[20]),
        fontsize=10,
        ha="center",
        va="center",
        zorder=21,
        bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": colour},
    )


def _curves(figure: Any, whole: Whole, shown: Sequence[WholePair], rows: int) -> None:
    figure.suptitle(
        "how strongly the pairs agree when one is moved against the other (grey: shifted copies; "
        "band: what the strongest of all pairs passes by chance in 1 of 100)",
        fontsize=12,
    )
    axes = figure.subplots(rows, 4, sharex=True, sharey=True, squeeze=False).flat
    several = _several(whole)
    limit = min(1.0, 1.25 * max(max(abs(pair.r), pair.r_of(whole.threshold)) for pair in shown))
    for axis, pair in zip(axes, shown, strict=False):
        _curve(axis, whole, pair, several=several)
        axis.set_ylim(-limit, limit)
    for axis in list(axes):
        axis.axis("off")


def _curve(axis: Any, whole: Whole, pair: WholePair, *, several: bool) -> None:
    """r by lag; to the left of 0 the first named moves first, to the right the second."""
    first, second = word(pair.first, several=several), word(pair.second, several=several)
    band = pair.r_of(whole.threshold)
    for k in range(GHOSTS):
        shift = NEAREST_SHIFT + (whole.seconds - 2 * NEAREST_SHIFT) * (2 * k + 1) // (2 * GHOSTS)
        axis.plot(LAGS_S, pair.at(shift).r, color=CHANCE, linewidth=0.6)
    axis.axhspan(-band, band, color="#f3f0e4", zorder=0)
    colour = "#555555" if not whole.above(pair) else TOGETHER if pair.r > 0 else OPPOSED
    axis.plot(LAGS_S, pair.true.r, color=colour, linewidth=2.2)
    if whole.above(pair):
        axis.plot(pair.lag_s, pair.r, "o", color=colour, markersize=7)
    axis.axvline(0, color="#999999", linewidth=0.6)
    axis.set_title(f"{first} + {second}", fontsize=10)
    axis.text(0.02, 0.03, f"◂ {first} first", transform=axis.transAxes, fontsize=7, color="#666666")
    axis.text(0.98, 0.03, f"{second} first ▸", transform=axis.transAxes, fontsize=7, color="#666666", ha="right")
    axis.tick_params(labelsize=8)
    axis.set_xticks((-20, -10, 0, 10, 20), ("20 s", "10 s", "0", "10 s", "20 s"))


def _strip(figure: Any, pairs: Sequence[WholePair], snapshots: Sequence[Snapshot]) -> None:
    """What the live stage said of every pair, by time."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415

    figure.suptitle("what the piece would have heard while it ran (last 5 minutes against their own past)", fontsize=12)
    axis = figure.subplots()
    image = np.ones((len(pairs), max(len(snapshots), 1), 3)) * to_rgb(UNKNOWN)
    rows = {(pair.first, pair.second): k for k, pair in enumerate(pairs)}
    for column, snapshot in enumerate(snapshots):
        for view in snapshot.pairs:
            row = rows.get((view.first, view.second))
            if row is not None:
                image[row, column] = to_rgb(_shade(view.verdict, view.r))
    span = (snapshots[0].at_s / 60, snapshots[-1].at_s / 60) if snapshots else (0.0, 1.0)
    axis.imshow(image, aspect="auto", interpolation="nearest", extent=(*span, len(pairs) - 0.5, -0.5))
    several = len({key[0] for pair in pairs for key in (pair.first, pair.second)}) > 1
    labels = [f"{word(pair.first, several=several)} + {word(pair.second, several=several)}" for pair in pairs]
    axis.set_yticks(range(len(pairs)), labels, fontsize=8)
    axis.set_yticks(np.arange(len(pairs) - 1) + 0.5, minor=True)
    axis.grid(which="minor", axis="y", color="white", linewidth=1.5)
    axis.tick_params(which="minor", length=0)
    axis.set_xlabel(
        "minutes   (green together, red opposed, purple broken: it was found and then fell away; "
        "white chance; grey not yet known)"
    )


def _shade(verdict: str, r: float) -> str:
    if verdict in ("likely", "unlikely"):
        return TOGETHER if r > 0 else OPPOSED
    return {"chance": "#ffffff", "broken": "#8e6bbf"}.get(verdict, UNKNOWN)
