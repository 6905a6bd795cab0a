"""THE wiring of one wearable: which pin goes to which net, in which colour. Every wiring picture comes from here.

Pins and addresses are firmware/pins.py's own: the Pico's legs follow from the GPIO numbers there, and the strap of an
address pin from the address. Surprise: a LIS3DH on a breakout has its SDO pulled down by some makers and up by
others; a wire settles it.
"""

from __future__ import annotations

import runpy
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from hardware.parts import HERE

# Legs of the Pico from 1 to 40, Raspberry Pi Pico datasheet, section 2.1. Pico 2 is the same.
_LEFT = "GP0 GP1 GND GP2 GP3 GP4 GP5 GND GP6 GP7 GP8 GP9 GND GP10 GP11 GP12 GP13 GND GP14 GP15"
_RIGHT = "GP16 GP17 GND GP18 GP19 GP20 GP21 GND GP22 RUN GP26 GP27 GND GP28 ADC_VREF 3V3(OUT) 3V3_EN GND VSYS VBUS"
PICO_LEGS = tuple(_LEFT.split() + _RIGHT.split())
GND_LEG = 38  # beside 3V3(OUT), so that red and black leave together

COLOURS = {"3V3": "RD", "GND": "BK", "SDA": "BU", "SCL": "YE", "OUT": "GN", "VB": "OG", "A": "VT", "B": "WH"}
COLOUR_NAMES = {
    "RD": "red",
    "BK": "black",
    "BU": "blue",
    "YE": "yellow",
    "GN": "green",
    "OG": "orange",
    "VT": "violet",
    "WH": "white",
}
# What an address pin is tied to gives the address: TI SBAS444D table 4 (ADS1115), ST DocID17530 section 6.1 (LIS3DH).
ADS1115_STRAPS = {0x48: "GND", 0x49: "3V3", 0x4A: "SDA", 0x4B: "SCL"}
LIS3DH_STRAPS = {0x18: "GND", 0x19: "3V3"}
BREAKOUT_ADDRESSES = {"MAX30102": 0x57, "TMP117": 0x48}  # fixed, and as sold (ADD0 to ground on the breakout)


@cache
def firmware_pins() -> dict[str, Any]:
    """The names of firmware/pins.py, which needs no more of MicroPython than `const`."""
    shim = types.ModuleType("micropython")
    shim.const = lambda value: value  # type: ignore[attr-defined]
    before = sys.modules.get("micropython")
    sys.modules["micropython"] = shim
    try:
        return runpy.run_path(str(HERE.parent / "firmware" / "pins.py"))
    finally:
        if before is None:
            del sys.modules["micropython"]
        else:
            sys.modules["micropython"] = before


@dataclass(frozen=True)
class Pin:
    """A pin as it is printed on the part, and the net that it is wired to."""

    name: str
    net: str


@dataclass(frozen=True)
class Component:
    ref: str
    title: str
    note: str
    pins: tuple[Pin, ...]


def pico_pin(gpio: int) -> str:
    """The leg of a GPIO as "6 GP4"."""
    name = f"GP{gpio}"
    return f"{PICO_LEGS.index(name) + 1} {name}"


def _bus(supply: str) -> tuple[Pin, ...]:
    return (Pin(supply, "3V3"), Pin("GND", "GND"), Pin("SDA", "SDA"), Pin("SCL", "SCL"))


def _address(chip: str) -> str:
    return f"I2C address 0x{firmware_pins()[chip]:02x}"


@cache
def components() -> dict[str, Component]:
    """Every end of a wire, by designator."""
    pins = firmware_pins()
    pico = (
        Pin(f"{PICO_LEGS.index('3V3(OUT)') + 1} 3V3(OUT)", "3V3"),
        Pin(f"{GND_LEG} {PICO_LEGS[GND_LEG - 1]}", "GND"),
        Pin(pico_pin(pins["SDA"]), "SDA"),
        Pin(pico_pin(pins["SCL"]), "SCL"),
    )
    acc = (*_bus("VIN"), Pin("SDO", LIS3DH_STRAPS[pins["LIS3DH"]]))
    adc = (*_bus("VDD"), Pin("ADDR", ADS1115_STRAPS[pins["ADS1115"]]), Pin("A0", "OUT"), Pin("A1", "VB"))
    rails = tuple(Pin(net, net) for net in ("3V3", "GND", "SDA", "SCL"))
    front = tuple(Pin(net, net) for net in ("3V3", "GND", "OUT", "VB", "A", "B"))
    found = (
        Component("U1", "Raspberry Pi Pico", "USB to the isolator", pico),
        Component("RAILS", "four rails", "bare wire on the base board", rails),
        Component("PULSE", "MAX30102 breakout", f"{_address('MAX30102')}, fingertip", _bus("VIN")),
        Component("TEMP", "TMP117 breakout", f"{_address('TMP117')}, on the skin", _bus("VIN")),
        Component("ACC", "LIS3DH breakout", f"{_address('LIS3DH')}, closed box", acc),
        Component("ADC", "ADS1115 breakout", f"{_address('ADS1115')}, closed box", adc),
        Component("FRONT END", "on the base board", "see the schematic", front),
        Component("LEAD A", "electrode lead", "index finger", (Pin("A", "A"),)),
        Component("LEAD B", "electrode lead", "middle finger", (Pin("B", "B"),)),
    )
    return {component.ref: component for component in found}


# A cable runs from one component to another and joins pins of one net.
CABLES = (
    ("W1", "U1", "RAILS"),
    ("W2", "RAILS", "PULSE"),
    ("W3", "RAILS", "TEMP"),
    ("W4", "RAILS", "ACC"),
    ("W5", "RAILS", "ADC"),
    ("W6", "RAILS", "FRONT END"),
    ("W7", "ADC", "FRONT END"),
    ("W8", "FRONT END", "LEAD A"),
    ("W9", "FRONT END", "LEAD B"),
)
BUS_CABLES = ("W1", "W2", "W3", "W4")
FRONT_END_CABLES = ("W5", "W6", "W7", "W8", "W9")
SUPPLY_NETS = ("3V3", "GND")  # W7 leaves them to W5 and W6


@dataclass(frozen=True)
class Wire:
    cable: str
    start: str
    start_pin: str
    end: str
    end_pin: str
    net: str

    @property
    def colour(self) -> str:
        return COLOURS[self.net]


def wires() -> Iterator[Wire]:
    """Every single wire, cable by cable."""
    for cable, start, end in CABLES:
        for pin in components()[end].pins:
            if cable == "W7" and pin.net in SUPPLY_NETS:
                continue
            for other in components()[start].pins:
                if other.net == pin.net:
                    yield Wire(cable, start, other.name, end, pin.name, pin.net)
                    break


def table() -> str:
    """The wiring, pin by pin, as a Markdown table."""
    lines = ["| cable | from | pin | to | pin | colour |", "| --- | --- | --- | --- | --- | --- |"]
    for wire in wires():
        name = COLOUR_NAMES[wire.colour]
        lines.append(f"| {wire.cable} | {wire.start} | {wire.start_pin} | {wire.end} | {wire.end_pin} | {name} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
