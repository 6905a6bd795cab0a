"""OSC in, as a plain object: who may act, at which addresses, with which values. Everything else is only counted.

/somatone/control/<voice>/<control> f     a control, in its own unit, clamped to its range
/somatone/piece/reload                    read the piece again
/somatone/panic [i]                       silence (1, or no argument), or sound again (0)
"""

from __future__ import annotations

import ipaddress
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from somatone.pieces.schema import OscIn
from somatone.records import Control
from somatone.sinks.osc.addresses import CONTROL, PANIC, RELOAD, part
from somatone.sinks.osc.parse import messages_in
from somatone.voices import ControlSpec, find_voice

LARGEST = 2048  # bytes of a datagram
PER_S, BURST = 200.0, 100.0


@dataclass(frozen=True, slots=True)
class Reload:
    """Read the piece again."""


@dataclass(frozen=True, slots=True)
class Panic:
    """Silence at once, or sound again."""

    on: bool


Order = Control | Reload | Panic


class AllowList:
    """Reads datagrams. `counts` says what came: accepted, and per reason what was not."""

    def __init__(self, settings: OscIn, voices: Sequence[str]) -> None:
        self.counts: Counter[str] = Counter()
        self._networks = [ipaddress.ip_network(source, strict=False) for source in settings.sources]
        self._patterns = settings.addresses
        self._controls: dict[str, tuple[str, ControlSpec]] = {}
        for voice in map(find_voice, voices):
            for control in voice.controls.values():
                self._controls[f"{CONTROL}/{part(voice.name)}/{part(control.name)}"] = (voice.name, control)
        self._left, self._left_at_s = BURST, 0.0

    def read(self, data: bytes, sender: str, now_s: float) -> list[Order]:
        """What one datagram orders: nothing, unless all of it is known, allowed and whole. Never raises."""
        if not self._may(sender):
            return self._refuse("not listed")
        try:
            messages = messages_in(data, LARGEST)
        except ValueError:
            return self._refuse("malformed")
        orders: list[Order] = []
        for address, arguments in messages:
            reason = "not allowed"
            if any(fnmatchcase(address, pattern) for pattern in self._patterns):
                found = self._order(address, arguments, sender, now_s)
                if found is not None and not self._budget(now_s):
                    found, reason = None, "too many"
                elif found is None:
                    reason = "wrong address or value"
                if found is not None:
                    self.counts["accepted"] += 1
                    orders.append(found)
                    continue
            self.counts[reason] += 1
        return orders

    def _may(self, sender: str) -> bool:
        try:
            address = ipaddress.ip_address(sender.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self._networks)

    def _refuse(self, reason: str) -> list[Order]:
        self.counts[reason] += 1
        return []

    def _order(self, address: str, arguments: list[Any], sender: str, now_s: float) -> Order | None:
        if address == RELOAD:
            return Reload()
        if address == PANIC:
            return Panic(bool(arguments[0])) if arguments and _number(arguments[0]) else Panic(True)
        if address not in self._controls or len(arguments) != 1 or not _number(arguments[0]):
            return None
        voice, spec = self._controls[address]
        return Control(voice, spec.name, spec.clamp(float(arguments[0])), now_s, source=f"osc:{sender}")

    def _budget(self, now_s: float) -> bool:
        self._left = min(BURST, self._left + (now_s - self._left_at_s) * PER_S)
        self._left_at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


def _number(value: object) -> bool:
    return isinstance(value, bool | int | float) and math.isfinite(value)
