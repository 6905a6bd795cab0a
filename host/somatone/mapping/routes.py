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


class _RouteState:
    """Where one route stands: `position` now, `target` where it goes, `travel` how far that moves its control.

    `low` and `high` are places on the control's own 0..1 range.
    """

    __slots__ = ("_bend", "_keep", "_span", "last", "position", "route", "target", "travel")

    def __init__(self, route: Route, low: float, high: float) -> None:
        self.route = route
        self.position = self.target = self.travel = 0.0
        self.last: Event | None = None
        self._span = high - low
        self._bend = route.curve
        self._keep = 0.0  # share of the distance that is left after one tick

    def aim(self, value: float, pace_s: float) -> None:
        """Go to `value` (clamped to 0..1) with a time constant, or at once where it is 0."""
        self.target = min(max(value, 0.0), 1.0)
        if pace_s == 0:
            self._stand(self.target)
        else:
            self._keep = math.exp(-TICK_S / pace_s)

    def tick(self) -> bool:
        """Move on by one tick; whether the target has been reached."""
        left = (self.target - self.position) * self._keep
        if left:
            self._stand(self.target if abs(left) < SMALLEST_STEP / 4 else self.target - left)
        return self.position == self.target

    def _stand(self, position: float) -> None:
        self.position = position
        self.travel = self._span * (position if self._bend == 1.0 else position**self._bend)


@dataclass(slots=True)
class _ControlState:
    """One control and the routes that move it."""

    voice: str
    spec: ControlSpec
    base: float
    name: str
    routes: list[_RouteState] = field(default_factory=list)
    sent: float = math.nan

    def step(self, *, settled: bool) -> float | None:
        """The new value in the control's unit, or None where the change is too small to tell."""
        place = self.base
        for route in self.routes:
            place += route.travel
        place = 0.0 if place < 0.0 else 1.0 if place > 1.0 else place
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
        self._moving: dict[str, _ControlState] = {}  # those that a tick has to look at
        for name in (*piece.voices, "master"):
            voice = find_voice(name)
            if voice.kind == "continuous":
                for control, spec in voice.controls.items():
                    value = piece.rest.get(f"{name}.{control}", spec.default)
                    self._controls[f"{name}.{control}"] = _ControlState(
                        name, spec, spec.unmap(value), f"{name}.{control}"
                    )
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
            if state.position != state.target:
                self._moving[control.name] = control
            if state.position == state.target and (value := control.step(settled=True)) is not None:
                actions.append(_control(control, value, event.at_s, event))
        if isinstance(event, Gate) and event.value and event.validity.usable:
            actions += [self._note(note, event) for note in self._notes.get(event.name, ())]
        return actions

    def tick(self, now_s: float) -> list[Action]:
        """Everything that takes time, advanced by one `TICK_S`."""
        actions: list[Action] = []
        for control in list(self._moving.values()):
            settled = True
            for state in control.routes:
                settled &= state.tick()
            if settled:
                del self._moving[control.name]
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
