"""The host's end of the board's conversation: bytes in, typed events out, commands out as bytes. No I/O, no clock.

    host: 00 ping   board: hello    host: start   board: hello (streaming), data, data, status ...
    host: ack (each second)         a gap: host sends ack with `resend`, the board goes back

Promises: samples of a signal come out in order, each once; every sample that never comes is counted in `lost` at
the moment its successor arrives. A data frame that does not follow on is dropped and asked for again; one that says
(`gone`) that the board itself has lost what lay between is accepted and counted.

Indices and ticks are 30-bit on the wire and unbounded here. Ticks are unwrapped with the help of the index, so an
outage of hours is placed right. Ticks that go back mean that the board restarted (`Hello.restarted`); the index then
goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import wire
from somatone.records import NativeChunk
from wire import table

SIGNAL_NAMES = tuple(signal[1] for signal in table.SIGNALS)


@dataclass(frozen=True, slots=True)
class Hello:
    """The board introduced itself. `chips` are the signals whose chip answers."""

    serial: str
    release: tuple[int, ...]
    reset_cause: int
    chips: tuple[str, ...]
    streaming: bool  # our own session runs
    restarted: bool  # the board lost power, or served another host, since we last heard it


@dataclass(frozen=True, slots=True)
class BoardStatus:
    """The board's own account, once a second; counts since power-up, one per signal in SIGNAL_NAMES' order."""

    uptime_s: int
    next_index: tuple[int, ...]
    fifo_lost: tuple[int, ...]
    ring_lost: tuple[int, ...]
    link_lost: tuple[int, ...]
    set_aside: tuple[int, ...]
    errors: tuple[int, ...]
    chip_states: tuple[str, ...]
    contact: bool
    led_current_ua: int
    callback_errors: int
    host_bad_frames: int


@dataclass(frozen=True, slots=True)
class Lost:
    """`count` samples of `signal` before `index` will never come."""

    signal: str
    index: int
    count: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the self-test: `value` of `check`, in counts of `unit`, passes from `low` to `high`."""

    signal: str
    check: str
    unit: str
    chip_state: str
    value: int  # 0 when the chip is not ok
    low: int
    high: int

    @property
    def passed(self) -> bool:
        return self.chip_state == table.CHIP_STATES[table.CHIP_OK] and self.low <= self.value <= self.high


@dataclass(frozen=True, slots=True)
class SetAside:
    """`count` samples of `signal` before `index` were made while the board changed the sensor: no loss, but a step."""

    signal: str
    index: int
    count: int


