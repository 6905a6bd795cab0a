"""Draws every gesture of a library in two dimensions: what sounds alike lies together. Kept bright, discarded pale.

Principal components of the robustly scaled measures: a straight projection, so that the axes can be named by what they
are made of, and equal libraries give equal pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from somatone.errors import SomatoneError
from somatone.library.catalogue import Gesture
from somatone.library.features import Points, farthest, plane, points

MEASURES = (  # to the left or below, to the right or above
    ("shorter", "longer"),
    ("quieter", "louder"),
    ("darker", "brighter"),
    ("less noisy", "noisier"),
    ("less pitched", "more pitched"),
    ("lower", "higher"),
)
LABELS = 28
LOOKS = {  # verdict: name, colour, edge, size factor, opacity
    "discard": ("discarded", "#c9c9c9", "none", 0.7, 0.55),
    "": ("not judged", "#6f93b8", "none", 0.9, 0.6),
    "keep": ("kept", "#e0561b", "#5a1c00", 1.5, 0.95),
}


def draw_library(name: str, gestures: Sequence[Gesture], out: Path) -> None:
    """Draw to `out` (PNG, PDF or SVG). Raises SomatoneError without matplotlib, with too few gestures, or no room."""
    try:
        import matplotlib  # noqa: PLC0415
    except ImportError:
        raise SomatoneError("drawing needs matplotlib: install somatone with its [plot] extra.") from None
    if len(gestures) < 3:
        raise SomatoneError(f"Library {name!r} has {len(gestures)} gestures: a map needs at least 3.")
    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    where = points(gestures)
    places, directions, shares = plane(where)
    figure, axis = pyplot.subplots(figsize=(14, 10))
    sizes = np.array([22 + 60 * min(g.duration_s, 3.0) for g in gestures])
    for verdict, (label, colour, edge, factor, opacity) in LOOKS.items():
        chosen = [k for k, gesture in enumerate(gestures) if gesture.verdict == verdict]
        if chosen:
            axis.scatter(
                places[chosen, 0], places[chosen, 1], s=sizes[chosen] * factor, c=colour, edgecolors=edge,
                linewidths=0.8, alpha=opacity, label=f"{label} ({len(chosen)})",
            )  # fmt: skip
    _label(axis, gestures, places, where)
    axis.set_xlabel(_axis(directions[0], shares[0]))
    axis.set_ylabel(_axis(directions[1], shares[1]))
    axis.set_title(f"{name}: {len(gestures)} gestures. What sounds alike lies together; a large dot is a long gesture.")
    legend = axis.legend(loc="upper right", framealpha=0.95)
    for handle in legend.legend_handles:
        handle.set_sizes([60])
    axis.grid(alpha=0.2)
    axis.margins(x=0.12, y=0.05)
    figure.tight_layout()
    try:
        figure.savefig(out, dpi=110)
    except OSError as error:
        raise SomatoneError(f"{out} cannot be written ({error.strerror}): choose another --plot file.") from None
    finally:
        pyplot.close(figure)


def _label(axis: object, gestures: Sequence[Gesture], places: Points, where: Points) -> None:
    """Names and times of some that lie far apart, kept ones first, none over another."""
    order = sorted(range(len(gestures)), key=lambda k: -gestures[k].novelty)
    kept = [k for k in order if gestures[k].verdict == "keep"]
    apart = farthest(places, LABELS * 3, order[0])
    reach = np.ptp(places, axis=0) + 1e-9
    taken: list[np.ndarray] = []
    for k in [*kept, *apart]:
        spot = places[k] / reach
        if len(taken) >= LABELS or any(abs(spot[0] - x) < 0.13 and abs(spot[1] - y) < 0.026 for x, y in taken):
            continue
        taken.append(spot)
        gesture = gestures[k]
        minutes, seconds = divmod(gesture.start_s, 60)
        text = f"#{gesture.id} {Path(gesture.path).stem[:18]} {int(minutes)}:{seconds:04.1f}"
        axis.annotate(  # type: ignore[attr-defined]
            text, places[k], xytext=(6, 4), textcoords="offset points", fontsize=7.5,
            color="#7a2b05" if gesture.verdict == "keep" else "#444444",
            bbox={"facecolor": "white", "alpha": 0.65, "edgecolor": "none", "pad": 0.6},
        )  # fmt: skip


def _axis(direction: Points, share: float) -> str:
    """What an axis is made of: the measures that weigh most, with their signs."""
    strongest = [k for k in np.argsort(-np.abs(direction)) if abs(direction[k]) > 0.3][:3]
    said = ", ".join(MEASURES[k][int(direction[k] > 0)] for k in strongest)
    return f"{said}  →   ({share:.0%} of what differs)"
