"""Runs the front end's netlist in ngspice: transfer curve, hum, and the electrode current under every single fault.

A fault is a change of one value or one more element in `front_end.cir`; the electrodes are shorted all the while, the
supply is 5 % high and the tolerances of resistors and reference are used up in the direction that hurts.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hardware.parts import HERE, valued

SUPPLY_V = 3.3
WORST_SUPPLY_V = 3.3 * 1.05
CODE_V = 62.5e-6  # ADS1115 at +-2.048 V
TOP_CODE = 32_767
OPEN_OHM, SHORT_OHM = 1e12, 1e-3
LIMIT_UA = 10.0
RESISTORS = ("R1", "R2", "R3", "R4", "R5", "R6", "R7")
CAPACITORS = ("C2", "C3", "C4")
# Pins of U2 by the net they sit on: the buffer's output, its inverting input and U2B's other input are one net.
U2_PINS = {"U2A input +": "div", "U2A output, U2B input +": "vb", "U2B input -": "inn", "U2B output": "out"}
LEADS = {"lead A": "ska", "lead B": "skb"}


class NgspiceError(RuntimeError):
    """ngspice is missing, or did not solve the circuit."""


@dataclass(frozen=True)
class Circuit:
    """The netlist with some values changed and some elements added."""

    changes: Mapping[str, float] = field(default_factory=dict)
    elements: tuple[str, ...] = ()

    def values(self) -> dict[str, float]:
        """Every number of the netlist; the amplifier's errors are at their worst."""
        figures = {"supply": SUPPLY_V, "skin": OPEN_OHM, "hum": 0.0, "vos": 3e-6, "ib": 20e-12, "ref_there": 1.0}
        return valued() | figures | dict(self.changes)

    def deck(self, control: Sequence[str]) -> str:
        text = (HERE / "front_end.cir").read_text(encoding="utf-8")
        for name, value in self.values().items():
            text = text.replace("{" + name + "}", f"{value:.9g}")
        lines = [text, *self.elements, ".control", "set numdgt=9", *control, ".endc", ".end"]
        return "\n".join(lines) + "\n"


def available() -> bool:
    return shutil.which("ngspice") is not None


def solve(circuit: Circuit, control: Sequence[str]) -> list[float]:
    """Every number that the control lines print, in order. Raises NgspiceError."""
    try:
        done = subprocess.run(
            ["ngspice", "-b", "-n", "/dev/stdin"],
            input=circuit.deck(control),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except FileNotFoundError:
        raise NgspiceError("ngspice is not installed: apt-get install ngspice.") from None
    numbers = [float(text) for text in re.findall(r"^\S+ = (\S+)$", done.stdout, re.MULTILINE)]
    wanted = sum(line.lstrip().startswith("print") for line in control)
    if len(numbers) < wanted or "rror" in done.stderr:
        raise NgspiceError(f"ngspice did not solve the circuit: {(done.stderr or done.stdout)[-400:]}")
    return numbers


def code_of(volts: float) -> int:
    """What the board sends: the floor, as of its mean of 25 readings."""
    return min(int(volts // CODE_V), TOP_CODE)


def codes(circuit: Circuit, skin_ohms: Sequence[float]) -> list[int]:
    """The code for each resistance between the electrodes."""
    control: list[str] = []
    for ohm in skin_ohms:
        control += [f"alter rskin = {ohm:.9g}", "op", "print v(out,vb)"]
    return [code_of(volts) for volts in solve(circuit, control)]


def hum_volts_per_ampere(circuit: Circuit, frequencies_hz: Sequence[float]) -> list[float]:
    """Output for a current into the skin, by frequency: falls by the low-pass, and rises nowhere if U2B is stable."""
    hummed = Circuit({**circuit.changes, "hum": 1.0}, circuit.elements)
    control: list[str] = []
    for hz in frequencies_hz:
        control += [f"ac lin 1 {hz:.9g} {hz:.9g}", "print vm(out)"]
    return solve(hummed, control)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and how the circuit shows it."""

    name: str
    changes: Mapping[str, float] = field(default_factory=dict)
    elements: tuple[str, ...] = ()


def worst() -> dict[str, float]:
    """Electrodes shorted, supply 5 % high, every tolerance used up: 1 % resistors, the reference 0.5 %."""
    values = valued()
    low = {name: values[name] * 0.99 for name in RESISTORS}
    return low | {"R3": values["R3"] * 1.01, "U3": values["U3"] * 1.005, "supply": WORST_SUPPLY_V, "skin": SHORT_OHM}


def faults() -> Iterator[Fault]:
    """Every single fault that is counted; the first is none at all."""
    yield Fault("electrodes shorted, nothing else")
    rails = (("0 V", 0.0), ("the supply", WORST_SUPPLY_V))
    for name, net in U2_PINS.items():
        for rail, volts in rails:
            yield Fault(f"{name} stuck at {rail}", elements=(f"Vfault {net} 0 DC {volts:.6g}",))
    for name, net in LEADS.items():
        for rail, volts in rails:
            yield Fault(f"{name} touches {rail}", elements=(f"Vfault {net} 0 DC {volts:.6g}",))
    for name in RESISTORS:
        yield Fault(f"{name} open", {name: OPEN_OHM})
        yield Fault(f"{name} shorted", {name: SHORT_OHM})
    for name in CAPACITORS:
        yield Fault(f"{name} shorted", elements=(f"Rfault {_ends(name)} 1m",))
    yield Fault("U3 open", {"ref_there": 0.0})
    yield Fault("U3 shorted", elements=("Rfault ref 0 1m",))
    yield Fault("regulator lets 5.25 V through", {"supply": 5.25})


def _ends(name: str) -> str:
    """The two nets of an element of the netlist."""
    found = re.search(rf"^{name} (\S+ \S+) ", (HERE / "front_end.cir").read_text(encoding="utf-8"), re.MULTILINE)
    assert found, name
    return found[1]


def electrode_ua(fault: Fault) -> float:
    """The larger of the two electrode currents under a fault, in microamperes."""
    circuit = Circuit({**worst(), **fault.changes}, fault.elements)
    return max(abs(ampere) for ampere in solve(circuit, ["op", "print i(va)", "print i(vb)"])) * 1e6


def fault_table() -> list[tuple[str, float]]:
    return [(fault.name, electrode_ua(fault)) for fault in faults()]


def main() -> None:
    """Both tables, as Markdown."""
    from somatone.timeline.units import conductance_nanosiemens  # noqa: PLC0415 - only the table needs the host

    conductances_us = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 40, 60, 100)
    print("| conductance, µS | code | read back, µS | error |\n| ---: | ---: | ---: | ---: |")
    for us, code in zip(conductances_us, codes(Circuit(), [1e6 / us for us in conductances_us]), strict=True):
        back_us = conductance_nanosiemens(code) / 1000
        print(f"| {us} | {code} | {back_us:.3f} | {100 * (back_us / us - 1):+.2f} % |")
    print("\n| fault, with the electrodes shorted | electrode current, µA |\n| --- | ---: |")
    for name, ua in fault_table():
        print(f"| {name} | {ua:.2f} |")


if __name__ == "__main__":
    try:
        main()
    except NgspiceError as error:
        sys.exit(f"hardware.front_end: {error}")
