"""The correlations stage: chunks and gates in, levels and one gate out, and a picture of all pairs for who asks.

    Chunk, Gate -> streams -> history (up, down) -> agreement by lag -> score against surrogates -> Level, Gate

Each second it looks at a few pairs, so that a round of all of them takes at most `ROUND_S`, short beside the 300 s of
the window. Beyond `MOST_PAIRS` pairs of two wearers are left out first. No I/O, no clock, no threads.
Surprise: it speaks `GRACE_S` late, because a second is closed when nothing can come for it any more.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from somatone.gating.stage import FORGET_S
from somatone.records import Chunk, Event, Gate, Level, Validity
from somatone.timeline.correlation.agreement import LONGEST_LAG
from somatone.timeline.correlation.names import pair_name
from somatone.timeline.correlation.null import ONE_IN, Family
from somatone.timeline.correlation.pair import Pair, pairs_of
from somatone.timeline.correlation.snapshot import Snapshot, snapshot_of
from somatone.timeline.correlation.streams import GRACE_S, Key, Streams, tick_of

ROUND_S = 10
MOST_PAIRS = 1500  # 5 ms of CPU a second
EVERYBODY = "all"  # the wearer of what is said about all of them
SOURCE = "correlation"
FULL_SURPRISE_BITS = 2 * math.log2(ONE_IN)  # half way is what chance shows once in a hundred
LEAST_STEP = 1 / 256
HOLD_S = 20  # least time that `correlation.found` stays open, and closed

TickListener = Callable[[int, dict[Key, int]], None]  # second, and 1 up, -1 down, 0 nothing for every stream


class Correlations:
    """All pairs of all streams of all wearers. `on_tick` is shown every second with what the streams said in it."""

    def __init__(self, on_tick: TickListener | None = None) -> None:
        self._on_tick = on_tick
        self._streams = Streams()
        self._family = Family()
        self._pairs: list[Pair] = []
        self._version = 0
        self._cursor = 0
        self._known = 0
        self._said: dict[tuple[str, str], float] = {}
        self._found = False
        self._changed_s = -math.inf
        self._forget_at: dict[str, int] = {}

    def chunk(self, chunk: Chunk) -> None:
        """Samples; they say nothing before their second is over."""
        self._streams.chunk(chunk)

    def event(self, event: Event) -> list[Event]:
        """Gates; levels are not listened to. Where the last wearer of what was found goes, its gate closes at once."""
        if isinstance(event, Gate):
            if event.name == "contact.worn":
                return self._contact(event)
            if event.value:
                self._streams.gate(event)
        return []

    def advance(self, now_s: float) -> list[Event]:
        """Close every second that is over for good at `now_s`, and say what has changed."""
        events: list[Event] = []
        streams = self._streams
        while streams.next_tick is not None and streams.next_tick + 1 + GRACE_S <= now_s:
            events += self._tick(streams.next_tick)
        return events

    def snapshot(self) -> Snapshot:
        """Every pair as it stands."""
        at_s = float(self._streams.next_tick or 0)
        return snapshot_of(at_s, self._pairs, self._family)

    def _contact(self, gate: Gate) -> list[Event]:
        """Somebody who stays away is forgotten, at a second that does not depend on when it was said."""
        if gate.value:
            if self._forget_at.get(gate.wearer, 0) > tick_of(gate.at_s):
                del self._forget_at[gate.wearer]
            return []
        self._forget_at[gate.wearer] = tick_of(gate.at_s + FORGET_S)
        if self._found and not self._above():
            return [self._gate(gate.at_s, None)]
        return []

    def _above(self) -> list[Pair]:
        """Pairs above chance whose wearers are there."""
        away = self._forget_at
        return [p for p in self._pairs if p.above and p.first_key[0] not in away and p.second_key[0] not in away]

    def _tick(self, tick: int) -> list[Event]:
        for wearer in [wearer for wearer, at in self._forget_at.items() if at <= tick]:
            del self._forget_at[wearer]
            self._forget(wearer)
        codes = self._streams.close(tick)
        if self._on_tick:
            self._on_tick(tick, codes)
        if self._streams.version != self._version:
            self._join(tick)
        if not self._pairs:
            return []
        if not self._cursor:
            self._known = sum(pair.inflation.known for pair in self._pairs)
        end = self._cursor + -(-len(self._pairs) // ROUND_S)
        for pair in self._pairs[self._cursor : end]:
            pair.look(self._family, self._known, tick)
        self._cursor = end
        if end < len(self._pairs):
            return []
        self._cursor = 0
        self._family.end_round(self._known)
        return self._say(tick)

    def _forget(self, wearer: str) -> None:
        self._streams.forget(wearer)
        for pair in self._pairs:
            if wearer in (pair.first_key[0], pair.second_key[0]):
                pair.forget()

    def _join(self, tick: int) -> None:
        """Pair what has come since; a stream whose first second is not over yet waits."""
        keys = sorted(key for key, stream in self._streams.streams.items() if stream.since <= tick)
        if len(keys) == len(self._streams.streams):
            self._version = self._streams.version
        there = {(pair.first_key, pair.second_key): pair for pair in self._pairs}
        streams = self._streams.streams
        self._pairs = [there.get((a, b)) or Pair(a, b, streams[a], streams[b]) for a, b in pairs_of(keys, MOST_PAIRS)]
        if len(self._pairs) != len(there):
            self._cursor = 0

    def _say(self, tick: int) -> list[Event]:
        """What a round has changed."""
        at_s = float(tick + 1)
        above = self._above()
        known = [pair for pair in self._pairs if pair.known]
        strongest = max(above, key=lambda pair: pair.score_q8, default=None)
        lag = strongest.best.lag if strongest and strongest.best else 0
        likely = max((abs(pair.r) for pair in above if pair.expected), default=0.0)
        events: list[Event] = [
            *self._level("likely", likely, at_s),
            *self._level("unlikely", self._surprise(known) / FULL_SURPRISE_BITS, at_s),
            *self._level("share", len(above) / len(known) if known else 0.0, at_s),
            *self._level("lag", 0.5 + lag / (2 * LONGEST_LAG), at_s),
            *self._pair_levels(at_s),
        ]
        if bool(above) != self._found and at_s - self._changed_s >= HOLD_S:
            events.append(self._gate(at_s, strongest))
        return events

    def _gate(self, at_s: float, strongest: Pair | None) -> Gate:
        """`correlation.found` opens, its strength the surprise in bits, or closes."""
        self._found, self._changed_s = strongest is not None, at_s
        bits = round(self._family.bits(strongest.score_q8, self._known)) if strongest else 0
        return Gate(EVERYBODY, "correlation.found", int(self._found), at_s, Validity.WORN, SOURCE, bits)

    def _surprise(self, known: list[Pair]) -> float:
        """Bits of the most surprising of the pairs that should not, or no longer, stand as they do."""
        strange = [self._family.bits(pair.score_q8, len(known)) for pair in known if not pair.expected]
        best = max(strange, default=0.0) - math.log2(max(len(strange), 1))
        return max([best, 0.0, *(pair.broken_bits() for pair in known)])

    def _pair_levels(self, at_s: float) -> list[Event]:
        """Strength of every pair; 0 while chance could do it. Between two wearers the strongest of a name."""
        strengths: dict[tuple[str, str], float] = {}
        for pair in self._pairs:
            name = pair_name(pair.first_key[1], pair.second_key[1])
            wearer = pair.first_key[0] if pair.first_key[0] == pair.second_key[0] else EVERYBODY
            if pair.above or (wearer, name) in self._said:
                strength = abs(pair.r) if pair.above else 0.0
                strengths[wearer, name] = max(strength, strengths.get((wearer, name), 0.0))
        return [
            event for (wearer, name), value in strengths.items() for event in self._level(name, value, at_s, wearer)
        ]

    def _level(self, name: str, value: float, at_s: float, wearer: str = EVERYBODY) -> list[Event]:
        """A level, if it has moved."""
        value = min(max(value, 0.0), 1.0)
        if abs(value - self._said.get((wearer, name), -1.0)) < LEAST_STEP:
            return []
        self._said[wearer, name] = value
        return [Level(wearer, f"correlation.{name}", value, at_s, Validity.WORN, SOURCE)]
