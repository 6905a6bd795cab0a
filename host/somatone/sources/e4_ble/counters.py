"""Are packets missing? Asks the packet's own counter, and trusts it only while it behaves.

The counters are not documented (e4.md 2.4: "check for gaps with them, but do not trust them before seeing a device").
A reading is believed after it has counted one by one for `LEARN` packets, the widest first. One that never does, or
whose jumps keep contradicting the arrival times, is given up for good; then arrival times alone tell losses
(`e4_stream.counting`).
"""

from __future__ import annotations

LEARN = 6  # packets in a row
PATIENCE = 60  # packets without a reading that counts
STRIKES = 3


class PacketCounter:
    """Give each packet's readings to `step`; call `contradicted` when the arrivals disproved what it said."""

    def __init__(self) -> None:
        self.given_up = False
        self._trusted: int | None = None  # which reading
        self._last: tuple[tuple[int, int], ...] = ()
        self._runs: list[int] = []
        self._unsure = 0
        self._strikes = 0

    def outage(self) -> None:
        """The band was away: its counter may begin anew, so the next packet is only remembered."""
        self._last = ()

    def step(self, readings: tuple[tuple[int, int], ...]) -> int | None:
        """Packets lost before this one; -1 for one that came before; None where the counter cannot say."""
        last, self._last = self._last, readings
        if self.given_up or len(last) != len(readings):
            return None
        steps = [(now - before) % modulus for (now, modulus), (before, _) in zip(readings, last, strict=True)]
        if self._trusted is not None:
            return steps[self._trusted] - 1
        self._learn(steps)
        return None

    def contradicted(self) -> None:
        self._strikes += 1
        self._trusted, self._runs, self._unsure = None, [], 0
        self.given_up = self._strikes >= STRIKES

    def _learn(self, steps: list[int]) -> None:
        runs = self._runs or [0] * len(steps)
        self._runs = [run + 1 if step == 1 else 0 for run, step in zip(runs, steps, strict=True)]
        self._trusted = next((at for at, run in enumerate(self._runs) if run >= LEARN), None)
        self._unsure += 1
        self.given_up = self._trusted is None and self._unsure >= PATIENCE
