"""What every receiver should know, and when it is told again: OSC that heals. A plain object; time is given to it.

UDP loses datagrams, and receivers are restarted. So all that stands (gates, levels, validity, controls, status) is said
again in a snapshot every `snapshot_s`; an edge is said `repeats` times within 0.1 s; a heartbeat says that we live.
At 30 % loss a snapshot every 0.2 s leaves a chance of 0.3^10, six in a million, that a restarted receiver has not heard
an address after 2 s; one every second would leave one in eleven.

Surprises: a repeated gate has the same address, because its message is a state (and carries the number of the edge for
those who act on edges); a repeated note has another one, so that a naive receiver never plays it twice. The repeats of
an edge end where the next edge begins: an old 1 never follows a new 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from somatone.gating.names import GATES
from somatone.gating.pulse import FASTEST_BPM, SLOWEST_BPM
from somatone.pieces.schema import Osc
from somatone.records import Control, Gate, Level, Note, Record, Status, Validity
from somatone.sinks.osc import addresses

HEARTBEAT_S = 0.5
REPEAT_WITHIN_S = 0.09
MOST_ADDRESSES = 4096
LONGEST_TEXT = 240
BEST_FIRST = (
    Validity.WORN,
    Validity.ESTIMATED,
    Validity.MOVING,
    Validity.SATURATED,
    Validity.SETTLING,
    Validity.STALE,
    Validity.ABSENT,
)

Argument = int | float | str


@dataclass(frozen=True, slots=True)
class Message:
    """One OSC message. `at_s` is when it holds, for those who want it in a time tag; None: when it comes."""

    address: str
    arguments: tuple[Argument, ...]
    at_s: float | None = None


@dataclass(slots=True)
class Due:
    """What is to be sent now: single messages, and the whole state where its time has come."""

    messages: list[Message] = field(default_factory=list)
    snapshot: list[Message] = field(default_factory=list)


@dataclass(slots=True)
class _Repeat:
    due_s: float
    message: Message


class OscState:
    """`take` every record; `due` what is to be sent at a time; `next_s` says when to ask again."""

    def __init__(self, settings: Osc) -> None:
        self._settings = settings
        self.standing: dict[str, tuple[Argument, ...]] = {}
        self.refused = 0  # addresses beyond MOST_ADDRESSES
        self._ready: list[Message] = []
        self._repeats: dict[str, list[_Repeat]] = {}
        self._held: dict[str, Message] = {}  # the newest value of an address that was said a moment ago
        self._said_s: dict[str, float] = {}
        self._edges: dict[str, int] = {}
        self._validity: dict[str, dict[str, Validity]] = {}
        self._notes = self._beats = self._snapshots = 0
        self._heartbeat_s = self._snapshot_s = -math.inf

    def take(self, record: Record, now_s: float) -> None:
        """What one record changes."""
        match record:
            case Gate():
                self._know_signal(record)
                self._gate(record, now_s)
            case Level():
                self._know_signal(record)
                self._level(record, now_s)
            case Control():
                self._value(addresses.control_address(record.voice, record.control), record.value, record.at_s, now_s)
            case Note():
                self._note(record, now_s)
            case Status():
                self._status(record)

    def due(self, now_s: float) -> Due:
        """Everything whose time has come by `now_s`."""
        due = Due(self._ready)
        self._ready = []
        if now_s >= self._heartbeat_s + HEARTBEAT_S:
            self._heartbeat_s = now_s
            self._beats += 1
            due.messages.append(Message(addresses.HEARTBEAT, (self._beats, float(now_s))))
        due.messages += self._again(now_s)
        for address in [a for a in self._held if now_s >= self._said_s[a] + 1 / self._settings.level_hz]:
            self._said_s[address] = now_s
            due.messages.append(self._held.pop(address))
        if now_s >= self._snapshot_s + self._settings.snapshot_s:
            self._snapshot_s = now_s
            due.snapshot = self.snapshot()
        return due

    @property
    def next_s(self) -> float:
        """When something is due, in seconds of the path's clock."""
        if self._ready:
            return -math.inf
        times_s = [self._heartbeat_s + HEARTBEAT_S, self._snapshot_s + self._settings.snapshot_s]
        times_s += [repeat.due_s for repeats in self._repeats.values() for repeat in repeats[:1]]
        times_s += [self._said_s[address] + 1 / self._settings.level_hz for address in self._held]
        return min(times_s)

    def snapshot(self) -> list[Message]:
        """All that stands, between a begin that says how much, and an end."""
        self._snapshots += 1
        begin = Message(addresses.BEGIN, (self._snapshots, len(self.standing)))
        standing = [Message(address, arguments) for address, arguments in self.standing.items()]
        return [begin, *standing, Message(addresses.END, (self._snapshots,))]

    def farewell(self) -> list[Message]:
        """The last words: every gate closed, so that none stays open at a receiver after us."""
        closed = []
        for address, edge in self._edges.items():
            at_s = self.standing[address][2]
            closed.append(Message(address, (0, 0, at_s, edge + self.standing[address][0])))  # type: ignore[operator]
        return [*closed, Message(addresses.BYE, (self._snapshots,))]

    def _again(self, now_s: float) -> Iterator[Message]:
        for address, repeats in list(self._repeats.items()):
            while repeats and repeats[0].due_s <= now_s:
                yield repeats.pop(0).message
            if not repeats:
                del self._repeats[address]

    def _stand(self, address: str, *arguments: Argument) -> bool:
        if address not in self.standing and len(self.standing) >= MOST_ADDRESSES:
            self.refused += 1
            return False
        self.standing[address] = arguments
        return True

    def _know_signal(self, event: Gate | Level) -> None:
        """All gates of a signal stand from its first word on, so that none stays open from an earlier run of ours."""
        signal = event.name.partition(".")[0] + "."
        address = addresses.rule_address(event.wearer, event.name)
        if address in self.standing:
            return
        for name in (*GATES, event.name) if isinstance(event, Gate) else GATES:
            address = addresses.rule_address(event.wearer, name)
            if name.startswith(signal) and address not in self._edges and self._stand(address, 0, 0, 0.0, 0):
                self._edges[address] = 0

    def _gate(self, gate: Gate, now_s: float) -> None:
        address = addresses.rule_address(gate.wearer, gate.name)
        if address not in self._edges:
            return
        if gate.value != self.standing[address][0]:
            self._edges[address] += 1
        arguments = (int(gate.value), int(gate.strength), float(gate.at_s), self._edges[address])
        self.standing[address] = arguments
        self._say(Message(address, arguments, gate.at_s), now_s, address, address)

    def _level(self, level: Level, now_s: float) -> None:
        address = addresses.rule_address(level.wearer, level.name)
        self._value(address, level.value, level.at_s, now_s)
        if level.name == "pulse.rate":
            bpm = addresses.bpm_address(level.wearer)
            if level.validity.usable:
                rate = SLOWEST_BPM + (FASTEST_BPM - SLOWEST_BPM) * level.value
                self._value(bpm, rate, level.at_s, now_s)
            else:
                self.standing.pop(bpm, None)
                self._held.pop(bpm, None)

    def _value(self, address: str, value: float, at_s: float, now_s: float) -> None:
        """A value, said at most `level_hz` times a second; the newest is never lost."""
        if not math.isfinite(value) or not self._stand(address, float(value)):
            return
        message = Message(address, (float(value),), at_s)
        if now_s >= self._said_s.get(address, -math.inf) + 1 / self._settings.level_hz:
            self._said_s[address] = now_s
            self._held.pop(address, None)
            self._ready.append(message)
        else:
            self._held[address] = message

    def _note(self, note: Note, now_s: float) -> None:
        self._notes += 1
        values = [part for name, value in sorted(note.values.items()) for part in (name, float(value))]
        address = addresses.note_address(note.voice)
        message = Message(address, (self._notes, *values), note.at_s)
        self._say(message, now_s, addresses.again_address(address), f"{address} {self._notes}")

    def _status(self, status: Status) -> None:
        signal, _, rest = status.name.rpartition(".")
        if rest == "validity" and signal:
            address = addresses.validity_address(status.wearer, signal)
            of_sources = self._validity.setdefault(address, {})
            of_sources[status.source] = status.validity
            best = min(of_sources.values(), key=BEST_FIRST.index)
            self._word(address, best.value)
            return
        value = status.value[:LONGEST_TEXT] if isinstance(status.value, str) else status.value
        self._word(addresses.status_address(status.name), value, status.message[:LONGEST_TEXT])

    def _word(self, address: str, *arguments: Argument) -> None:
        if self.standing.get(address) != arguments and self._stand(address, *arguments):
            self._ready.append(Message(address, arguments))

    def _say(self, message: Message, now_s: float, again: str, key: str) -> None:
        """Now, and `repeats` - 1 times more at `again`; what was to be repeated under this key is out of date."""
        self._ready.append(message)
        more = self._settings.repeats - 1
        repeat = Message(again, message.arguments, message.at_s)
        if more > 0:
            self._repeats[key] = [_Repeat(now_s + REPEAT_WITHIN_S * (k + 1) / more, repeat) for k in range(more)]
