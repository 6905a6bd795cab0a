"""The mapping stage: gates and levels in, control values and notes out. No I/O, no clock of its own.

A route keeps a position 0..1 that moves towards its target; a control's place on its range is the sum of the travel
of all its routes. Gates and levels act at once where their route has no `up_s`; everything that takes time advances
in `tick`, which the path calls at fixed moments of its own clock, so a replay gives the same controls at any speed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from somatone.pieces.piece import NoteRoute, Piece, Route
from somatone.records import Action, Control, Event, Gate, Level, Note
from somatone.voices import ControlSpec, find_voice

TICK_S = 0.1  # the voices glide over about this time by themselves
SMALLEST_STEP = 1 / 512  # of a control's range: smaller steps are not worth a message


@dataclass(slots=True)
class _RouteState:
    """Where one route stands: `position` now, `target` where it goes, `pace_s` the time constant."""

    route: Route
    low: float  # positions on the control's own 0..1
    high: float
    position: float = 0.0
    target: float = 0.0
    pace_s: float = 0.0
    last: Event | None = None

    @property
    def travel(self) -> float:
        """How far the route moves its control, on the control's 0..1 range."""
        bent = self.position if self.route.curve == 1.0 else self.position**self.route.curve
        return (self.high - self.low) * bent

    def aim(self, value: float, pace_s: float) -> None:
        self.target, self.pace_s = min(max(value, 0.0), 1.0), pace_s
        if pace_s == 0:
            self.position = self.target

    def advance(self, dt_s: float) -> bool:
        """Move towards the target; whether anything moved."""
        if self.position == self.target:
            return False
        self.position += (self.target - self.position) * (1 - math.exp(-dt_s / self.pace_s))
        if abs(self.target - self.position) < SMALLEST_STEP / 4:
            self.position = self.target
        return True


@dataclass(slots=True)
class _ControlState:
    """One control and the routes that move it."""

    voice: str
    spec: ControlSpec
    base: float
    routes: list[_RouteState] = field(default_factory=list)
    sent: float = math.nan

    def step(self, *, settled: bool) -> float | None:
        """The new value in the control's unit, or None where the change is too small to tell."""
        place = min(max(self.base + sum(route.travel for route in self.routes), 0.0), 1.0)
        if abs(place - self.sent) < SMALLEST_STEP and not (settled and place != self.sent):
            return None
        self.sent = place
        return self.spec.map(place)


class Mapping:
    """All routes of one piece. `start` gives every control its first value; then `feed` and `tick`."""

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self._controls: dict[str, _ControlState] = {}
        self._by_source: dict[str, list[tuple[_RouteState, _ControlState]]] = {}
        self._notes: dict[str, list[NoteRoute]] = {}
        self._levels: dict[str, float] = {}
        for name in (*piece.voices, "master"):
            voice = find_voice(name)
            if voice.kind == "continuous":
                for control, spec in voice.controls.items():
                    value = piece.rest.get(f"{name}.{control}", spec.default)
                    self._controls[f"{name}.{control}"] = _ControlState(name, spec, spec.unmap(value))
        for route in piece.routes:
            self._add(route)
        for note in piece.notes:
            self._notes.setdefault(note.source, []).append(note)

    def _add(self, route: Route) -> None:
        control = self._controls[route.to]
        low, high = (control.spec.unmap(v) for v in route.range) if route.range else (0.0, 1.0)
        if not control.routes:
            control.base = low  # the first route says where the control stands at rest
        state = _RouteState(route, low, high)
        control.routes.append(state)
        self._by_source.setdefault(route.source, []).append((state, control))

    def start(self, at_s: float) -> list[Action]:
        """The first value of every control."""
        return [
            Control(state.voice, state.spec.name, value, at_s)
            for state in self._controls.values()
            if (value := state.step(settled=True)) is not None
        ]

    def feed(self, event: Event) -> list[Action]:
        """What one gate or level changes at once."""
        actions: list[Action] = []
        if isinstance(event, Level) and event.validity.usable:
            self._levels[event.name] = event.value
        for state, control in self._by_source.get(event.name, ()):
            _aim(state, event)
            if state.pace_s == 0 and (value := control.step(settled=True)) is not None:
                actions.append(_control(control, value, event.at_s, event))
        if isinstance(event, Gate) and event.value and event.validity.usable:
            actions += [self._note(note, event) for note in self._notes.get(event.name, ())]
        return actions

    def tick(self, now_s: float) -> list[Action]:
        """Everything that takes time, advanced by one `TICK_S`."""
        actions: list[Action] = []
        for control in self._controls.values():
            moved = False
            for state in control.routes:
                if state.position != state.target:
                    moved |= state.advance(TICK_S)
            if not moved:
                continue
            settled = all(state.position == state.target for state in control.routes)
            if (value := control.step(settled=settled)) is not None:
                cause = next((state.last for state in control.routes if state.last), None)
                actions.append(_control(control, value, now_s, cause))
        return actions

    def _note(self, note: NoteRoute, gate: Gate) -> Note:
        voice = find_voice(note.voice)
        values = dict(note.values)
        for name, follow in note.follow.items():
            spec = voice.controls[name]
            low, high = (spec.unmap(v) for v in follow.range)
            values[name] = spec.map(low + (high - low) * self._levels.get(follow.source, 0.5))
        return Note(note.voice, gate.at_s, values, gate.wearer, gate.validity, gate.source)


def _aim(state: _RouteState, event: Event) -> None:
    route = state.route
    state.last = event
    if not event.validity.usable and not _says_absence(event):
        if route.when_invalid == "fade":
            state.aim(0.0, max(route.fade_s, TICK_S) / 3)  # three time constants: 95 % of the way
        elif route.when_invalid == "rest":
            state.aim(0.0, route.down_s)
        return
    value = float(event.value)
    state.aim(value, route.up_s if value > state.target else route.down_s)


def _says_absence(event: Event) -> bool:
    """A closing gate is good news about nothing: it is true whatever the signal's validity."""
    return isinstance(event, Gate) and event.name == "contact.worn"


def _control(control: _ControlState, value: float, at_s: float, cause: Event | None) -> Control:
    if cause is None:
        return Control(control.voice, control.spec.name, value, at_s)
    return Control(control.voice, control.spec.name, value, at_s, cause.wearer, cause.validity, cause.source)
