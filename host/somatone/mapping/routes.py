"""The mapping stage: gates and levels in, control values and notes out. No I/O, no clock of its own.

A route keeps a position 0..1 that moves towards its target; a control's place on its range is the sum of the travel
of all its routes. Gates and levels act at once where their route has no `up_s`; everything that takes time advances
in `tick`, which the path calls at fixed moments of its own clock, so a replay gives the same controls at any speed.
"""

from __future__ import annotations

import random

from somatone.mapping.control import TICK_S, ControlState, RouteState
from somatone.mapping.made_gates import MadeGates
from somatone.mapping.notes import NotePlayer
from somatone.pieces.piece import Piece
from somatone.pieces.schema import Route
from somatone.records import Action, Control, Event, Gate, Level
from somatone.voices import find_voice

__all__ = ["TICK_S", "Mapping"]


class Mapping:
    """All routes of one piece. `start` gives every control its first value; then `feed` and `tick`."""

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self._controls: dict[str, ControlState] = {}
        self._by_source: dict[str, list[tuple[RouteState, ControlState]]] = {}
        self._notes: dict[str, list[NotePlayer]] = {}
        self._levels: dict[str, float] = {}
        self._moving: dict[str, ControlState] = {}  # those that a tick has to look at
        self._made = MadeGates(piece.gates)
        self._chance = random.Random(piece.seed)
        for voice in (*map(find_voice, (*piece.voices, "master")), *piece.outside.voices):
            if voice.kind == "continuous":
                for control, spec in voice.controls.items():
                    name = f"{voice.name}.{control}"
                    value = piece.rest.get(name, spec.default)
                    self._controls[name] = ControlState(voice.name, spec, spec.unmap(value))
        for route in piece.routes:
            self._add(route)
        for number, note in enumerate(piece.notes):
            player = NotePlayer(note, self._levels, piece.seed * 1009 + number)
            self._notes.setdefault(note.source, []).append(player)

    def _add(self, route: Route) -> None:
        control = self._controls[route.to]
        low, high = (control.spec.unmap(v) for v in route.range) if route.range else (0.0, 1.0)
        if not control.routes:
            control.base = low  # the first route says where the control stands at rest
        state = RouteState(route, low, high)
        control.routes.append(state)
        self._by_source.setdefault(route.source, []).append((state, control))

    def start(self, at_s: float) -> list[Action]:
        """The first value of every control."""
        return [
            Control(state.voice, state.spec.name, value, at_s)
            for state in self._controls.values()
            if (value := state.value(state.place())) is not None
        ]

    def feed(self, event: Event) -> list[Action]:
        """What one gate or level changes at once."""
        actions: list[Action] = []
        if isinstance(event, Level):
            if event.validity.usable:
                self._levels[event.name] = event.value
            self._move(event, actions)
            return actions
        for gate in self._made.feed(event):
            self._turn(gate, actions)
        return actions

    def _turn(self, gate: Gate, actions: list[Action]) -> None:
        """One edge, of a rule or made: to its routes and notes."""
        self._move(gate, actions)
        for player in self._notes.get(gate.name, ()):
            if note := player.hear(gate):
                actions.append(note)

    def _move(self, event: Event, actions: list[Action]) -> None:
        for state, control in self._by_source.get(event.name, ()):
            route = state.route
            if route.wearer and route.wearer != event.wearer:
                continue
            if route.probability < 1 and event.value and self._chance.random() >= route.probability:
                continue
            state.hear(event)
            if state.position != state.target:
                self._moving[control.name] = control
            elif (value := control.value(control.place())) is not None:
                actions.append(_control(control, value, event.at_s, event))

    def tick(self, now_s: float) -> list[Action]:
        """Everything that takes time, advanced by one `TICK_S`."""
        actions: list[Action] = []
        for gate in self._made.tick(now_s):
            self._turn(gate, actions)
        for name, control in list(self._moving.items()):
            value, settled = control.tick()
            if settled:
                del self._moving[name]
            if value is not None:
                cause = next((state.last for state in control.routes if state.last), None)
                actions.append(_control(control, value, now_s, cause))
        for players in self._notes.values():
            for player in players:
                if player.busy:
                    actions += player.tick(now_s, TICK_S)
        return actions

    def standing(self, name: str) -> float:
        """Where the control `voice.control` stands now, in its own unit."""
        control = self._controls[name]
        return control.spec.map(control.place())

    def reload(self, piece: Piece, at_s: float) -> tuple[Mapping, list[Action]]:
        """The mapping of a new version of the piece, standing where this one stands: what differs glides.

        Routes and notes that did not change go on; new ones begin at rest until their source speaks.
        """
        new = Mapping(piece)
        new._levels.update(self._levels)
        for name, control in new._controls.items():
            if old := self._controls.get(name):
                _adopt(control, old)
                new._moving[name] = control
        for source, players in new._notes.items():
            for player in players:
                for was in self._notes.get(source, ()):
                    if was.route == player.route:
                        player.adopt(was)
        fresh = [control for name, control in new._controls.items() if name not in self._controls]
        values = [(control, control.value(control.place())) for control in fresh]
        return new, [Control(c.voice, c.spec.name, value, at_s) for c, value in values if value is not None]


def _adopt(control: ControlState, old: ControlState) -> None:
    """Routes of the new control that the old one had too stand where those stood; the rest is an offset that fades."""
    left = list(old.routes)
    for state in control.routes:
        same = next((was for was in left if was.route.source == state.route.source), None)
        if same:
            left.remove(same)
            state.adopt(same)
    control.sent = old.sent
    control.offset = old.place() - control.place()


def _control(control: ControlState, value: float, at_s: float, cause: Event | None) -> Control:
    if cause is None:
        return Control(control.voice, control.spec.name, value, at_s)
    return Control(control.voice, control.spec.name, value, at_s, cause.wearer, cause.validity, cause.source)
