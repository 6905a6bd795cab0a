"""Reads parts.toml, and nothing else knows how it is written.

`value_of("R4")` is a number in ohms, farads or volts: the netlist, the drawings and the tests take it from here.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
_MULTIPLES = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "k": 1e3, "M": 1e6}
_SIGNS = {"ohm": "Ω", "F": "F", "V": "V"}


@dataclass(frozen=True)
class Part:
    """One line of the parts list; `quantity` is one a designator where the list gives none."""

    refs: tuple[str, ...]
    what: str
    role: str
    mpn: str
    maker: str
    substitutes: tuple[str, ...]
    value: str
    unit: str
    quantity: int


@cache
def parts() -> tuple[Part, ...]:
    """The whole list, in its order."""
    entries = tomllib.loads((HERE / "parts.toml").read_text(encoding="utf-8"))["part"]
    return tuple(
        Part(
            refs=tuple(entry["refs"]),
            what=entry["what"],
            role=entry["role"],
            mpn=entry["mpn"],
            maker=entry["maker"],
            substitutes=tuple(entry["substitutes"]),
            value=entry.get("value", ""),
            unit=entry.get("unit", ""),
            quantity=entry.get("quantity", len(entry["refs"])),
        )
        for entry in entries
    )


def part(ref: str) -> Part:
    """The part of a designator; KeyError when the list has none."""
    for entry in parts():
        if ref in entry.refs:
            return entry
    raise KeyError(ref)


def value_of(ref: str) -> float:
    """In ohms, farads or volts."""
    text = part(ref).value
    factor = _MULTIPLES.get(text[-1])
    return float(text) if factor is None else float(text[:-1]) * factor


def label(ref: str) -> str:
    """The value as a drawing shows it: "1.5 MΩ"."""
    found = part(ref)
    factor = found.value[-1] if found.value[-1] in _MULTIPLES else ""
    return f"{found.value.removesuffix(factor)} {factor.replace('u', 'µ')}{_SIGNS[found.unit]}"


def valued() -> dict[str, float]:
    """Every designator that has a value, resistors in ohms, capacitors in farads, the reference in volts."""
    return {ref: value_of(ref) for entry in parts() if entry.value for ref in entry.refs}