@dataclass(frozen=True, slots=True)
class BoardLog:
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Pong:
    token: int
    ticks_us: int  # modulo 2^30


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The two ends have different tables; nothing of this board is decoded."""

    message: str


BoardEvent = NativeChunk | Hello | BoardStatus | Lost | SetAside | Measured | BoardLog | Pong | Mismatch


class _Track:
    """One signal: what comes next, and how the 30-bit counters continue."""

    def __init__(self) -> None:
        self.wanted = 0  # board index of the next sample, unwrapped
        self.offset = 0  # added for our own index, so that it goes on over a restart of the board
        self.ticks_us: int | None = None  # unwrapped, of the sample `ticks_index`
        self.ticks_index = 0
        self.gap = False  # waiting for a resend
        self.forgive = True  # what was lost before anyone listened is nobody's loss


class BoardProtocol:
    """One board and one host session. Keep it over reconnections: it knows what is already held.

    `session` is any number but 0 that other hosts are unlikely to use (30 bits). Counters: `lost`, `aside`,
    `duplicates` (per signal, in samples), `resends` asked for, `unknown` messages, and those of `decoder`.
    """

    def __init__(self, wearer: str, session: int, source: str = "board") -> None:
        self.wearer = wearer
        self.source = source
        self.session = session & table.MASK or 1
        self.decoder = wire.FrameDecoder()
        self.lost = dict.fromkeys(SIGNAL_NAMES, 0)
        self.aside = dict.fromkeys(SIGNAL_NAMES, 0)
        self.duplicates = dict.fromkeys(SIGNAL_NAMES, 0)
        self.resends = 0
        self.unknown = 0
        self.serial = ""
        self._tracks = tuple(_Track() for _ in SIGNAL_NAMES)
        self._known = False  # the tracks belong to the board's present life
        self._live = False
        self._mismatch = False
        self._output = bytearray()

    def connect(self) -> bytes:
        """What to send first on a fresh connection; unfinished bytes of the old one are forgotten."""
        stale, self.decoder = self.decoder, wire.FrameDecoder()
        for counter in ("frames", "bad_crc", "bad_cobs", "too_long"):
            setattr(self.decoder, counter, getattr(stale, counter))
        self._live = self._mismatch = False
        self._output.clear()
        return wire.DELIMITER + self.ping(0)

    def ping(self, token: int) -> bytes:
        return wire.encode_frame(wire.pack("ping", token))

    def ack(self) -> bytes:
        """To be sent each second: what is held, what is missing, and that we are alive."""
        held = tuple(track.wanted - 1 for track in self._tracks)
        resend = sum(1 << number for number, track in enumerate(self._tracks) if track.gap)
        return wire.encode_frame(wire.pack("ack", held, resend)) if self._live else self.ping(0)

    def identify(self, seconds: int) -> bytes:
        return wire.encode_frame(wire.pack("identify", seconds))

    def selftest(self) -> bytes:
        return wire.encode_frame(wire.pack("selftest"))

    def repl(self) -> bytes:
        return wire.encode_frame(wire.pack("repl"))

    def take_output(self) -> bytes:
        """The commands that the last `feed` calls for; send them at once."""
        output = bytes(self._output)
        self._output.clear()
        return output

    def feed(self, data: bytes, arrival_s: float) -> list[BoardEvent]:
        """Bytes as they came, at `arrival_s` on the path's clock, to events. Rubbish is counted, never raised."""
        events: list[BoardEvent] = []
        for payload in self.decoder.feed(data):
            try:
                name, values = wire.unpack(payload)
            except wire.WireError:
                self.unknown += 1
                continue
            if name == "data":
                self._data(events, arrival_s, *values)
            elif name == "hello":
                self._hello(events, *values)
            elif name == "status" and self._live:
                events.append(_status(values))
            elif name == "measured":
                self._measured(events, *values)
            elif name == "log":
                events.append(BoardLog(*values))
            elif name == "pong":
                events.append(Pong(*values))
        return events

    def _hello(
        self,
        events: list[BoardEvent],
        version: int,
        fingerprint: int,
        session: int,
        streaming: int,
        serial: bytes,
        release: tuple[int, ...],
        reset_cause: int,
        chips: int,
        unacknowledged: tuple[int, ...],
    ) -> None:
        self.serial = serial.hex()
        if (version, fingerprint) != (table.FORMAT_VERSION, wire.fingerprint()):
            self._live = False
            if not self._mismatch:
                self._mismatch = True
                events.append(Mismatch(mismatch_sentence(self.serial, version, release)))
            return
        restarted = self._known and session != self.session
        if session != self.session:
            self._known = False
            for track in self._tracks:
                track.forgive = session == 0
        elif not self._known:
            self._known = True
            self._begin(unacknowledged)
        self._live = bool(streaming) and session == self.session
        if not self._live:
            self._output += wire.encode_frame(wire.pack("start", self.session))
        names = tuple(name for number, name in enumerate(SIGNAL_NAMES) if chips >> number & 1)
        events.append(Hello(self.serial, release, reset_cause, names, self._live, restarted))

    def _begin(self, unacknowledged: tuple[int, ...]) -> None:
        """A new life of the board: take up its indices, keep our own going on."""
        for track, index in zip(self._tracks, unacknowledged, strict=True):
            if track.ticks_us is not None:
                track.offset += track.wanted - index
            track.wanted = index
            track.ticks_us = None
            track.gap = False

    def _measured(self, events: list[BoardEvent], number: int, state: int, value: int) -> None:
        if number >= len(table.CHECKS):
            self.unknown += 1
            return
        _, signal, check, unit, low, high = table.CHECKS[number]
        events.append(Measured(SIGNAL_NAMES[signal], check, unit, _chip_state(state), value, low, high))

    def _data(
        self,
        events: list[BoardEvent],
        arrival_s: float,
        number: int,
        gone: int,
        aside: int,
        index: int,
        ticks: int,
        samples: tuple[int, ...],
    ) -> None:
        if not self._live:
            return
        _, name, native, _, _, _, width = table.SIGNALS[number]
        track = self._tracks[number]
        ahead = signed30(index - track.wanted)
        if ahead > gone:
            self._ask_again(track)
            return
        count = len(samples) // width
        if ahead < 0:
            self.duplicates[name] += min(-ahead, count)
            if ahead + count <= 0:
                return
        first = track.wanted + ahead
        ticks_us = self._unwrapped(track, number, first, ticks)
        if ahead > 0:
            aside = min(aside, ahead)
            if ahead > aside and not track.forgive:
                self.lost[name] += ahead - aside
                events.append(Lost(name, first + track.offset, ahead - aside))
            if aside:
                self.aside[name] += aside
                events.append(SetAside(name, first + track.offset, aside))
        elif ahead < 0:
            samples = samples[-ahead * width :]
            ticks_us += -ahead * period_us(number)
            first = track.wanted
        track.forgive = track.gap = False
        track.wanted = first + len(samples) // width
        events.append(
            NativeChunk(
                wearer=self.wearer,
                signal=name,
                source=self.source,
                format=native,
                index=first + track.offset,
                samples=samples,
                arrival_s=arrival_s,
                width=width,
                ticks_us=ticks_us,
            )
        )

    def _ask_again(self, track: _Track) -> None:
        if track.gap:
            return  # asked already; `ack` repeats it if the answer is lost too
        track.gap = True
        self.resends += 1
        self._output += self.ack()

    def _unwrapped(self, track: _Track, number: int, index: int, ticks: int) -> int:
        """Device microseconds of sample `index`: the value congruent to `ticks` nearest to what the index expects."""
        if track.ticks_us is None:
            others = [other.ticks_us for other in self._tracks if other.ticks_us is not None]
            expected = max(others) if others else ticks
        else:
            expected = track.ticks_us + (index - track.ticks_index) * period_us(number)
        track.ticks_us = expected + signed30(ticks - expected)
        track.ticks_index = index
        return track.ticks_us


