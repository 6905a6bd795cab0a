"""Is the sensor on a body, and for how long: one answer a wearer, from whatever signals there are.

Skin conductance leads where it is measured, else temperature, else the pulse alone. A signal that has stopped hands
the lead on. After contact begins the signals settle for a while: electrodes wet, filters swing in.
"""

from __future__ import annotations

from gates.contact import MISSING, Contact

from somatone.records import Validity

SETTLE_S = 5.0  # an E4's pulse filter swings for 5 s after it is switched on (e4.md, 3.4)
LEAD_LOST_S = 2.0
LEADERS = ("eda", "temp", "bvp")
LEADER_HZ = 4


class Wear:
    """Contact of one wearer. Feed every chunk's counts; `validity` is the answer at the last fed time."""

    def __init__(self) -> None:
        self._contact = Contact(rate_hz=LEADER_HZ)
        self._seen_s: dict[str, float] = {}
        self._temp_centi = MISSING
        self._worn_since_s: float | None = None
        self._pulse_due = 0

    def feed(self, signal: str, counts: list[int], end_s: float, rate_hz: int) -> None:
        """One signal's counts up to `end_s` (seconds on the path's clock)."""
        self._seen_s[signal] = end_s
        if signal == "temp" and counts:
            self._temp_centi = counts[-1]
        elif signal == "bvp":
            for x in counts:
                self._contact.pulse(x)
        if signal != self._leader(end_s):
            return
        temp_centi = self._temperature(end_s)
        if signal == "eda":
            for x in counts:
                self._contact.step(x, temp_centi)
        else:
            for _ in range(self._steps(signal, len(counts), rate_hz)):
                self._contact.step(MISSING, temp_centi)
        self._note(end_s)

    def _leader(self, now_s: float) -> str:
        for signal in LEADERS:
            if now_s - self._seen_s.get(signal, -LEAD_LOST_S - 1) <= LEAD_LOST_S:
                return signal
        return ""

    def _steps(self, signal: str, count: int, rate_hz: int) -> int:
        if signal != "bvp":
            return count
        self._pulse_due += count
        steps, self._pulse_due = divmod(self._pulse_due, rate_hz // LEADER_HZ)
        return steps

    def _temperature(self, now_s: float) -> int:
        return self._temp_centi if now_s - self._seen_s.get("temp", now_s) <= LEAD_LOST_S else MISSING

    def _note(self, end_s: float) -> None:
        if not self._contact.worn:
            self._worn_since_s = None
        elif self._worn_since_s is None:
            self._worn_since_s = end_s

    def validity(self, now_s: float) -> Validity:
        """`absent`, `settling` or `worn`."""
        if self._worn_since_s is None:
            return Validity.ABSENT
        return Validity.SETTLING if now_s - self._worn_since_s < SETTLE_S else Validity.WORN
