"""The front end's schematic. Values come from the parts list, and the ends of the harness have its net names.

The nets of every part stand here beside the drawing, and a test holds them against the netlist that is simulated.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import schemdraw
from schemdraw import elements

from hardware.parts import label, part

elm: Any = elements  # typed in parts only

# Two-terminal parts by their nets, named as in front_end.cir; U2 and U3 are drawn by hand below.
TWO_TERMINAL: dict[str, tuple[str, str]] = {
    "R1": ("vdd", "ref"),
    "R2": ("ref", "div"),
    "R3": ("div", "0"),
    "C2": ("div", "0"),
    "R4": ("n", "out"),
    "C3": ("n", "out"),
    "R5": ("n", "inn"),
    "C4": ("inn", "out"),
    "R6": ("n", "a"),
    "R7": ("b", "0"),
}
Pins = dict[str, tuple[str, str]]
U2A_PINS: Pins = {"+": ("3", "div"), "-": ("2", "vb"), "out": ("1", "vb")}  # Microchip DS22093B, MCP6V07 in SOIC-8
U2B_PINS: Pins = {"+": ("5", "vb"), "-": ("6", "inn"), "out": ("7", "out")}
SUPPLY_LEGS = {"VDD": "8", "VSS": "4"}


def _resistor(ref: str) -> Any:
    return elm.ResistorIEC().label(f"{ref}\n{label(ref)}", fontsize=11)


def _capacitor(ref: str) -> Any:
    return elm.Capacitor().label(f"{ref}\n{label(ref)}", fontsize=11)


def _name_pins(drawing: schemdraw.Drawing, amplifier: Any, name: str, pins: Pins) -> None:
    """The amplifier's name in its triangle, and the legs of the package beside its pins."""
    drawing += elm.Label().at((amplifier.in1[0] + 0.95, amplifier.out[1] - 0.1)).label(name, fontsize=12)
    for sign, anchor, dx in (("+", amplifier.in2, -0.22), ("-", amplifier.in1, -0.22), ("out", amplifier.out, 0.25)):
        drawing += elm.Label().at((anchor[0] + dx, anchor[1] + 0.05)).label(pins[sign][0], fontsize=9, color="#555555")


def _reference(drawing: schemdraw.Drawing) -> None:
    """3.3 V to 2.5 V to 0.5 V."""
    drawing += elm.Vdd().at((0, 9)).label("3V3", fontsize=12)
    drawing += _resistor("R1").down().at((0, 9)).length(2.6)
    drawing += elm.Dot().label("2.5 V", loc="left", fontsize=11)
    drawing.push()
    drawing += elm.Zener().down().reverse().length(2.6).label(f"U3\n{part('U3').mpn[:6]}\n{label('U3')}", fontsize=11)
    drawing += elm.Ground()
    drawing.pop()
    drawing += elm.Line().right().length(2.2)
    drawing += _resistor("R2").down().length(2.6)
    drawing += elm.Dot().label("0.5 V", loc="left", fontsize=11)
    drawing.push()
    drawing += _resistor("R3").down().length(2.6)
    drawing += elm.Ground()
    drawing.pop()
    drawing += elm.Line().right().length(1.9)
    drawing += elm.Dot()
    drawing.push()
    drawing += _capacitor("C2").down().length(2.6)
    drawing += elm.Ground()
    drawing.pop()
    drawing += elm.Line().right().length(0.9)


def _buffer(drawing: schemdraw.Drawing) -> Any:
    """U2A: the bias, strong enough for the converter."""
    amplifier = elm.Opamp(sign=True).flip().anchor("in2")
    drawing += amplifier
    _name_pins(drawing, amplifier, "U2A", U2A_PINS)
    drawing += elm.Line().at(amplifier.in1).left().length(0.4)
    drawing += elm.Line().down().length(1.3)
    drawing += elm.Line().right().tox(amplifier.out)
    drawing += elm.Line().up().toy(amplifier.out)
    drawing += elm.Dot().at(amplifier.out)
    return amplifier


