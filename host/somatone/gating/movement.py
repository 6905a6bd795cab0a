"""Movement: its energy, and the two gates active and still, from 32 Hz acceleration."""

from __future__ import annotations

from gates.motion import ACTIVE_CLOSED, ACTIVE_OPENED, STILL_CLOSED, STILL_OPENED, Movement
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings, SignalRules
from somatone.records import Chunk, Event

LARGE_JERK_Q8 = 32 << 8  # half a g from one sample to the next, summed over the axes


class MovementRules(SignalRules):
    """`motion.active`, `motion.still`, `motion.energy` from 32 Hz acceleration."""

    gates = ("motion.active", "motion.still")
    levels = ("motion.energy",)

    def __init__(self, settings: RuleSettings = NO_SETTINGS) -> None:
        super().__init__(settings)
        self._movement = Movement(32, **self._set("motion.active"))

    def reset(self) -> None:
        self._movement.reset()

    def _gap(self) -> None:
        self._movement.gap()

    def _standing(self) -> tuple[str, ...]:
        return ("motion.active",) * self._movement.active + ("motion.still",) * self._movement.still

    def _run(self, chunk: Chunk) -> list[Event]:
        movement, samples = self._movement, chunk.samples
        out: list[Event] = []
        done, end = 0, len(samples)
        while done < end:
            edges = movement.run(samples, done, clean=True)
            done = movement.taken
            if edges:
                now_s = chunk.start_s + (done // 3 - 1) / chunk.rate_hz
                for mask, name, value in _MOVEMENT_EDGES:
                    if edges & mask:
                        out += self._edge(chunk, name, value, now_s)
        if end and self._usable:
            energy = min(movement.energy_q8 / LARGE_JERK_Q8, 1.0)
            out += self._level(chunk, "motion.energy", energy, chunk.end_s)
        return out


_MOVEMENT_EDGES = (
    (ACTIVE_CLOSED, "motion.active", 0),
    (STILL_CLOSED, "motion.still", 0),
    (ACTIVE_OPENED, "motion.active", 1),
    (STILL_OPENED, "motion.still", 1),
)
