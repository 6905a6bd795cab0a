"""The front end on perforated board: where each leg sits and which holes are joined. Columns and rows are 2.54 mm.

Seen from the component side. A test walks along the joints and finds exactly the nets of the netlist: no two of them
touch, none is in pieces. C1 is soldered under U2's carrier, between its legs 8 and 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Hole = tuple[int, int]  # column, row

COLUMNS, ROWS = 26, 16
RAILS = {"3V3": 0, "GND": 12, "SDA": 13, "SCL": 14}  # each along a whole row
RAIL_NETS = {"3V3": "vdd", "GND": "0", "SDA": "sda", "SCL": "scl"}

# Both legs of each two-legged part, with their nets (front_end.cir's names).
LEGS: dict[str, tuple[tuple[Hole, str], tuple[Hole, str]]] = {
    "R1": (((1, 0), "vdd"), ((1, 4), "ref")),
    "U3": (((1, 6), "ref"), ((1, 12), "0")),
    "R2": (((3, 4), "ref"), ((3, 8), "div")),
    "R3": (((3, 9), "div"), ((3, 12), "0")),
    "C2": (((5, 9), "div"), ((5, 12), "0")),
    "C4": (((13, 7), "inn"), ((13, 4), "out")),
    "R5": (((14, 7), "inn"), ((18, 7), "n")),
    "C3": (((14, 4), "out"), ((18, 4), "n")),
    "R4": (((14, 2), "out"), ((18, 2), "n")),
    "R6": (((18, 9), "n"), ((22, 9), "a")),
    "R7": (((18, 11), "0"), ((22, 11), "b")),
}
# The carrier's legs 1 to 8: MCP6V07 in SOIC-8 (Microchip DS22093B); C1 shares the holes of legs 8 and 4.
U2_LEGS: dict[int, tuple[Hole, str]] = {
    1: ((8, 5), "vb"),
    2: ((8, 6), "vb"),
    3: ((8, 7), "div"),
    4: ((8, 8), "0"),
    5: ((11, 8), "vb"),
    6: ((11, 7), "inn"),
    7: ((11, 6), "out"),
    8: ((11, 5), "vdd"),
}
PADS: dict[str, tuple[Hole, str]] = {
    "OUT": ((24, 1), "out"),
    "A": ((24, 9), "a"),
    "VB": ((24, 10), "vb"),
    "B": ((24, 11), "b"),
}


@dataclass(frozen=True)
class Joint:
    """Bare wire or solder along these corners, on the solder side."""

    net: str
    corners: tuple[Hole, ...]

    def holes(self) -> Iterator[Hole]:
        """Every hole it passes."""
        for (x0, y0), (x1, y1) in zip(self.corners, self.corners[1:], strict=False):
            steps = max(abs(x1 - x0), abs(y1 - y0))
            for step in range(steps + 1):
                yield x0 + (x1 - x0) * step // steps, y0 + (y1 - y0) * step // steps


JOINTS = (
    Joint("ref", ((3, 4), (1, 4), (1, 6))),
    Joint("div", ((3, 8), (3, 9), (6, 9), (6, 7), (8, 7))),
    Joint("vb", ((8, 5), (8, 6), (9, 6), (9, 9), (11, 9), (11, 8))),
    Joint("vb", ((11, 9), (11, 10), (24, 10))),
    Joint("0", ((8, 8), (8, 12))),
    Joint("vdd", ((11, 5), (11, 0))),
    Joint("inn", ((11, 7), (14, 7))),
    Joint("out", ((11, 6), (12, 6), (12, 4), (14, 4), (14, 1), (24, 1))),
    Joint("n", ((18, 2), (18, 9))),
    Joint("a", ((22, 9), (24, 9))),
    Joint("b", ((22, 11), (24, 11))),
    Joint("0", ((18, 11), (18, 12))),
)


def rails() -> Iterator[Joint]:
    for name, row in RAILS.items():
        yield Joint(RAIL_NETS[name], ((0, row), (COLUMNS - 1, row)))


def legs() -> Iterator[tuple[str, Hole, str]]:
    """Every leg and pad: what it belongs to, its hole, its net."""
    for ref, ends in LEGS.items():
        for hole, net in ends:
            yield ref, hole, net
    for number, (hole, net) in U2_LEGS.items():
        yield f"U2.{number}", hole, net
    for name, (hole, net) in PADS.items():
        yield name, hole, net