def _summing(drawing: schemdraw.Drawing, vb: tuple[float, float]) -> None:
    """U2B: the current through the skin becomes a voltage across R4."""
    amplifier = elm.Opamp(sign=True).anchor("in2").at((17.0, vb[1]))
    drawing += elm.Line().at(vb).to((17.0, vb[1]))
    drawing += amplifier
    _name_pins(drawing, amplifier, "U2B", U2B_PINS)
    inn_y, out_x = amplifier.in1[1], amplifier.out[0] + 1.4
    drawing += elm.Line().at(amplifier.in1).to((16.2, inn_y))
    drawing += elm.Dot().at((16.2, inn_y))
    drawing += _resistor("R5").at((13.0, inn_y)).to((16.2, inn_y))
    drawing += elm.Dot().at((13.0, inn_y)).label("n", loc="bottom", fontsize=11)
    drawing += elm.Line().at(amplifier.out).to((out_x, amplifier.out[1]))
    drawing += elm.Dot().at((out_x, amplifier.out[1]))
    for ref, start_x, y in (("C4", 16.2, 5.9), ("R4", 13.0, 7.5), ("C3", 13.0, 9.1)):
        part_element = _capacitor(ref) if ref.startswith("C") else _resistor(ref)
        drawing += elm.Line().at((start_x, inn_y if ref != "C3" else 7.5)).to((start_x, y))
        drawing += part_element.at((start_x, y)).to((out_x, y))
        if ref != "C3":
            drawing += elm.Dot().at((out_x, y))
    drawing += elm.Dot().at((13.0, 7.5))
    drawing += elm.Line().at((out_x, amplifier.out[1])).to((out_x, 9.1))
    drawing += elm.Line().at((out_x, amplifier.out[1])).right().length(1.4)
    drawing += elm.Dot(open=True).label("OUT\nto ADC A0", loc="right", fontsize=12)
    drawing += elm.Line().at((vb[0] + 1.2, vb[1])).to((vb[0] + 1.2, 0.4))
    drawing += elm.Dot().at((vb[0] + 1.2, vb[1]))
    drawing += elm.Line().at((vb[0] + 1.2, 0.4)).to((out_x + 1.4, 0.4))
    drawing += elm.Dot(open=True).label("VB\nto ADC A1", loc="right", fontsize=12)


def _electrodes(drawing: schemdraw.Drawing) -> None:
    """Both leads, each behind its own series resistor."""
    drawing += elm.Line().at((13.0, 7.5)).to((13.0, 11.2))
    drawing += elm.Dot().at((13.0, 9.1))
    drawing += _resistor("R6").at((13.0, 11.2)).to((16.6, 11.2))
    drawing += elm.Dot(open=True).at((16.6, 11.2)).label("A  electrode, index finger", loc="right", fontsize=12)
    drawing += elm.Ground().at((13.0, 12.6))
    drawing += _resistor("R7").at((13.0, 12.6)).to((16.6, 12.6))
    drawing += elm.Dot(open=True).at((16.6, 12.6)).label("B  electrode, middle finger", loc="right", fontsize=12)


def _supply(drawing: schemdraw.Drawing) -> None:
    """Close to the package, on its own legs."""
    drawing += elm.Vdd().at((8.5, 10.4)).label(f"3V3 (U2 leg {SUPPLY_LEGS['VDD']})", fontsize=12)
    drawing += _capacitor("C1").at((8.5, 10.4)).down().length(2.2)
    drawing += elm.Ground()
    drawing += elm.Label().at((8.5, 7.1)).label(f"GND (U2 leg {SUPPLY_LEGS['VSS']})", fontsize=12)


def draw(folder: Path) -> None:
    """schematic.svg and schematic.png."""
    drawing = schemdraw.Drawing(show=False)
    drawing.config(unit=2.6, fontsize=12, font="DejaVu Sans", bgcolor="white")
    _reference(drawing)
    amplifier = _buffer(drawing)
    _summing(drawing, tuple(amplifier.out))
    _electrodes(drawing)
    _supply(drawing)
    for suffix in ("svg", "png"):
        drawing.save(str(folder / f"schematic.{suffix}"), dpi=110)
