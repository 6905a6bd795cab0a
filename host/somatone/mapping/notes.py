"""Notes: one at each opening of a gate, or falling at random at a stated density while it is open.

Chance is drawn from a generator seeded by the piece, once for each opening or tick, so equal input gives equal notes.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

from somatone.pieces.schema import Follow, NoteRoute
from somatone.records import Gate, Note
from somatone.voices import find_voice

MIDDLE = 0.5  # of a level that has not been said yet


class NotePlayer:
    """One note route. `levels` is the mapping's own table of what every level said last."""

    def __init__(self, route: NoteRoute, levels: Mapping[str, float], seed: int) -> None:
        self.route = route
        self._levels = levels
        self._chance = random.Random(seed)
        self._open: dict[str, Gate] = {}
        self._last_s = -math.inf

    def hear(self, gate: Gate) -> Note | None:
        """The note of an edge of its gate, if there is one."""
        route = self.route
        if route.wearer and gate.wearer != route.wearer:
            return None
        if not gate.value or not gate.validity.usable:
            self._open.pop(gate.wearer, None)
            return None
        self._open[gate.wearer] = gate
        if route.density is not None:
            return None
        return self._play(gate, gate.at_s)

    @property
    def busy(self) -> bool:
        """Whether ticks have to look at it."""
        return bool(self._open) and self.route.density is not None

    def tick(self, now_s: float, tick_s: float) -> list[Note]:
        """The notes that fall within the tick that ends now."""
        notes: list[Note] = []
        expected = self._density() * tick_s
        for gate in list(self._open.values()):
            times_s = sorted(now_s - tick_s * self._chance.random() for _ in range(self._drawn(expected)))
            notes += [note for at_s in times_s if (note := self._play(gate, at_s))]
        return notes

    def adopt(self, old: NotePlayer) -> None:
        """Go on where the same route stood before the piece was read again."""
        self._chance, self._open, self._last_s = old._chance, old._open, old._last_s

    def _drawn(self, expected: float) -> int:
        """How many fall: Poisson, by Knuth's product of uniforms; `expected` is at most 5."""
        limit, product, count = math.exp(-expected), self._chance.random(), 0
        while product > limit:
            product *= self._chance.random()
            count += 1
        return count

    def _density(self) -> float:
        density = self.route.density
        if isinstance(density, Follow):
            low, high = density.range
            return low + (high - low) * self._levels.get(density.source, MIDDLE)
        return density or 0.0

    def _play(self, gate: Gate, at_s: float) -> Note | None:
        route = self.route
        if route.probability < 1 and self._chance.random() >= route.probability:
            return None
        if at_s - self._last_s < route.apart_s:
            return None
        self._last_s = at_s
        values = dict(route.values)
        for name, follow in route.follow.items():
            spec = find_voice(route.voice).controls[name]
            low, high = (spec.unmap(value) for value in follow.range)
            values[name] = spec.map(low + (high - low) * self._levels.get(follow.source, MIDDLE))
        return Note(route.voice, at_s, values, gate.wearer, gate.validity, gate.source)
