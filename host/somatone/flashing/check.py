"""The board's self-test as rows for a person: what each chip measured, and PASS or the part to check."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from somatone.errors import SourceError
from somatone.flashing.conversation import Conversation
from somatone.sources.board_protocol import Measured
from wire import table

START_S = 4.0
ANSWER_S = 3.0
SETTLE_S = 6.0  # filters and LED current of a board that has just started
PAUSE_S = 0.5
PARTS = {
    "bvp": ("MAX30102", "the pulse sensor's four wires, and that only its cover is before it"),
    "eda": ("ADS1115", "the electrodes' plugs (nobody may wear them now), Rs, Rf and the converter's wires"),
    "temp": ("TMP117", "the temperature sensor's four wires"),
    "acc": ("LIS3DH", "the accelerometer's four wires, and that the board lies still"),
}
ADDRESSES = {"bvp": "0x57", "eda": "0x49", "temp": "0x48", "acc": "0x19"}
_UNIT = re.compile(r"([\d.]+)\s*(.+)")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `verdict` is PASS or what to check."""

    chip: str
    what: str
    measured: str
    passed: bool
    verdict: str


def self_test(port: str) -> tuple[str, list[Row]]:
    """Ask the board at `port`; again for a while if something fails that may only need to settle. Serial and rows."""
    with Conversation(port) as talk:
        if not talk.start(START_S):
            raise SourceError(f"The board at {port} does not start to measure: unplug it, plug it in, and flash again.")
        deadline_s = time.monotonic() + SETTLE_S
        while True:
            results = _ask(talk)
            if (results and all(result.passed for result in results)) or time.monotonic() > deadline_s:
                break
            talk.until(PAUSE_S, lambda event: False)
    if len(results) < len(table.CHECKS):
        raise SourceError(f"The board at {port} does not answer the self-test: flash it again.")
    return talk.protocol.serial, [row_of(result) for result in results]


def _ask(talk: Conversation) -> list[Measured]:
    """One round of the self-test, in the table's order; shorter when the board does not answer."""
    came: list[Measured] = []

    def take(event: object) -> bool:
        if isinstance(event, Measured):
            came.append(event)
        return len(came) >= len(table.CHECKS)

    talk.self_test()
    talk.until(ANSWER_S, take)
    return came


def row_of(result: Measured) -> Row:
    chip, advice = PARTS[result.signal]
    if result.chip_state != table.CHIP_STATES[table.CHIP_OK]:
        verdict = f"check the {chip} (address {ADDRESSES[result.signal]}): it is {result.chip_state}; {advice}"
        return Row(chip, result.check, "nothing", False, verdict)
    verdict = "PASS"
    if not result.passed:
        limits = f"{spoken(result.low, result.unit)} to {spoken(result.high, result.unit)}"
        verdict = f"check {advice}; expected {limits}"
    return Row(chip, result.check, spoken(result.value, result.unit), result.passed, verdict)


def spoken(count: int, unit: str) -> str:
    """A count of `unit` as a person says it: 2250 of 10 mC are 22.5 C."""
    match = _UNIT.fullmatch(unit)
    value, name = (count * float(match[1]), match[2]) if match else (float(count), unit)
    for small, large in (("mC", "C"), ("uV", "mV"), ("uA", "mA"), ("mg", "g")):
        if name == small and (abs(value) >= 1000 or small == "mC"):
            value, name = value / 1000, large
    return f"{value:.6g} {name}"
