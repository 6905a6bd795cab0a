"""Parts list, schematic, board layout, harness and firmware say the same, and every picture can be drawn again."""

from __future__ import annotations

import importlib.util
import re
from collections import defaultdict
from pathlib import Path

import pytest

from hardware import base_board, draw, draw_wiring, harness, parts
from wire import table

PAGES = ("README.md", "safety.md")
NOT_DRAWN = {"U2 carrier", "electrodes", "CAL", "ISOLATOR", "cable", "wire"}
PASSIVE = re.compile(r"^([RC]\d+) (\S+) (\S+) \{(\w+)\}$", re.MULTILINE)
libraries = all(importlib.util.find_spec(name) for name in ("wireviz", "schemdraw", "matplotlib"))
needs_drawing = pytest.mark.skipif(
    bool(draw.missing()) or not libraries, reason="drawing needs graphviz, ngspice, wireviz, schemdraw and matplotlib"
)


def netlist() -> dict[str, set[str]]:
    """Resistors and capacitors of the simulated circuit that stand for parts, with their nets."""
    text = (parts.HERE / "front_end.cir").read_text(encoding="utf-8")
    found = {ref: {first, second} for ref, first, second, value in PASSIVE.findall(text) if value == ref}
    assert len(found) == 10
    return found


def test_the_harness_has_the_firmwares_pins_and_addresses() -> None:
    pins = harness.firmware_pins()
    wires = {(wire.start, wire.net): wire.start_pin for wire in harness.wires() if wire.cable == "W1"}
    assert wires["U1", "SDA"].endswith(f" GP{pins['SDA']}") and wires["U1", "SCL"].endswith(f" GP{pins['SCL']}")
    # A Pico's I2C block: SDA on even GPIOs, SCL on the next, block 0 where GPIO // 2 is even (RP2040, table 2).
    assert pins["SDA"] % 2 == 0 and pins["SCL"] == pins["SDA"] + 1 and pins["I2C_ID"] == pins["SDA"] // 2 % 2
    for chip, address in harness.BREAKOUT_ADDRESSES.items():
        assert pins[chip] == address
    for ref, chip in (("PULSE", "MAX30102"), ("TEMP", "TMP117"), ("ACC", "LIS3DH"), ("ADC", "ADS1115")):
        assert f"0x{pins[chip]:02x}" in harness.components()[ref].note
    addresses = [pins[chip] for chip in ("MAX30102", "TMP117", "LIS3DH", "ADS1115")]
    assert len(set(addresses)) == len(addresses)


def test_every_wire_joins_one_net_and_every_pin_is_wired() -> None:
    wired = defaultdict(set)
    for wire in harness.wires():
        for ref, name in ((wire.start, wire.start_pin), (wire.end, wire.end_pin)):
            pin = next(pin for pin in harness.components()[ref].pins if pin.name == name)
            assert pin.net == wire.net
            wired[ref].add(name)
    for ref, component in harness.components().items():
        assert wired[ref] == {pin.name for pin in component.pins}, ref


def test_nothing_is_wired_to_five_volts() -> None:
    assert not any("VBUS" in pin.name or "VSYS" in pin.name for pin in harness.components()["U1"].pins)


@pytest.mark.skipif(not libraries, reason="schemdraw is not installed")
def test_schematic_and_board_have_the_netlists_nets() -> None:
    from hardware import draw_schematic  # noqa: PLC0415

    simulated = netlist()
    assert {ref: set(nets) for ref, nets in draw_schematic.TWO_TERMINAL.items()} == simulated
    on_board = {ref: {net for _, net in ends} for ref, ends in base_board.LEGS.items() if ref != "U3"}
    assert on_board == simulated
    for name, pins in (("A", draw_schematic.U2A_PINS), ("B", draw_schematic.U2B_PINS)):
        for leg, net in pins.values():
            assert base_board.U2_LEGS[int(leg)][1] == net, name
    for pin, net in (("VDD", "vdd"), ("VSS", "0")):
        assert base_board.U2_LEGS[int(draw_schematic.SUPPLY_LEGS[pin])][1] == net


def test_the_boards_joints_make_exactly_the_nets() -> None:
    """Walk along the joints: holes that meet are one piece; a piece has one net, and a net one piece."""
    piece: dict[base_board.Hole, base_board.Hole] = {}

    def root(hole: base_board.Hole) -> base_board.Hole:
        while piece.setdefault(hole, hole) != hole:
            hole = piece[hole]
        return hole

    joints = (*base_board.rails(), *base_board.JOINTS)
    for joint in joints:
        holes = list(joint.holes())
        for hole in holes:
            piece[root(hole)] = root(holes[0])
    nets_of = defaultdict(set)
    pieces_of = defaultdict(set)
    ends = [(joint.corners[0], joint.net) for joint in joints] + [(hole, net) for _, hole, net in base_board.legs()]
    for hole, net in ends:
        nets_of[root(hole)].add(net)
        pieces_of[net].add(root(hole))
    assert all(len(nets) == 1 for nets in nets_of.values()), nets_of
    assert all(len(found) == 1 for found in pieces_of.values()), pieces_of
    taken = [hole for _, hole, _ in base_board.legs()]
    assert len(set(taken)) == len(taken)


def test_the_parts_list_is_what_is_drawn() -> None:
    listed = {ref for part in parts.parts() for ref in part.refs}
    drawn = set(harness.components()) - {"RAILS", "FRONT END"} | set(base_board.LEGS) | {"U2", "C1"}
    assert listed - NOT_DRAWN == drawn
    assert not NOT_DRAWN - listed
    assert all(part.mpn and part.substitutes and part.quantity > 0 for part in parts.parts())


def test_the_pages_show_pictures_that_are_there_and_the_wiring_that_is() -> None:
    for page in PAGES:
        text = (parts.HERE / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)]+)\)", text):
            assert (parts.HERE / target).is_file(), f"{page}: {target}"
    assert harness.table() in (parts.HERE / "README.md").read_text(encoding="utf-8")
    assert "0x49" in (parts.HERE / "README.md").read_text(encoding="utf-8")


def test_the_calibration_resistors_are_those_that_are_asked_for() -> None:
    from somatone.calibration.fit import spoken_ohm  # noqa: PLC0415
    from somatone.calibration.guide import DEFAULT_OHMS  # noqa: PLC0415

    assert all(spoken_ohm(ohm) in parts.part("CAL").what for ohm in DEFAULT_OHMS)
    assert table.EDA_SERIES_OHM > 0


@needs_drawing
def test_every_picture_can_be_drawn_and_the_committed_ones_are_current(tmp_path: Path) -> None:
    made = {path.name for path in draw.draw_all(tmp_path)}
    assert made == {path.name for path in draw.PICTURES.iterdir()}
    for path in draw.PICTURES.iterdir():
        assert path.stat().st_size < 200_000, f"{path.name} is too large to be committed"
        assert (tmp_path / path.name).stat().st_size > 1000
    for name in draw_wiring.DRAWINGS:
        assert _words(draw.PICTURES / f"{name}.svg") == _words(tmp_path / f"{name}.svg")


def _words(path: Path) -> list[str]:
    """The texts of a WireViz drawing, without the layout, which differs with graphviz' version and fonts."""
    return sorted(re.findall(r"<text[^>]*>([^<]+)</text>", path.read_text(encoding="utf-8")))
