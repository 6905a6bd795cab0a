"""The gates stage: one set of rules for every signal of every wearer, and the gate that says whether one is worn.

A wearer who has been away for `FORGET_S` is forgotten: the next visitor never inherits the last one's range.
"""

from __future__ import annotations

from collections.abc import Callable

from somatone.gating.breath import BREATH_SIGNALS, BreathChoice
from somatone.gating.fused import FusedRules
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings
from somatone.records import Chunk, Event, Gate, Validity

FORGET_S = 10.0
NOT_WORN = (Validity.ABSENT, Validity.STALE)
WATCHED_S = 3.0  # so long after the second of its last sample an accelerometer vouches for stillness

Feed = Callable[[Chunk], list[Event]]


class _Lane:
    """One signal of one wearer from one source, and where it goes; kept because it is asked for with every chunk."""

    def __init__(self, wearer: _Wearer, signal: str) -> None:
        self.wearer = wearer
        self.validity: Validity | None = None
        self.feed: Feed | None = None  # its rules; None before the first chunk and after `retune`
        self.breath = wearer.breath if signal in BREATH_SIGNALS else None
        self.watches = signal == "acc"
        self.vouch_s = float("-inf")  # when the pulse is told again


class _Wearer:
    def __init__(self) -> None:
        self.breath = BreathChoice()
        self.rules: dict[str, FusedRules] = {}
        self.retired: dict[str, FusedRules] = {}  # by signal: until its next chunk
        self.lanes: dict[tuple[str, str], _Lane] = {}  # by signal and source
        self.open = False
        self.away_since_s: float | None = None


class Gating:
    """Chunks in, gates and levels out."""

    def __init__(self, settings: RuleSettings = NO_SETTINGS) -> None:
        self._settings = settings
        self._wearers: dict[str, _Wearer] = {}
        self._lanes: dict[tuple[str, str, str], _Lane] = {}  # by wearer, signal and source

    def feed(self, chunk: Chunk) -> list[Event]:
        """Every event of one chunk, `contact.worn` first."""
        lane = self._lanes.get((chunk.wearer, chunk.signal, chunk.source)) or self._new_lane(chunk)
        events: list[Event] = []
        if chunk.validity is not lane.validity:
            lane.validity = chunk.validity
            events = self._contact(lane.wearer, chunk)
        if lane.feed is None:
            events += self._begin(lane.wearer, chunk)
        if lane.watches and chunk.start_s >= lane.vouch_s:
            self._vouch(lane, chunk)
        assert lane.feed
        heard = lane.feed(chunk)
        if lane.breath:
            heard = lane.breath.heard(chunk, heard)
        return events + heard if events else heard

    def retune(self, settings: RuleSettings) -> None:
        """Go on with other parameters: the signals whose rules they are for begin anew, the others do not notice."""
        changed = {name for name in {*self._settings, *settings} if self._settings.get(name) != settings.get(name)}
        self._settings = settings
        for wearer in self._wearers.values():
            for signal in [name for name, rules in wearer.rules.items() if rules.uses(changed)]:
                wearer.retired[signal] = wearer.rules.pop(signal)
            for (signal, _), lane in wearer.lanes.items():
                if signal in wearer.retired:
                    lane.feed = None

    def _new_lane(self, chunk: Chunk) -> _Lane:
        wearer = self._wearers.setdefault(chunk.wearer, _Wearer())
        lane = wearer.lanes[chunk.signal, chunk.source] = _Lane(wearer, chunk.signal)
        self._lanes[chunk.wearer, chunk.signal, chunk.source] = lane
        return lane

    def _begin(self, wearer: _Wearer, chunk: Chunk) -> list[Event]:
        """A source that is new to the signal's rules, or rules that are; those of before close what they left open."""
        old = wearer.retired.pop(chunk.signal, None)
        rules = wearer.rules.get(chunk.signal)
        if rules is None:
            rules = wearer.rules[chunk.signal] = FusedRules(chunk.signal, self._settings)
        rules.join(chunk.source)
        for (signal, _), lane in wearer.lanes.items():
            if signal == chunk.signal and (lane.feed or lane is wearer.lanes[signal, chunk.source]):
                lane.feed = rules.shortest_way()
        return old.retire(chunk) if old else []

    @staticmethod
    def _vouch(lane: _Lane, chunk: Chunk) -> None:
        """Once a second, and for a little longer: this device's accelerometer is there."""
        pulse = lane.wearer.rules.get("bvp")
        if pulse and chunk.samples:
            lane.vouch_s = chunk.start_s // 1 + 1
            pulse.watch(chunk.source, lane.vouch_s + WATCHED_S)

    def _contact(self, wearer: _Wearer, chunk: Chunk) -> list[Event]:
        worn = any(lane.validity not in NOT_WORN for lane in wearer.lanes.values())
        if worn == wearer.open:
            return []
        wearer.open = worn
        if not worn:
            wearer.away_since_s = chunk.end_s
        elif wearer.away_since_s is None or chunk.start_s - wearer.away_since_s >= FORGET_S:
            for rules in wearer.rules.values():
                rules.reset()
        validity = Validity.WORN if worn else chunk.validity
        return [Gate(chunk.wearer, "contact.worn", int(worn), chunk.start_s, validity, chunk.source)]
