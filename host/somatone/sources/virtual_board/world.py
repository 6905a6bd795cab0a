"""The one clock of the simulated board, its timers, its bus, and the chips on it.

Real time: idle and sleep wait and run the timers that fall due. Virtual time: idle jumps to the next alarm, each bus
transaction costs its bits, and the run ends by itself; nothing then depends on the machine it runs on, so the byte
stream is the same everywhere. Chips are moved on together, record by record of the body feed, before each
transaction: none ever asks the feed for the past.
"""

import sys

import body_feed
import uselect
import utime

STDIN_BYTES_PER_S = 32  # how fast virtual time hands over what the host says
_BITS_PER_BYTE = 9
_BITS_FRAME = 3  # start, repeated start, stop


class Clock:
    """Microseconds since power-up, in the world and by the board's crystal."""

    def __init__(self, virtual: bool, run_us: int, ppm: int = 0) -> None:
        self.virtual = virtual
        self._ppm = ppm  # how fast the board's crystal runs; the body and the chips do not share it
        self._run_us = run_us
        self._us = 0
        self._seen = utime.ticks_us()
        self.alarms = []

    def now_us(self) -> int:
        """The board's own count."""
        us = self.world_us()
        return us + us * self._ppm // 1_000_000 if self._ppm else us

    def world_us(self) -> int:
        if not self.virtual:
            ticks = utime.ticks_us()
            self._us += utime.ticks_diff(ticks, self._seen)
            self._seen = ticks
        return self._us

    def charge_us(self, cost: int) -> None:
        """Virtual time passes while the hardware works."""
        if self.virtual:
            self._us += cost

    def wait_until(self, until: int, stdin=None) -> None:
        """Let time pass, timers running, until `until`; earlier when a byte waits on `stdin`."""
        while True:
            due = min([alarm.due_us for alarm in self.alarms] + [until])
            self._pass(due, stdin)
            fired = self._run_due()
            if due >= until or (stdin and (fired or self.now_us() < due)):
                return

    def _pass(self, due: int, stdin) -> None:
        if self.virtual:
            self._us = max(self._us, due)
            if self._run_us and self._us >= self._run_us:
                sys.exit(0)
            return
        left = due - self.now_us()
        if left <= 0:
            return
        if stdin and left > 2000:
            stdin.poll(left // 1000)
        else:
            utime.sleep_us(left)

    def _run_due(self) -> bool:
        fired = False
        for alarm in list(self.alarms):
            while alarm in self.alarms and alarm.due_us <= self.now_us():
                fired = True
                alarm.fire()
        return fired


class World:
    """Clock, body and chips. `chips` maps an I2C address to a simulated chip, `numbers` to its bits in the flags.

    The flags of a body record break chips: bit n, chip n does not answer; bit 4 + n, it has fallen back to its
    power-on state, where it makes no samples until it is set up again.
    """

    def __init__(self, clock: Clock, feed, chips: dict, serial: bytes, numbers=None, cause: int = 1) -> None:
        self.clock = clock
        self.chips = chips
        self.serial = serial
        self.reset_cause = cause
        self._numbers = numbers or {}
        self._feed = feed
        self._step = 0
        self._body = feed.at(0)
        self._stdin_taken = 0
        self._stdin_poll = None
        if not clock.virtual:
            self._stdin_poll = uselect.poll()
            self._stdin_poll.register(sys.stdin, uselect.POLLIN)

    def idle(self) -> None:
        """Until the next interrupt: a timer or a byte from the host."""
        clock = self.clock
        clock.wait_until(clock.now_us() + 10_000, self._stdin_poll)

    def stdin_ready(self) -> bool:
        """Virtual time only: the host's bytes arrive at STDIN_BYTES_PER_S; each `True` hands over one."""
        if self._stdin_taken >= (self.clock.now_us() // 1_000_000) * STDIN_BYTES_PER_S:
            return False
        self._stdin_taken += 1
        return True

    def chip(self, address: int, bytes_on_bus: int, hertz: int):  # type: ignore[no-untyped-def]
        """The chip at `address`, moved on to now; charges the transaction. OSError(EIO) when nobody answers."""
        self.clock.charge_us((bytes_on_bus * _BITS_PER_BYTE + _BITS_FRAME) * 1_000_000 // hertz)
        chip = self.chips.get(address)
        if chip is None:
            raise OSError(5)
        self._advance(self.clock.world_us())
        flags = self._body.flags
        if flags:
            number = self._numbers.get(address, 8)
            if flags >> number & 1:
                raise OSError(5)
            chip = self.chips[address]  # a stuck one is a new one
        return chip

    def _advance(self, now: int) -> None:
        while (self._step + 1) * body_feed.RECORD_US <= now:
            self._step += 1
            self._run(self._step * body_feed.RECORD_US)
            self._body = self._feed.at(self._step)
            if self._body.flags >> 4:
                self._hang(self._body.flags >> 4)
        self._run(now)

    def _hang(self, which: int) -> None:
        for address, chip in list(self.chips.items()):
            if which >> self._numbers.get(address, 8) & 1:
                self.chips[address] = type(chip)(chip.ppm)

    def _run(self, until: int) -> None:
        for chip in self.chips.values():
            chip.run(until, self._body)


class Oscillator:
    """A chip's own clock: `ppm` fast or slow. `due_us` is the time of its next sample."""

    def __init__(self, ppm: int) -> None:
        self._scale = 1_000_000 + ppm
        self.stop()

    def stop(self) -> None:
        self.due_us = -1
        self._start_us = self._period_ns = self._count = 0

    def start(self, now_us: int, period_ns: int) -> None:
        self._start_us = now_us
        self._period_ns = period_ns
        self._count = 0
        self.advance()

    def advance(self) -> None:
        self._count += 1
        self.due_us = self._start_us + self._count * self._period_ns * 1000 // self._scale

    def fires(self, until_us: int) -> bool:
        """True when a sample falls due before `until_us`; the caller takes it and calls `advance`."""
        return 0 <= self.due_us < until_us


current = None  # the World of this process, set by boot.py
