"""One control and the routes that move it: positions that glide, several routes that add up, several wearers at once.

Surprise: `tick` is the busiest loop of the whole path (ten times a second for everything that glides), so it is one
loop with no calls in it.
"""

from __future__ import annotations

import math

from somatone.pieces.schema import Route
from somatone.records import Event, Gate
from somatone.voices import ControlSpec

TICK_S = 0.1  # the voices glide over about this time by themselves
SMALLEST_STEP = 1 / 512  # of a control's range: smaller steps are not worth a message
ARRIVED = SMALLEST_STEP / 4


class RouteState:
    """Where one route stands: `position` now, `target` where it goes, `travel` how far that moves its control.

    `low` and `high` are places on the control's own 0..1 range.
    """

    __slots__ = ("_by_wearer", "bend", "keep", "last", "position", "route", "span", "target", "travel")

    def __init__(self, route: Route, low: float, high: float) -> None:
        self.route = route
        self.position = self.target = self.travel = 0.0
        self.last: Event | None = None
        self.span = high - low
        self.bend = route.curve
        self.keep = 0.0  # share of the distance that is left after one tick
        self._by_wearer: dict[str, float] = {}

    def hear(self, event: Event) -> None:
        """Turn towards what the event says; while it is not to be trusted, do what the route says about that."""
        route = self.route
        self.last = event
        by_wearer = self._by_wearer
        if event.validity.usable or _says_absence(event):
            by_wearer[event.wearer] = float(event.value)
        elif by_wearer.pop(event.wearer, None) is None or not by_wearer:
            self._withdraw()
            return
        value = event.value if len(by_wearer) == 1 and event.wearer in by_wearer else max(by_wearer.values())
        self._aim(value, route.up_s if value > self.target else route.down_s)

    def _withdraw(self) -> None:
        """Nobody is left whom this route could trust."""
        if self._by_wearer:
            return
        if self.route.when_invalid == "fade":
            self._aim(0.0, max(self.route.fade_s, TICK_S) / 3)  # three time constants: 95 % of the way
        elif self.route.when_invalid == "rest":
            self._aim(0.0, self.route.down_s)

    def _aim(self, value: float, pace_s: float) -> None:
        """Go to `value` (clamped to 0..1) with a time constant, or at once where it is 0."""
        self.target = target = 0.0 if value < 0.0 else 1.0 if value > 1.0 else float(value)
        if pace_s == 0:
            self.position = target
            self.travel = self.span * target**self.bend
        else:
            self.keep = math.exp(-TICK_S / pace_s)

    def adopt(self, old: RouteState) -> None:
        """Stand where the same route stood before the piece was read again."""
        self.position, self.target, self.keep, self.last = old.position, old.target, old.keep, old.last
        self._by_wearer = old._by_wearer
        self.travel = self.span * self.position**self.bend


def _says_absence(event: Event) -> bool:
    """A closing gate is good news about nothing: it is true whatever the signal's validity."""
    return isinstance(event, Gate) and event.name == "contact.worn"


class ControlState:
    """One control: where it stands at rest (`base`, a place on its range) and the routes that move it from there."""

    __slots__ = ("_low", "_ratio", "_span", "_top", "base", "name", "offset", "routes", "sent", "spec", "voice")

    def __init__(self, voice: str, spec: ControlSpec, base: float) -> None:
        self.voice = voice
        self.spec = spec
        self.base = base
        self.name = f"{voice}.{spec.name}"
        self.routes: list[RouteState] = []
        self.sent = math.nan  # the place that was said last
        self.offset = 0.0  # what is left of a jump that a new version of the piece would have made
        self._low, self._top = spec.minimum, spec.maximum
        self._span = spec.maximum - spec.minimum
        self._ratio = spec.maximum / spec.minimum if spec.warp == "exponential" else 0.0

    def place(self) -> float:
        """Where the control stands on its range now."""
        place = self.base + self.offset
        for route in self.routes:
            place += route.travel
        return 0.0 if place < 0.0 else 1.0 if place > 1.0 else place

    def value(self, place: float) -> float | None:
        """The value at `place` in the control's unit, or None where nothing new would be said."""
        if place == self.sent:
            return None
        self.sent = place
        value = self._low * self._ratio**place if self._ratio else self._low + self._span * place
        return self._low if value < self._low else self._top if value > self._top else value

    def tick(self) -> tuple[float | None, bool]:
        """One `TICK_S` on: the value to say, if any, and whether everything has arrived."""
        place = self.base
        settled = True
        for route in self.routes:
            if route.position != route.target:
                left = (route.target - route.position) * route.keep
                if -ARRIVED < left < ARRIVED:
                    route.position = route.target
                else:
                    route.position = route.target - left
                    settled = False
                route.travel = route.span * (route.position if route.bend == 1.0 else route.position**route.bend)
            place += route.travel
        if self.offset:
            self.offset = self.offset * 0.8 if abs(self.offset) > ARRIVED else 0.0
            place += self.offset
            settled = settled and not self.offset
        place = 0.0 if place < 0.0 else 1.0 if place > 1.0 else place
        if not settled and -SMALLEST_STEP < place - self.sent < SMALLEST_STEP:
            return None, False
        return self.value(place), settled
