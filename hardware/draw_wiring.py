"""The harness as WireViz draws it: the whole, and the part of each assembly step."""

from __future__ import annotations

import importlib
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from hardware.harness import BUS_CABLES, CABLES, FRONT_END_CABLES, components, wires

DRAWINGS: dict[str, tuple[str, ...]] = {
    "wiring": tuple(name for name, _, _ in CABLES),
    "step-bus": BUS_CABLES,
    "step-front-end": FRONT_END_CABLES,
}


def source(cables: Collection[str]) -> dict[str, Any]:
    """WireViz's own input for some of the cables."""
    chosen = [wire for wire in wires() if wire.cable in cables]
    used = {ref for wire in chosen for ref in (wire.start, wire.end)}
    connectors = {
        ref: {
            "type": component.title,
            "notes": component.note,
            "pins": [pin.name for pin in component.pins],
            "show_pincount": False,
        }
        for ref, component in components().items()
        if ref in used
    }
    bundles: dict[str, Any] = {}
    connections: list[Any] = []
    for name, start, end in CABLES:
        run = [wire for wire in chosen if wire.cable == name]
        if not run:
            continue
        bundles[name] = {
            "category": "bundle",
            "wirecount": len(run),
            "colors": [wire.colour for wire in run],
            "show_wirecount": False,
        }
        connections.append(
            [
                {start: [wire.start_pin for wire in run]},
                {name: list(range(1, len(run) + 1))},
                {end: [wire.end_pin for wire in run]},
            ]
        )
    options = {"fontname": "DejaVu Sans", "color_mode": "full"}
    return {
        "options": options,
        "connectors": connectors,
        "cables": bundles,
        "connections": connections,
        "tweak": {"append": "graph [ranksep=1.0, nodesep=0.25]"},
    }


def draw(folder: Path) -> None:
    """Every wiring drawing, as SVG and PNG. Needs graphviz."""
    wireviz = importlib.import_module("wireviz.wireviz")  # has no types, and is there only for drawing
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    for name, cables in DRAWINGS.items():
        wireviz.parse(source(cables), output_formats=("svg", "png"), output_dir=folder, output_name=name)
