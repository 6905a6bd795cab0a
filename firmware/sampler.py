"""Sampling: a soft timer's callback moves what the chips have measured into preallocated rings.

The callback runs each 10 ms, also while the main loop waits for the USB port, which is why a host that stops reading
costs no sample. It allocates nothing and prints nothing: exceptions are counted, since a traceback would land in the
middle of the data stream. What may take the heap (starting a chip again) is done by `check` in the main loop.

A chip is ABSENT when nothing answers at its address, WRONG when another chip does, SILENT when it answers but makes no
samples or has forgotten its settings. Each second all that are not OK are started again; the rest goes on meanwhile.
"""

import time

from machine import Timer
from micropython import const

import wire
from drivers import WrongChip
from drivers.ads1115 import Ads1115
from drivers.lis3dh import Lis3dh
from drivers.max30102 import Max30102
from drivers.tmp117 import Tmp117
from light import Light
from ring import Ring
from wire.table import (
    ACC,
    BVP,
    CHIP_ABSENT,
    CHIP_OK,
    CHIP_SILENT,
    CHIP_WRONG,
    EDA,
    MASK,
    SIGNAL_COUNT,
    SIGNALS,
    TEMP,
)

TICK_HZ = const(100)
_FAST_RING = const(4096)  # 41 s at 100 Hz
_SLOW_RING = const(128)  # 32 s at 4 Hz
_ERRORS_MAX = const(0xFFFF)


class Sampler:
    """Owns the chips, their rings and the timer. `rings`, `states` and `errors` are in the order of the signals.

    `free_bus` is called, with no chip in use, when none answers any more: one that holds the bus low silences all.
    """

    def __init__(self, i2c, free_bus) -> None:  # type: ignore[no-untyped-def]
        self.pulse = Max30102(i2c)
        self.light = Light(self.pulse)
        self.chips = (self.pulse, Ads1115(i2c), Tmp117(i2c), Lis3dh(i2c))
        self.rings = tuple(
            Ring(_FAST_RING if signal[4][0] > 4 else _SLOW_RING, wire.sample_bytes(signal[0])) for signal in SIGNALS
        )
        self.states = bytearray(SIGNAL_COUNT)
        self.errors = [0] * SIGNAL_COUNT
        self.callback_errors = 0
        self._free_bus = free_bus
        self._heads = [0] * SIGNAL_COUNT
        self._silent_s = [0] * SIGNAL_COUNT
        self._delivered = bytearray(SIGNAL_COUNT)  # 1: has made samples since power-up
        self._tick_number = 0
        self._timer = None

    def start(self) -> None:
        """Start every chip that answers, then the timer."""
        for number in range(SIGNAL_COUNT):
            self.states[number] = self._start_chip(number)
        self._timer = Timer(-1, mode=Timer.PERIODIC, freq=TICK_HZ, callback=self.tick)

    def stop(self) -> None:
        """No more callbacks: at the REPL they would only be in the way."""
        if self._timer is not None:
            self._timer.deinit()

    def _start_chip(self, number: int) -> int:
        try:
            self.chips[number].start()
        except OSError:
            return CHIP_ABSENT
        except WrongChip:
            return CHIP_WRONG
        return CHIP_OK

    def tick(self, _timer) -> None:  # type: ignore[no-untyped-def]
        """The callback, 100 times a second: pulse each 20 ms, movement 40 ms, conductance 10 ms, temperature 50 ms."""
        try:
            number = self._tick_number
            self._tick_number = (number + 1) % TICK_HZ
            # 30 bits already on the board, more under a 64-bit interpreter; the stubs take ticks for no integers.
            now = time.ticks_us() & MASK  # pyright: ignore[reportOperatorIssue]
            self._read(EDA, now)
            if number & 1 == 0:
                self._read(BVP, now)
            if number & 3 == 0:  # with a pulse read, so that both leave in one go and wake the host once
                self._read(ACC, now)
            if number % 5 == 3:
                self._read(TEMP, now)
        except Exception:
            self.callback_errors = min(self.callback_errors + 1, _ERRORS_MAX)

    def _read(self, number: int, now) -> None:  # type: ignore[no-untyped-def]
        if self.states[number] == CHIP_OK:
            try:
                self.chips[number].read(self.rings[number], now)
            except OSError:
                self.errors[number] = min(self.errors[number] + 1, _ERRORS_MAX)

    def check(self) -> bool:
        """Once a second, from the main loop: start silent and absent chips again.

        False when a chip that has delivered before answers but stands still: the watchdog's business. A chip that was
        pulled out is not there to be waited for. One that comes back gets its index moved on by the seconds that it
        missed, so that index / rate stays time.
        """
        advancing = True
        for number in range(SIGNAL_COUNT):
            if self.states[number] == CHIP_OK and not self._well(number):
                self.states[number] = CHIP_SILENT
            if self.states[number] == CHIP_OK:
                self._heads[number] = self.rings[number].head
                self._silent_s[number] = 0
                self._delivered[number] = 1
                continue
            self._silent_s[number] += 1
            if not self._revive(number) and self._delivered[number]:
                advancing = False
        if any(self._delivered) and min(self.states) == max(self.states) == CHIP_ABSENT:
            self._free_bus()
        return advancing

    def _well(self, number: int) -> bool:
        """The chip has made samples in the last second, and knows what it was told."""
        if self.rings[number].head == self._heads[number]:
            return False
        try:
            self.chips[number].verify()
        except OSError:
            self.errors[number] = min(self.errors[number] + 1, _ERRORS_MAX)
            return False
        return True

    def _revive(self, number: int) -> bool:
        """Start the chip again; True when there is nothing to wait for: it was elsewhere, or is not there at all."""
        was, state = self.states[number], self._start_chip(number)
        if state != CHIP_OK:
            self.states[number] = state
            return True
        ring = self.rings[number]
        numerator, denominator = SIGNALS[number][4]
        ring.skip(self._silent_s[number] * numerator // denominator)
        self._heads[number] = ring.head
        self._silent_s[number] = 0
        self.states[number] = CHIP_OK  # last: from now on the ring's head belongs to the callback again
        return was != CHIP_SILENT
