"""The board's LED: what a technician, and the wearer, can see without a host.

    8 flickers a second          `identify`: this board is meant
    n flashes, then a pause      a fault (one pattern after the other when there are several):
        2 pulse sensor   3 skin conductance   4 temperature   5 movement: the chip is absent, wrong or silent
        6 the program made errors    7 samples were lost: in the last minute
    long on, long off            all is well, but no host listens
    one flash in 3.5 s           all is well, nobody wears it
    steady                       worn, no regular pulse yet: sit still
    one flash each heartbeat     worn, and the sensor sits well
    SOS                          needs flashing (main.py)

A pattern is an integer of 28 slots of 125 ms, the lowest bit first.
"""

import time

from micropython import const

from wire.table import CHIP_OK, SIGNAL_COUNT

SLOT_MS = const(125)
SLOTS = const(28)
FLICKER_MS = const(62)
ERRORS, LOSSES = SIGNAL_COUNT + 2, SIGNAL_COUNT + 3
NO_HOST = const((1 << 14) - 1)
_CYCLE_MS = const(SLOT_MS * SLOTS)
_REMEMBER_S = const(60)


def flashes(count: int) -> int:
    """`count` flashes of one slot, 250 ms of dark between them; 8 leave a pause of half a second."""
    pattern = 0
    for number in range(count):
        pattern |= 1 << 3 * number
    return pattern


class Lamp:
    """`second` looks for faults, `turn` lights the LED."""

    def __init__(self, led, sampler, link, heartbeat) -> None:  # type: ignore[no-untyped-def]
        self._led = led
        self._sampler = sampler
        self._link = link
        self._heartbeat = heartbeat
        self._began_ms = time.ticks_ms()
        self._pattern = 0
        self._shown = 0  # which fault of the list
        self._lit = -1
        self._errors = self._losses = 0
        self._errors_s = self._losses_s = 0  # how long they are still spoken of
        self.faults: list[int] = []  # numbers of flashes

    def second(self) -> None:
        """Once a second: which faults are there."""
        sampler = self._sampler
        losses = sum([ring.fifo_lost + ring.ring_lost for ring in sampler.rings])
        self._errors_s = _REMEMBER_S if sampler.callback_errors != self._errors else max(self._errors_s - 1, 0)
        self._losses_s = _REMEMBER_S if losses != self._losses else max(self._losses_s - 1, 0)
        self._errors, self._losses = sampler.callback_errors, losses
        faults = [number + 2 for number in range(SIGNAL_COUNT) if sampler.states[number] != CHIP_OK]
        if self._errors_s:
            faults.append(ERRORS)
        if self._losses_s and self._link.streaming:  # without a host the ring overflows: that is no fault
            faults.append(LOSSES)
        self.faults = faults

    def turn(self, now_ms) -> None:  # type: ignore[no-untyped-def]
        """Light or darken the LED; touches it only when it changes (on a Pico W it hangs on the radio chip)."""
        age_ms = time.ticks_diff(now_ms, self._began_ms)
        if not 0 <= age_ms < _CYCLE_MS:
            self._began_ms, age_ms = now_ms, 0
            self._shown += 1
        lit = 1 if self._wants(age_ms) else 0
        if lit != self._lit:
            self._lit = lit
            self._led.value(lit)

    def _wants(self, age_ms: int) -> int:
        if self._link.identify_s:
            return age_ms // FLICKER_MS & 1
        faults = self.faults
        if faults:
            pattern = flashes(faults[self._shown % len(faults)])
        elif not self._link.streaming:
            pattern = NO_HOST
        elif self._heartbeat.worn:
            return self._heartbeat.on or not self._heartbeat.regular
        else:
            pattern = 1
        return pattern >> age_ms // SLOT_MS & 1