def _status(values: tuple[Any, ...]) -> BoardStatus:
    """The board's status message with words for its codes."""
    uptime_s, next_index, fifo_lost, ring_lost, link_lost, set_aside = values[:6]
    errors, states, contact, led_current, callback_errors, bad_frames = values[6:]
    return BoardStatus(
        uptime_s=uptime_s,
        next_index=next_index,
        fifo_lost=fifo_lost,
        ring_lost=ring_lost,
        link_lost=link_lost,
        set_aside=set_aside,
        errors=errors,
        chip_states=tuple(_chip_state(state) for state in states),
        contact=bool(contact),
        led_current_ua=200 * led_current,
        callback_errors=callback_errors,
        host_bad_frames=bad_frames,
    )


def _chip_state(state: int) -> str:
    return table.CHIP_STATES[min(state, len(table.CHIP_STATES) - 1)]


def period_us(number: int) -> int:
    """Nominal microseconds between two samples of signal `number`."""
    numerator, denominator = table.SIGNALS[number][4]
    return 1_000_000 * denominator // numerator


def signed30(difference: int) -> int:
    """A difference of two 30-bit counters as the nearest signed number."""
    return (difference + (table.MODULO >> 1)) % table.MODULO - (table.MODULO >> 1)


def mismatch_sentence(serial: str, version: int, release: tuple[int, ...]) -> str:
    """Which of the two ends is older, and how to update it."""
    theirs, ours = (version, *release), (table.FORMAT_VERSION, *table.RELEASE)
    number = ".".join(map(str, release))
    if theirs > ours:
        return (
            f"Board {serial} runs firmware {number}, newer than this host "
            f"({'.'.join(map(str, table.RELEASE))}): update somatone on this computer (git pull, then make run)."
        )
    relation = "older than" if theirs < ours else "built from other sources than"
    return f"Board {serial} runs firmware {number}, {relation} this host: update the board with `somatone flash`."
