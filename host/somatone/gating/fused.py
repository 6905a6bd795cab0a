"""One signal of one wearer from one or several devices, as one stream of gates and levels.

The rules run for every source, so that a change of lead finds them warm; only the leading source is heard. When the
lead changes, at most one edge a gate appears and no level jumps: it starts where the old source left it and slews to
where the new one stands. Beats of several devices are brought to one site and voted on (`beat_vote`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from somatone.gating.beat_vote import BeatVote
from somatone.gating.rules import RULES
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings, SignalRules
from somatone.records import Chunk, Event, Gate, Level

SLEW_PER_S = 0.1  # of a level's whole range: a change of device is never heard as an event
EVENTS = ("pulse.beat", "eda.onset")  # gates of a moment: they never open because of a change of lead


class FusedRules:
    """The rules of one signal for all its sources."""

    def __init__(self, signal: str, settings: RuleSettings = NO_SETTINGS) -> None:
        self._signal = signal
        self._settings = settings
        self._rules: dict[str, SignalRules] = {}
        self._only: SignalRules | None = None  # while there is but one source
        self._lead = ""
        self._open: dict[str, bool] = {}
        self._said: dict[str, float] = {}
        self._raw: dict[str, Level] = {}
        self._offset: dict[str, float] = {}
        self._slewed_s = 0.0
        self._vote: BeatVote | None = None
        self._usable: dict[str, bool] = {}

    def shortest_way(self) -> Callable[[Chunk], list[Event]]:
        """What takes a chunk of a source that has joined, until another joins: one alone has nothing to fuse."""
        return self._only.feed if self._only else self.feed

    def feed(self, chunk: Chunk) -> list[Event]:
        """All events of one chunk of several sources' that have joined."""
        events = self._rules[chunk.source].feed(chunk)
        out: list[Event] = []
        if chunk.leads and chunk.source != self._lead:
            out += self._take_over(chunk)
        self._usable[chunk.source] = chunk.validity.usable
        leads = chunk.source == self._lead
        if self._vote:
            events = self._voted(self._vote, chunk, events, leads=leads)
        elif not leads:
            return out
        for event in events:
            out += self._heard(event)
        if leads:
            out += self._slew(chunk.end_s)
        return out

    def uses(self, rules: set[str]) -> bool:
        """Whether any of these rules is one of this signal's."""
        return any(rules & own.used for own in self._rules.values())

    def retire(self, chunk: Chunk) -> list[Event]:
        """Other rules take over with this chunk: every gate that stands open closes."""
        standing = self._open if len(self._rules) > 1 else {}
        if lead := self._rules.get(self._lead):
            standing = standing or {name: lead.is_open(name) for name in lead.gates}
        return [
            Gate(chunk.wearer, name, 0, chunk.start_s, chunk.validity, chunk.source)
            for name, is_open in standing.items()
            if is_open
        ]

    def watch(self, source: str, until_s: float) -> None:
        """See `SignalRules.watch`."""
        if rules := self._rules.get(source):
            rules.watch(until_s)

    def reset(self) -> None:
        """A new wearer."""
        for rules in self._rules.values():
            rules.reset()
        self._offset.clear()
        self._raw.clear()
        if self._vote:
            self._vote.reset()

    def join(self, source: str) -> None:
        """Rules for a source, where it is new; what the first one has said so far is what was heard."""
        if source in self._rules:
            return
        if len(self._rules) == 1:
            lead = self._rules[self._lead]
            self._open = {name: lead.is_open(name) for name in lead.gates}
            self._said = {name: value for name in lead.levels if (value := lead.last_level(name)) is not None}
            self._vote = BeatVote(self._lead) if self._signal == "bvp" else None
        self._lead = self._lead or source
        rules = self._rules[source] = RULES[self._signal](self._settings)
        self._only = rules if len(self._rules) == 1 else None

    def _voted(self, vote: BeatVote, chunk: Chunk, events: list[Event], *, leads: bool) -> list[Event]:
        """The lead's events with its beats replaced by those that count."""
        several = sum(self._usable.values()) >= 2
        out: list[Event] = []
        for event in events:
            if not (isinstance(event, Gate) and event.name == "pulse.beat"):
                out += [event] * leads
            elif event.value:
                out += vote.hear(vote.aligned(event), leads=leads, vote=several)
        return out + vote.expire(chunk)

    def _heard(self, event: Event) -> Iterator[Event]:
        """An event of the lead, as far as it changes what was said; levels carry what is left of an offset."""
        if isinstance(event, Gate):
            if bool(event.value) != self._open[event.name]:
                self._open[event.name] = bool(event.value)
                yield event
            return
        self._raw[event.name] = event
        yield self._level(event, event.at_s)

    def _level(self, raw: Level, at_s: float) -> Level:
        value = min(max(raw.value + self._offset.get(raw.name, 0.0), 0.0), 1.0)
        self._said[raw.name] = value
        return Level(raw.wearer, raw.name, value, at_s, raw.validity, raw.source)

    def _take_over(self, chunk: Chunk) -> Iterator[Event]:
        """The lead has changed: close or open what differs, and let levels begin where they were."""
        self._lead = chunk.source
        new = self._rules[chunk.source]
        for name in new.gates:
            was, is_open = self._open[name], new.is_open(name)
            if was != is_open and (was or name not in EVENTS):
                self._open[name] = is_open
                yield Gate(chunk.wearer, name, int(is_open), chunk.start_s, chunk.validity, chunk.source)
        for name in new.levels:
            target = new.last_level(name)
            said = self._said.get(name)
            if target is not None and said is not None:
                self._offset[name] = said - target
                self._raw[name] = Level(chunk.wearer, name, target, chunk.start_s, chunk.validity, chunk.source)
        self._slewed_s = chunk.start_s

    def _slew(self, now_s: float) -> Iterator[Level]:
        """Take a bounded step off every offset and say the level anew."""
        step = SLEW_PER_S * max(now_s - self._slewed_s, 0.0)
        self._slewed_s = now_s
        for name, offset in list(self._offset.items()):
            left = max(abs(offset) - step, 0.0)
            if left:
                self._offset[name] = left if offset > 0 else -left
            else:
                del self._offset[name]
            yield self._level(self._raw[name], now_s)
