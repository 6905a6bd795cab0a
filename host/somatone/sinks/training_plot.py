"""Draws a recorded run on one page: its metrics over time, and what the generator made at several moments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from somatone.errors import SomatoneError
from somatone.records import Picture
from somatone.sources.recording import Recording
from somatone.training.states import Heard

MOMENTS = 7
GRID = 4  # images a side
BORDER = 0.35  # grey between images
PANELS = (
    ("losses, log2", ("loss_g", "loss_d")),
    ("accuracy", ("accuracy_real", "accuracy_generated")),
    ("gradient norms, log2", ("gradient_g", "gradient_d")),
    ("entropy, bit", ("entropy",)),
    ("similarity, distance", ("similarity", "distance")),
    ("digits that appear", ("digits",)),
    ("rms, edge", ("rms", "edge")),
)


def draw_run(session: Recording, heard: Heard, out: Path) -> None:
    """Draw to `out` (PNG, PDF or SVG). Raises `SomatoneError` without matplotlib, or for an `out` it cannot write."""
    try:
        import matplotlib  # noqa: PLC0415
    except ImportError:
        raise SomatoneError("drawing needs matplotlib: install somatone with its [plot] extra.") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure = pyplot.figure(figsize=(15, 14))
    grid = figure.add_gridspec(len(PANELS) + 1, MOMENTS, height_ratios=(1.7, *(1,) * len(PANELS)), hspace=0.25)
    pictures = _moments([picture for picture in heard.pictures if picture.name == "samples"])
    for column, picture in enumerate(pictures):
        axis = figure.add_subplot(grid[0, column])
        axis.imshow(sheet(picture), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axis.set_title(f"{picture.at_s:.0f} s")
        axis.axis("off")
    first: Any = None
    for row, (title, metrics) in enumerate(PANELS, start=1):
        first = axis = figure.add_subplot(grid[row, :], sharex=first)
        _panel(axis, title, metrics, heard)
        axis.set_xlim(0, session.length_s)
        axis.tick_params(labelbottom=row == len(PANELS))
    first.set_xlabel("seconds since the start of the run; shaded: a collapse or plateau gate is open")
    figure.suptitle(session.name, y=0.91)
    try:
        figure.savefig(out, dpi=90, bbox_inches="tight")
    except OSError as error:
        raise SomatoneError(f"{out} cannot be written ({error.strerror}): choose another --plot file.") from None
    finally:
        pyplot.close(figure)


def _moments(pictures: list[Picture]) -> list[Picture]:
    if len(pictures) <= MOMENTS:
        return pictures
    return [pictures[round(k * (len(pictures) - 1) / (MOMENTS - 1))] for k in range(MOMENTS)]


def sheet(picture: Picture) -> NDArray[np.float64]:
    """The first images side by side, 0..1, with a grey line between them."""
    images = np.frombuffer(picture.pixels, np.uint8).reshape(-1, picture.height, picture.width) / 255
    framed = np.pad(images[: GRID * GRID], ((0, 0), (1, 0), (1, 0)), constant_values=BORDER)
    framed = np.concatenate([framed, np.full((-len(framed) % GRID, *framed.shape[1:]), BORDER)])
    rows = [np.concatenate(list(framed[at : at + GRID]), axis=1) for at in range(0, len(framed), GRID)]
    return np.concatenate(rows, axis=0)


def _panel(axis: Any, title: str, metrics: tuple[str, ...], heard: Heard) -> None:
    for metric, colour in zip(metrics, ("#3060c0", "#c06020"), strict=False):
        if series := heard.series.get(metric):
            times_s, values = zip(*series, strict=True)
            axis.plot(times_s, values, linewidth=0.8, color=colour, label=metric)
        for rule, alpha in (("collapse", 0.25), ("plateau", 0.1)):
            for begin_s, end_s in _open(heard, f"{metric}.{rule}"):
                axis.axvspan(begin_s, end_s, color=colour, alpha=alpha, linewidth=0)
    axis.set_ylabel(title, fontsize=8)
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)
    axis.grid(alpha=0.25)


def _open(heard: Heard, gate: str) -> list[tuple[float, float]]:
    """The stretches in which a gate stood open."""
    found: list[tuple[float, float]] = []
    since_s: float | None = None
    for at_s, name, value in heard.edges:
        if name == gate and value:
            since_s = at_s
        elif name == gate and since_s is not None:
            found.append((since_s, at_s))
            since_s = None
    return found if since_s is None else [*found, (since_s, heard.end_s)]
