"""What the rules of all signals share: chunks in, gates and levels out.

The integers stay in `gates`; floats begin here, at the levels. While a signal cannot be trusted its rules still learn
(except the running ranges, which freeze), but no gate opens, and a gate that is open closes at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from somatone.gating.parameters import settings_of
from somatone.records import Chunk, Event, Gate, Level, Validity

SMALLEST_LEVEL_STEP = 1 / 256  # a level is said again when it has moved this far
SHORTEST_S = 0.5  # of a gate that already stood open in its rule when the signal became usable

NOTHING: tuple[Event, ...] = ()

RuleSettings = Mapping[str, Mapping[str, int]]  # "pulse.beat" -> {"refractory_ms": 300}: what differs from the defaults
NO_SETTINGS: RuleSettings = MappingProxyType({})


class SignalRules:
    """What all signals share: gaps, validity, open gates and levels that are said only when they move."""

    gates: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()

    def __init__(self, settings: RuleSettings = NO_SETTINGS) -> None:
        self._settings = settings
        self.used: set[str] = set()  # rules whose parameters were asked for
        self._next_index: int | None = None
        self._validity: Validity | None = None
        self._usable = False
        self._open: dict[str, bool] = dict.fromkeys(self.gates, False)
        self._said: dict[str, float] = {}
        self._late: dict[str, float] = {}  # gates that opened late, and until when they stay open in any case
        self._overdue: dict[str, float] = {}  # of these, those whose rule has closed, and when they will

    def feed(self, chunk: Chunk) -> list[Event]:
        """All events of one chunk, in order of its samples."""
        if chunk.index == self._next_index and chunk.validity is self._validity and not self._late:
            self._next_index += len(chunk.samples) // chunk.width  # nearly always
            return [*self._run(chunk)]
        return self._changed(chunk)

    def _changed(self, chunk: Chunk) -> list[Event]:
        """A chunk behind a gap, of another validity, or soon after the signal became usable."""
        if self._next_index not in (None, chunk.index):
            self._gap()
        self._next_index = chunk.index + len(chunk.samples) // chunk.width
        self._validity = chunk.validity
        events: list[Event] = []
        if chunk.validity.usable is not self._usable:
            self._usable = chunk.validity.usable
            if self._usable:
                for name in self._standing():
                    events += self._edge(chunk, name, 1, chunk.start_s)
                    self._late[name] = chunk.start_s + SHORTEST_S
            else:
                events += self._withdraw(chunk)
        if self._late:
            events += self._close_late(chunk)
        events += self._run(chunk)
        return events

    def _standing(self) -> tuple[str, ...]:
        """Gates of states (not of events) that stand open in the rule; they open when the signal becomes usable."""
        return ()

    def watch(self, until_s: float) -> None:
        """The same device measures acceleration, at least until then (path's clock): movement will not be missed."""

    def is_open(self, name: str) -> bool:
        """Whether the gate stands open."""
        return self._open[name]

    def last_level(self, name: str) -> float | None:
        """The level as it was last said, None where it does not hold."""
        return self._said.get(name)

    def reset(self) -> None:
        """A new wearer."""
        raise NotImplementedError

    def _gap(self) -> None:
        raise NotImplementedError

    def _run(self, chunk: Chunk) -> Iterable[Event]:
        raise NotImplementedError

    def _close_late(self, chunk: Chunk) -> Iterator[Event]:
        """Gates that opened late close no sooner than their shortest time after that."""
        for name, until_s in list(self._late.items()):
            if chunk.start_s >= until_s:
                del self._late[name]
                if name in self._overdue:
                    del self._overdue[name]
                    yield from self._edge(chunk, name, 0, until_s)

    def _withdraw(self, chunk: Chunk) -> Iterator[Event]:
        """Close what is open and say of every level that it no longer holds."""
        self._late.clear()
        self._overdue.clear()
        for name, is_open in self._open.items():
            if is_open:
                self._open[name] = False
                yield Gate(chunk.wearer, name, 0, chunk.start_s, chunk.validity, chunk.source)
        for name in self.levels:
            value = self._said.pop(name, 0.0)
            yield Level(chunk.wearer, name, value, chunk.start_s, chunk.validity, chunk.source)

    def _edge(self, chunk: Chunk, name: str, value: int, at_s: float, strength: int = 0) -> Sequence[Event]:
        """A gate's edge, or none: an opening only where the signal is usable, a closing only of what was opened."""
        if self._late and name in self._late:
            if value:
                self._overdue.pop(name, None)
            elif at_s < self._late[name]:
                self._overdue[name] = at_s
                return NOTHING
        if (value and not self._usable) or bool(value) == self._open[name]:
            return NOTHING
        self._open[name] = bool(value)
        return (Gate(chunk.wearer, name, value, at_s, chunk.validity, chunk.source, strength),)

    def _level(self, chunk: Chunk, name: str, value: float, at_s: float) -> Sequence[Event]:
        """The level, or nothing: said only where the signal is usable, and only when it has moved."""
        if not self._usable or -SMALLEST_LEVEL_STEP < value - self._said.get(name, -1.0) < SMALLEST_LEVEL_STEP:
            return NOTHING
        self._said[name] = value
        return (Level(chunk.wearer, name, value, at_s, chunk.validity, chunk.source),)

    def _set(self, rule: str) -> dict[str, int]:
        """The keyword arguments of one rule."""
        self.used.add(rule)
        return settings_of(self._settings, rule)
