"""Is the sensor on a body, and for how long: one answer a wearer, from whatever signals there are.

Skin conductance leads where it is measured, else temperature, else the pulse alone. A signal that has stopped hands
the lead on. After contact begins the signals settle for a while: electrodes wet, filters swing in.

Surprise: the pulse is looked at in whole blocks of a quarter second and a change holds from the end of the sample that
showed it, so that the answer does not depend on how the samples were cut into chunks.
"""

from __future__ import annotations

from collections import deque

from gates.contact import MISSING, Contact
from somatone.records import Validity

SETTLE_S = 5.0  # an E4's pulse filter swings for 5 s after it is switched on (e4.md, 3.4)
LEAD_LOST_S = 2.0
LEADERS = ("eda", "temp", "bvp")
LEADER_HZ = 4


class Wear:
    """Contact of one wearer. Feed every signal's counts in order; ask `validity` for any moment up to now."""

    def __init__(self) -> None:
        self._contact = Contact(rate_hz=LEADER_HZ)
        self._seen_s: dict[str, float] = {}
        self._temp_centi = MISSING
        self._pulse: list[int] = []  # of the block that is not yet whole
        self._changes: deque[tuple[float, bool]] = deque([(float("-inf"), False)], maxlen=8)

    def feed(self, signal: str, counts: list[int], start_s: float, rate_hz: int) -> None:
        """Counts of one signal from `start_s` (seconds on the path's clock); never more than one block of them."""
        self._seen_s[signal] = start_s
        if signal == "temp":
            self._temp_centi = counts[-1]
        elif signal == "bvp" and not self._whole_block(counts, rate_hz):
            return
        if signal != self._leader(start_s):
            return
        temp_centi = self._temp_centi if start_s - self._seen_s.get("temp", start_s) <= LEAD_LOST_S else MISSING
        self._contact.step(counts[-1] if signal == "eda" else MISSING, temp_centi)
        if self._contact.worn != self._changes[-1][1]:
            self._changes.append((start_s + len(counts) / rate_hz, self._contact.worn))

    def _whole_block(self, counts: list[int], rate_hz: int) -> bool:
        """Keep the pulse until its block is whole, then show it to the rule."""
        self._pulse += counts
        if len(self._pulse) < rate_hz // LEADER_HZ:
            return False
        for x in self._pulse:
            self._contact.pulse(x)
        self._pulse.clear()
        return True

    def _leader(self, now_s: float) -> str:
        for signal in LEADERS:
            if now_s - self._seen_s.get(signal, -LEAD_LOST_S - 1) <= LEAD_LOST_S:
                return signal
        return ""

    def validity(self, at_s: float) -> Validity:
        """`absent`, `settling` or `worn` at a moment (seconds on the path's clock)."""
        for since_s, worn in reversed(self._changes):
            if since_s <= at_s + 1e-6:
                if not worn:
                    return Validity.ABSENT
                return Validity.SETTLING if at_s - since_s < SETTLE_S else Validity.WORN
        return Validity.ABSENT
