"""Gates that a piece makes of others: either, both, and latches. They live in the mapping, before routes and notes."""

from __future__ import annotations

from collections.abc import Sequence

from somatone.pieces.schema import GateRoute
from somatone.records import Gate


class MadeGate:
    """One made gate. Of several wearers each counts: a member is open while it is open for anybody."""

    def __init__(self, spec: GateRoute) -> None:
        self.spec = spec
        self.members = frozenset(name for name in (*spec.either, *spec.both, spec.latch, spec.until) if name)
        self._open_for: dict[str, set[str]] = {name: set() for name in self.members}
        self._open = False
        self._since_s = 0.0
        self._last: Gate | None = None

    def feed(self, gate: Gate) -> Gate | None:
        """The edge that one edge of a member makes, if it makes one."""
        wearers = self._open_for[gate.name]
        was_open = bool(wearers)
        if gate.value and gate.validity.usable:
            wearers.add(gate.wearer)
        else:
            wearers.discard(gate.wearer)
        opened = bool(wearers) and not was_open
        self._last = gate
        return self._turn(self._wanted(gate.name, opened), gate, gate.at_s)

    def tick(self, now_s: float) -> Gate | None:
        """A latch closes by itself when its longest time is over."""
        longest_s = self.spec.longest_s
        if self._open and longest_s and self._last and now_s - self._since_s >= longest_s:
            return self._turn(False, self._last, now_s)
        return None

    def _wanted(self, name: str, opened: bool) -> bool:
        spec = self.spec
        if spec.either:
            return any(self._open_for[member] for member in spec.either)
        if spec.both:
            return all(self._open_for[member] for member in spec.both)
        if opened and self._open:
            return name != (spec.until or spec.latch)
        return self._open or (opened and name == spec.latch)

    def _turn(self, wanted: bool, cause: Gate, at_s: float) -> Gate | None:
        if wanted == self._open:
            return None
        self._open = wanted
        self._since_s = at_s
        return Gate(cause.wearer, self.spec.name, int(wanted), at_s, cause.validity, cause.source, cause.strength)


class MadeGates:
    """All made gates of a piece, in its order: a gate may use those above it."""

    def __init__(self, specs: Sequence[GateRoute]) -> None:
        self._gates = [MadeGate(spec) for spec in specs]

    def feed(self, gate: Gate) -> list[Gate]:
        """The gate itself, and every edge that follows from it."""
        edges = [gate]
        for made in self._gates:
            for edge in list(edges):
                if edge.name in made.members and (follows := made.feed(edge)):
                    edges.append(follows)
        return edges

    def tick(self, now_s: float) -> list[Gate]:
        """Edges that time alone makes, each with what follows from it."""
        edges: list[Gate] = []
        for made in self._gates:
            for edge in list(edges):
                if edge.name in made.members and (follows := made.feed(edge)):
                    edges.append(follows)
            if closing := made.tick(now_s):
                edges.append(closing)
        return edges
