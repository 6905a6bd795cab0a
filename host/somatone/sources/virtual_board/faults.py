"""Faults on demand: what a person writes after `--fault`, and what of it the body's records can carry.

    KIND[:WHAT][@SECONDS[+DURATION]]     nack:max30102@5+3   stuck:eda@10   sweat@8   clock:200   stall@5+3

A fault of a chip or of the body travels in the records that feed the simulated chips, so it strikes at an exact
moment of body time; one of the cable, the processor or the supply is done by the pty's owner. Without @SECONDS it
strikes when the board starts (typed while the board runs: now).
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from somatone.errors import UsageError
from somatone.sources.simulated_body import RECORD, RECORDS_PER_S

CHIPS = {"max30102": 0, "ads1115": 1, "tmp117": 2, "lis3dh": 3}  # bit numbers in the records' flags
SIGNALS = {"bvp": 0, "eda": 1, "temp": 2, "acc": 3}
CHIP_KINDS = ("nack", "stuck")
BODY_KINDS = ("off-body", "sweat")


class Kind(NamedTuple):
    """`duration_s` when nobody says another; what it imitates, for the person at the virtual board."""

    duration_s: float
    imitates: str


KINDS = {
    "nack": Kind(3.0, "a chip that does not answer: a loose wire on the sensors' bus"),
    "stuck": Kind(0.0, "a chip that hangs and makes no samples until it is set up again"),
    "off-body": Kind(5.0, "the wearer takes the sensor off: nothing to repair"),
    "sweat": Kind(20.0, "the wearer is startled and sweats, 2 uS more: nothing to repair"),
    "overflow": Kind(0.8, "the processor is held up until the sensors' own memories overflow"),
    "brown-out": Kind(0.5, "the supply fails for a moment: the board starts anew"),
    "stall": Kind(3.0, "the computer stops reading: the board keeps the samples"),
    "cable": Kind(3.0, "the cable is pulled: the board keeps the samples"),
    "clock": Kind(0.0, "the board's crystal is off: the computer corrects it"),
}
CLOCK_PPM = 200
SWEAT_NSIEMENS = 2000
SWEAT_RISE_S = 1.0
AIR_COUNTS = 900  # what the photodiode counts in the open
AIR_NSIEMENS = 6
RANDOM_EVERY_S = 20.0

_SPEC = re.compile(r"(?P<kind>[a-z-]+)(:(?P<what>[^@+]+))?(@(?P<at>\d+(\.\d+)?))?(\+(?P<for>\d+(\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class Fault:
    """`chip` is a bit number for faults of chips; `ppm` is for the clock. Times in seconds since the board's start."""

    kind: str
    at_s: float
    duration_s: float
    chip: int = 0
    ppm: int = 0

    @property
    def until_s(self) -> float:
        return self.at_s + self.duration_s

    def __str__(self) -> str:
        what = (
            f":{list(CHIPS)[self.chip]}" if self.kind in CHIP_KINDS else f":{self.ppm}" if self.kind == "clock" else ""
        )
        return f"{self.kind}{what}@{self.at_s:.1f}+{self.duration_s:g}"


def parse_fault(text: str, now_s: float = 0.0) -> Fault:
    """The fault that `text` names. Raises UsageError with what would have been right."""
    match = _SPEC.fullmatch(text.strip())
    if not match or match["kind"] not in KINDS:
        kinds = ", ".join(KINDS)
        raise UsageError(
            f"{text!r} is no fault: write KIND[:CHIP][@SECONDS[+DURATION]], KIND one of {kinds}, or random."
        )
    kind, what = match["kind"], match["what"]
    at_s = float(match["at"]) if match["at"] else now_s
    duration_s = float(match["for"]) if match["for"] else KINDS[kind].duration_s
    if kind == "clock":
        if match["at"] or now_s:
            raise UsageError("clock is wrong for the board's whole life: write clock or clock:PPM, before it starts.")
        return Fault(kind, 0.0, 0.0, ppm=_ppm(what))
    return Fault(kind, at_s, duration_s, chip=_chip(kind, what))


def _ppm(what: str | None) -> int:
    if what is None:
        return CLOCK_PPM
    if not re.fullmatch(r"[+-]?\d{1,5}", what):
        raise UsageError(f"clock:{what} is no whole number of parts per million.")
    return int(what)


def _chip(kind: str, what: str | None) -> int:
    known = CHIPS | SIGNALS
    if kind not in CHIP_KINDS:
        if what is not None:
            raise UsageError(f"{kind} is not a fault of one chip: leave :{what} away.")
        return 0
    if what not in known:
        raise UsageError(f"{kind} needs a chip or signal: {kind}:NAME with one of {', '.join(known)}.")
    return known[what]


def random_fault(draw: random.Random, at_s: float) -> Fault:
    """A fault that begins within RANDOM_EVERY_S / 2 after `at_s`."""
    kind = draw.choice([kind for kind in KINDS if kind != "clock"])
    chip = draw.randrange(len(CHIPS)) if kind in CHIP_KINDS else 0
    return Fault(kind, round(at_s + draw.uniform(0, RANDOM_EVERY_S / 2), 1), KINDS[kind].duration_s, chip=chip)


def impose(faults: list[Fault], records: bytes, first: int) -> bytes:
    """`records`, of which the first is number `first` since the board's start, with the faults of chips and body."""
    touching = [fault for fault in faults if fault.kind in CHIP_KINDS + BODY_KINDS]
    if not touching:
        return records
    table = np.frombuffer(records, RECORD).copy()
    numbers = first + np.arange(len(table))
    for fault in touching:
        begin = round(fault.at_s * RECORDS_PER_S)
        end = max(begin + 1, round(fault.until_s * RECORDS_PER_S))
        _strike(fault, table, (numbers >= begin) & (numbers < end), (numbers - begin) / RECORDS_PER_S)
    return table.tobytes()


def _strike(fault: Fault, table: NDArray[Any], inside: NDArray[np.bool_], since_s: NDArray[np.float64]) -> None:
    if fault.kind == "nack":
        table["flags"][inside] |= 1 << fault.chip
    elif fault.kind == "stuck":
        table["flags"][inside] |= 0x10 << fault.chip
    elif fault.kind == "off-body":
        for name, value in (("contact", 0), ("ir", AIR_COUNTS), ("red", AIR_COUNTS), ("eda", AIR_NSIEMENS)):
            table[name][inside] = value
    else:
        rise = np.clip(since_s / SWEAT_RISE_S, 0.0, 1.0) * SWEAT_NSIEMENS
        table["eda"][inside] += rise[inside].astype("<u4")
