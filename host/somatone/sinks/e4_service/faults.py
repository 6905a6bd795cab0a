"""The faults that an E4 streaming server, its Bluetooth and the network are known or feared to have, switchable.

All are drawn from one seeded generator, so that a run can be repeated.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from somatone.errors import UsageError


@dataclass(frozen=True, slots=True)
class FaultKind:
    """`number` is KIND:NUMBER's default: seconds between two ("s"), per cent ("%"), or a style ("")."""

    number: float
    unit: str
    meaning: str


KINDS: Mapping[str, FaultKind] = {
    "comma": FaultKind(1, "", "decimal comma, as on most of Europe's Windows"),
    "beta": FaultKind(1, "", "the beta server: 'available', replies in CR LF, 'X device_disconnect'"),
    "list_space": FaultKind(1, "", "an empty list ends in a space"),
    "old_temp": FaultKind(1, "", "E4_Temp instead of E4_Temperature"),
    "tag_value": FaultKind(1, "", "a tag has a value"),
    "manual": FaultKind(1, "", "manual Bluetooth: bands are discovered and connected by the client"),
    "glue": FaultKind(10, "%", "several lines in one send"),
    "cut": FaultKind(30, "%", "lines cut at random bytes"),
    "nan": FaultKind(1, "%", "NaN instead of a value"),
    "exponent": FaultKind(5, "%", "values with an exponent"),
    "lost": FaultKind(2, "%", "a packet is lost and the stamps jump"),
    "lost_quiet": FaultKind(1, "%", "a packet is lost and the stamps go on"),
    "duplicate": FaultKind(1, "%", "a packet comes twice"),
    "unknown": FaultKind(1, "%", "lines that are none of the protocol's between the data"),
    "silent": FaultKind(100, "%", "subscriptions are accepted and nothing comes (server 1.0.3)"),
    "busy": FaultKind(50, "%", "the band is refused: another connection owns it"),
    "drop": FaultKind(60, "s", "Bluetooth is lost and found; the stamps go on"),
    "drop_retake": FaultKind(60, "s", "Bluetooth is lost and found; the stamps begin again at the clock"),
    "button": FaultKind(90, "s", "the band is switched off with its button, and on again"),
    "reset": FaultKind(60, "s", "the connection is reset"),
    "stall": FaultKind(45, "s", "the network stops in the middle of a line, then brings what it held back"),
}


class Faults:
    """Which faults there are and when they strike. None strikes after `until_s`, so that a test can settle."""

    def __init__(self, chosen: Mapping[str, float], seed: int = 0, until_s: float = float("inf")) -> None:
        self.random = random.Random(seed)
        self.until_s = until_s
        self._chosen = dict(chosen)
        self.struck = dict.fromkeys(chosen, 0)

    def style(self, kind: str) -> bool:
        return kind in self._chosen

    def strikes(self, kind: str, now_s: float) -> bool:
        """Whether a fault with a probability strikes this time."""
        per_cent = self._chosen.get(kind)
        if per_cent is None or now_s >= self.until_s or self.random.random() * 100 >= per_cent:
            return False
        self.struck[kind] += 1
        return True

    def timed(self) -> list[str]:
        return [kind for kind in self._chosen if KINDS[kind].unit == "s"]

    def next_s(self, kind: str, now_s: float) -> float:
        """When a timed fault strikes next."""
        at_s = now_s + self._chosen[kind] * self.random.uniform(0.9, 1.1)
        return at_s if at_s < self.until_s else float("inf")

    def lasts_s(self) -> float:
        """How long a band or the network is away."""
        return self.random.uniform(1.0, 12.0)


def parse_faults(words: Iterable[str]) -> dict[str, float]:
    """`KIND` or `KIND:NUMBER` as typed. Raises `UsageError`."""
    chosen: dict[str, float] = {}
    for word in words:
        kind, _, number = word.partition(":")
        if kind not in KINDS:
            raise UsageError(f"{kind!r} is no fault of the E4 service: give some of {', '.join(KINDS)}.")
        try:
            chosen[kind] = float(number) if number else KINDS[kind].number
        except ValueError:
            chosen[kind] = -1.0
        if not 0 < chosen[kind] < float("inf"):
            raise UsageError(
                f"--fault {word!r}: {number!r} is not a number above 0 (seconds between two, or per cent)."
            )
    return chosen
