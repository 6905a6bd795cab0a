"""Pictures for the hands: the base board with its parts, and what goes where on the wearer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.patches import Circle, FancyBboxPatch, Polygon, Rectangle

from hardware import base_board as board
from hardware.parts import label, part

NET_COLOURS = {
    "vdd": "#d62728",
    "0": "#222222",
    "sda": "#1f5fd6",
    "scl": "#c9a800",
    "out": "#2ca02c",
    "vb": "#ff7f0e",
    "a": "#8a2be2",
    "b": "#9a9a9a",
    "ref": "#8c564b",
    "div": "#e377c2",
    "n": "#17a2b8",
    "inn": "#6b6bd6",
}
BODY = {"R": "#e8d8b0", "C": "#cfe3f5", "U": "#d0d0d0"}
INK, PAPER = "#222222", "#f4efe2"


def _save(figure: Any, folder: Path, name: str) -> None:
    """SVG and PNG without a date, so that equal sources give equal files."""
    mpl.rcParams["svg.hashsalt"] = "somatone"
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    figure.savefig(folder / f"{name}.png", dpi=110)
    plt.close(figure)


def draw_base_board(folder: Path) -> None:
    """Component side; joints on the solder side shine through."""
    figure, axes = plt.subplots(figsize=(12.6, 8.2))
    axes.add_patch(Rectangle((-1.6, -1), board.COLUMNS + 2.9, board.ROWS, facecolor=PAPER, edgecolor=INK))
    holes = [(column, row) for column in range(board.COLUMNS) for row in range(board.ROWS - 1)]
    axes.plot(
        *zip(*holes, strict=True), "o", markersize=5, markerfacecolor="white", markeredgecolor="#bbbbbb", zorder=1
    )
    for joint in (*board.rails(), *board.JOINTS):
        axes.plot(*zip(*joint.corners, strict=True), color=NET_COLOURS[joint.net], linewidth=3.2, alpha=0.8, zorder=2)
    for ref, ((start, _), (end, _)) in board.LEGS.items():
        _two_legged(axes, ref, start, end)
    _carrier(axes)
    for ref, hole, net in board.legs():
        axes.add_patch(Circle(hole, 0.2, facecolor=NET_COLOURS[net], edgecolor=INK, linewidth=0.8, zorder=5))
        if ref in board.PADS:
            paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}
            axes.text(hole[0] + 0.45, hole[1], ref, fontsize=12, weight="bold", va="center", bbox=paper)
    for name, row in board.RAILS.items():
        axes.text(-0.4, row, name, fontsize=12, weight="bold", ha="right", va="center")
    axes.text(12.5, -1.45, "base board from the component side; wires run on the solder side", ha="center", fontsize=12)
    axes.set_xlim(-2, board.COLUMNS + 1.6)
    axes.set_ylim(board.ROWS - 0.7, -2)
    axes.set_aspect("equal")
    axes.axis("off")
    figure.tight_layout()
    _save(figure, folder, "step-base-board")


def _two_legged(axes: Any, ref: str, start: board.Hole, end: board.Hole) -> None:
    """A body between two holes, with its value on it or beside it."""
    (x0, y0), (x1, y1) = start, end
    upright = x0 == x1
    length = max(abs(x1 - x0), abs(y1 - y0))
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    long, wide = length - 1.3 if length > 3 else 2.1, 0.95
    width, height = (wide, long) if upright else (long, wide)
    axes.plot((x0, x1), (y0, y1), color="#888888", linewidth=2.2, zorder=3)
    corner = (middle[0] - width / 2, middle[1] - height / 2)
    axes.add_patch(
        FancyBboxPatch(
            corner, width, height, "round,pad=0,rounding_size=0.2", facecolor=BODY[ref[0]], edgecolor=INK, zorder=4
        )
    )
    value = f"{ref} {label(ref)}" if ref != "U3" else f"U3 {part('U3').mpn[:6]}"
    axes.text(*middle, value, fontsize=9, ha="center", va="center", rotation=90 if upright else 0, zorder=6)


def _carrier(axes: Any) -> None:
    """U2 on its adapter, leg 1 marked."""
    (x0, y0), (x1, y1) = board.U2_LEGS[1][0], board.U2_LEGS[5][0]
    axes.add_patch(
        Rectangle(
            (x0 - 0.4, y0 - 0.6), x1 - x0 + 0.8, y1 - y0 + 1.2, facecolor=BODY["U"], edgecolor=INK, alpha=0.75, zorder=3
        )
    )
    c1_from, c1_to = board.U2_LEGS[8][0], board.U2_LEGS[4][0]
    axes.plot((c1_from[0], c1_to[0]), (c1_from[1], c1_to[1]), color=INK, linestyle=":", linewidth=1.6, zorder=4)
    axes.text((x0 + x1) / 2, y0 - 0.25, "U2", fontsize=11, ha="center", va="center", zorder=6)
    axes.text(x0 - 0.75, y0, "1", fontsize=10, ha="center", va="center", zorder=6)
    axes.text(x1 - 0.3, 4.05, f"C1 {label('C1')} below, legs 8 to 4", fontsize=9, ha="right", va="center", zorder=6)


FINGERS = (  # name, left edge, base, height; a right hand, palm towards the reader
    ("little", 0.0, 5.6, 3.0),
    ("ring", 1.5, 6.0, 4.2),
    ("middle", 3.0, 6.1, 4.7),
    ("index", 4.5, 6.0, 4.1),
)


def _box(axes: Any, corner: tuple[float, float], size: tuple[float, float], colour: str, text: str) -> None:
    axes.add_patch(
        FancyBboxPatch(corner, *size, "round,pad=0,rounding_size=0.25", facecolor=colour, edgecolor=INK, zorder=4)
    )
    axes.text(corner[0] + size[0] / 2, corner[1] + size[1] / 2, text, ha="center", va="center", fontsize=11, zorder=6)


def _hand(axes: Any) -> None:
    skin: dict[str, Any] = {"facecolor": "#f5dcc8", "edgecolor": "#b08a6a", "zorder": 1}
    axes.add_patch(FancyBboxPatch((0, 1.6), 5.9, 5.2, "round,pad=0,rounding_size=1.0", **skin))
    axes.add_patch(FancyBboxPatch((1.1, -1.6), 3.7, 4.0, "round,pad=0,rounding_size=0.6", **skin))
    thumb = ((5.3, 2.3), (7.6, 4.6), (7.9, 5.6), (7.1, 5.7), (5.5, 4.6))
    axes.add_patch(Polygon(thumb, closed=True, joinstyle="round", **skin))
    for _, left, base, height in FINGERS:
        axes.add_patch(FancyBboxPatch((left, base), 1.3, height, "round,pad=0,rounding_size=0.6", **skin))


def _note(axes: Any, text: str, at: tuple[float, float], to: tuple[float, float]) -> None:
    """Text beside the hand, with a line from its near edge."""
    near = (0, 0.5) if at[0] > to[0] else (1, 0.5)
    line = {"arrowstyle": "-", "color": INK, "linewidth": 1.0, "relpos": near}
    axes.annotate(text, xy=to, xytext=at, fontsize=11, va="center", arrowprops=line, zorder=7)


def draw_wearing(folder: Path) -> None:
    """What touches the skin, and the way to the computer."""
    figure, axes = plt.subplots(figsize=(12.6, 7.0))
    _hand(axes)
    for x, y, colour in ((5.15, 8.0, "#8a2be2"), (3.65, 8.2, "#ffffff")):
        axes.add_patch(Circle((x, y), 0.48, facecolor=colour, edgecolor=INK, zorder=4))
    axes.add_patch(Rectangle((1.6, 8.9), 1.1, 1.0, facecolor="#c22222", edgecolor=INK, zorder=4))
    axes.add_patch(Rectangle((2.2, 0.9), 1.5, 0.8, facecolor="#9fd3a8", edgecolor=INK, zorder=4))
    _note(axes, "A  electrode, index finger (violet)", (8.6, 8.9), (5.6, 8.1))
    _note(axes, "B  electrode, middle finger (white)", (8.6, 10.4), (4.1, 8.4))
    _note(axes, "PULSE  tip of the ring finger,\nsoft strap, not tight", (-5.6, 9.9), (1.6, 9.4))
    _note(axes, "TEMP  metal side on the\ninner wrist, under the band", (-5.6, 2.4), (2.2, 1.3))
    _box(axes, (8.2, 0.6), (3.8, 1.7), "#cde8cd", "closed box: Pico,\nbase board,\nADC, ACC")
    _box(axes, (13.3, 0.6), (2.9, 1.7), "#ffe9a8", "USB isolator\n(ADuM4160)")
    _box(axes, (17.6, 0.6), (2.9, 1.7), "#d6e2f3", "computer\non the mains")
    for x0, x1, y in ((12.0, 13.3, 1.45), (16.2, 17.6, 1.45)):
        axes.plot((x0, x1), (y, y), color=INK, linewidth=3)
    axes.plot((4.8, 8.2), (1.45, 1.45), color="#777777", linewidth=3, zorder=2)
    axes.text(8.2, 0.0, "on the outside of the band", fontsize=11)
    axes.text(12.65, 1.75, "USB", fontsize=10, ha="center")
    axes.text(16.9, 1.75, "USB", fontsize=10, ha="center")
    axes.plot((14.75, 14.75), (-0.8, 3.7), color="#c22222", linewidth=1.6, linestyle="--", zorder=2)
    axes.text(14.5, 4.1, "the wearer's side", ha="right", fontsize=11, color="#c22222")
    axes.text(15.0, 4.1, "the mains' side", ha="left", fontsize=11, color="#c22222")
    axes.text(8.2, -1.4, "or, without an isolator: a laptop on its battery, charger unplugged", fontsize=11)
    axes.text(3.0, 11.6, "right hand, palm up", fontsize=12, ha="center")
    axes.set_xlim(-6, 21)
    axes.set_ylim(-2, 12.1)
    axes.set_aspect("equal")
    axes.axis("off")
    figure.tight_layout()
    _save(figure, folder, "step-wear")


def draw(folder: Path) -> None:
    draw_base_board(folder)
    draw_wearing(folder)
