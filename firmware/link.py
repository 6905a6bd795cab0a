"""The board's end of the conversation with the host (`wire.table` says the messages).

Sends only inside a session: after `start`, until the host has been silent for five seconds. Never blocks: it asks
the port before each write, offers at most 64 bytes (one USB packet) and believes the returned count, which may be
short or None. What is not acknowledged stays in the rings and is sent again when the host asks, or starts anew.
"""

import select
import time

from micropython import const

import wire
from selftest import measure
from wire.table import CHECKS, FORMAT_VERSION, MASK, RELEASE, SIGNAL_COUNT

_PACKET = const(64)
_SILENCE_MS = const(5_000)
_REPLIES_MAX = const(12)
_INBOX = const(256)


class Link:
    """`stdin` and `stdout` are the text streams of sys; their `.buffer` carries the bytes unchanged."""

    def __init__(self, stdin, stdout, sampler, serial: bytes, reset_cause: int) -> None:  # type: ignore[no-untyped-def]
        self._sampler = sampler
        self._serial = serial
        self._reset_cause = reset_cause
        self._in, self._out = stdin.buffer, stdout.buffer
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(stdin, select.POLLIN)
        self._writable.register(stdout, select.POLLOUT)
        self._byte = bytearray(1)
        self._inbox = bytearray(_INBOX)
        self._inbox_used = 0
        self._decoder = wire.FrameDecoder()
        self._encoder = wire.FrameEncoder()
        self._frame = memoryview(self._encoder.frame)
        self._samples = self._encoder.payload[wire.DATA_HEADER :]
        self._most = [wire.samples_max(number) for number in range(SIGNAL_COUNT)]
        self._sending = self._frame
        self._at = self._end = 0
        self._replies: list = []  # frames of everything but data
        self._turn = 0
        self._heard_ms = time.ticks_ms()
        self._fingerprint = wire.fingerprint()
        self.session = 0
        self.streaming = False
        self.uptime_s = 0
        self.identify_s = 0
        self.repl = False

    # from the host

    def receive(self) -> None:
        """Take what has arrived and obey it. One byte at a time: on the board a longer read would wait."""
        while _ready(self._readable, select.POLLIN):
            if not self._in.readinto(self._byte):
                return
            byte = self._byte[0]
            if self._inbox_used == _INBOX:  # no frame is that long: the decoder counts it
                self._deliver()
            self._inbox[self._inbox_used] = byte
            self._inbox_used += 1
            if byte == 0:
                self._deliver()

    def _deliver(self) -> None:
        data = bytes(memoryview(self._inbox)[: self._inbox_used])
        self._inbox_used = 0
        for payload in self._decoder.feed(data):
            try:
                name, values = wire.unpack(payload)
            except wire.WireError:
                continue
            self._heard_ms = time.ticks_ms()
            self._obey(name, values)

    def _obey(self, name: str, values: tuple) -> None:
        if name == "ping":
            self._hello()
            self._reply("pong", values[0], time.ticks_us())
        elif name == "start":
            self._start(values[0])
        elif name == "ack":
            self._ack(values[0], values[1])
        elif name == "identify":
            self.identify_s = values[0]
        elif name == "selftest":
            self._selftest()
        elif name == "repl":
            self.repl = True

    def _start(self, session: int) -> None:
        self.session = session
        self.streaming = True
        for ring in self._sampler.rings:
            ring.rewind()
        self._hello()

    def _ack(self, held: tuple, resend: int) -> None:
        if not self.session:
            self._hello()
            return
        for number in range(SIGNAL_COUNT):
            ring = self._sampler.rings[number]
            ring.acknowledge((held[number] + 1) & MASK)
            if resend >> number & 1:
                ring.rewind()
        if not self.streaming:
            self._hello()

    # to the host

    def send(self) -> bool:
        """Offer the port at most 64 bytes; True when it took some, False when there is nothing to do but wait."""
        if self._at == self._end and not self._next_frame():
            return False
        if not _ready(self._writable, select.POLLOUT):
            return False
        taken = self._out.write(self._sending[self._at : min(self._at + _PACKET, self._end)])
        self._at += taken or 0
        return bool(taken)

    def second(self) -> None:
        """Once a second: the status, and whether the host is still there."""
        self.uptime_s = (self.uptime_s + 1) & MASK
        self.identify_s = max(self.identify_s - 1, 0)
        if time.ticks_diff(time.ticks_ms(), self._heard_ms) > _SILENCE_MS:
            self.streaming = False
        if not self.streaming:
            return
        sampler = self._sampler
        rings = sampler.rings
        self._reply(
            "status",
            self.uptime_s,
            tuple([ring.head for ring in rings]),
            tuple([ring.fifo_lost for ring in rings]),
            tuple([ring.ring_lost for ring in rings]),
            tuple([ring.link_lost for ring in rings]),
            tuple([ring.set_aside for ring in rings]),
            tuple(sampler.errors),
            tuple(sampler.states),
            sampler.pulse.contact,
            sampler.pulse.led,
            sampler.callback_errors,
            self._decoder.bad_frames,
        )

    def log(self, level: int, text: str) -> None:
        """One sentence for the person at the host; dropped outside a session."""
        if self.streaming:
            self._reply("log", level, text)

    def _hello(self) -> None:
        chips = 0
        for number in range(SIGNAL_COUNT):
            chips |= (self._sampler.states[number] == 0) << number
        self._reply(
            "hello",
            FORMAT_VERSION,
            self._fingerprint,
            self.session,
            1 if self.streaming else 0,
            self._serial,
            RELEASE,
            self._reset_cause,
            chips,
            tuple([ring.ack_to for ring in self._sampler.rings]),
        )

    def _selftest(self) -> None:
        for check in CHECKS:
            self._reply("measured", check[0], *measure(self._sampler, check[0]))

    def _reply(self, name: str, *values) -> None:  # type: ignore[no-untyped-def]
        if len(self._replies) < _REPLIES_MAX:
            frame = wire.encode_frame(wire.pack(name, *values))
            if name == "hello":  # opens a session: whatever half frame came before ends here
                frame = wire.DELIMITER + frame
            self._replies.append(frame)

    def _next_frame(self) -> bool:
        self._at = self._end = 0
        if self._replies:
            self._sending = memoryview(self._replies.pop(0))
            self._end = len(self._sending)
            return True
        if not self.streaming:
            return False
        for _ in range(SIGNAL_COUNT):
            number = self._turn
            self._turn = (number + 1) % SIGNAL_COUNT
            if self._sampler.rings[number].unsent() and self._data_frame(number):
                return True
        return False

    def _data_frame(self, number: int) -> bool:
        ring = self._sampler.rings[number]
        count = ring.copy_run(self._most[number], self._samples)
        if not count:
            return False
        head = self._encoder.payload
        wire.pack_data_header(head, number, ring.run_gone, ring.run_aside, ring.run_index, ring.run_ticks)
        self._end = self._encoder.seal(wire.DATA_HEADER + count * ring.width)
        self._sending = self._frame
        return True


def _ready(poller, event: int) -> bool:  # type: ignore[no-untyped-def]
    """Whether the one stream of `poller` has `event`, without waiting."""
    for item in poller.ipoll(0):
        return bool(item[1] & event)
    return False
