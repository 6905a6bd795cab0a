"""The application: measures, talks and blinks until the host asks for the REPL.

The sampler's timer callback measures; everything else is one main loop, whose turns are short. Ctrl-C is data here
(the host sends binary), so the way back to the REPL is the framed `repl` command.
"""

import gc
import os
import sys
import time

import machine
import micropython
from machine import I2C, Pin

import pins
from heartbeat import Heartbeat
from lamp import Lamp
from link import Link
from sampler import Sampler
from watchdog import FORBIDDEN, Watchdog
from wire.table import LOG_ERROR, LOG_INFO

_CLOCKS = 9


def make_bus() -> I2C:
    """The bus; also sets up anew what `free_bus` has taken apart, since the board has one object for each bus."""
    return I2C(pins.I2C_ID, sda=Pin(pins.SDA), scl=Pin(pins.SCL), freq=pins.I2C_HZ)


def free_bus() -> None:
    """A chip that was interrupted in a byte holds SDA low for ever; nine clocks let it end (NXP UM10204, 3.1.16)."""
    clock = Pin(pins.SCL, Pin.OPEN_DRAIN, value=1)
    for _ in range(_CLOCKS):
        clock.value(0)
        time.sleep_us(5)
        clock.value(1)
        time.sleep_us(5)
    make_bus()


class Board:
    """Everything that runs. `turn` is one turn of the main loop."""

    def __init__(self, i2c, stdin, stdout, led, dog_allowed: bool) -> None:  # type: ignore[no-untyped-def]
        self.sampler = Sampler(i2c, free_bus)
        self.link = Link(stdin, stdout, self.sampler, machine.unique_id(), machine.reset_cause())
        self.heartbeat = Heartbeat(self.sampler)
        self.lamp = Lamp(led, self.sampler, self.link, self.heartbeat)
        self.watchdog = Watchdog(dog_allowed)
        self.sampler.start()
        self._due_ms = time.ticks_add(time.ticks_ms(), 1000)

    def turn(self) -> bool:
        """False when there is nothing to do but wait for an interrupt."""
        self.link.receive()
        busy = self.link.send()
        self.heartbeat.turn()
        now_ms = time.ticks_ms()
        if time.ticks_diff(now_ms, self._due_ms) >= 0:
            self._due_ms = time.ticks_add(self._due_ms, 1000)
            if time.ticks_diff(now_ms, self._due_ms) >= 0:  # held up for long: seconds are not made up for in a row
                self._due_ms = time.ticks_add(now_ms, 1000)
            self._second()
        self.lamp.turn(now_ms)
        return busy

    def _second(self) -> None:
        self.watchdog.second(self.link.streaming, self.sampler.check())
        pulse = self.sampler.pulse
        if self.sampler.light.second():
            tenths = 2 * pulse.want_led
            self.link.log(LOG_INFO, "the pulse sensor's light is set to %d.%d mA" % (tenths // 10, tenths % 10))
        self.link.second()
        self.lamp.second()


def allowed() -> bool:
    """Whether there may be a watchdog."""
    try:
        os.stat(FORBIDDEN)
    except OSError:
        return True
    return False


def loop(board: Board) -> None:
    """Until the host asks for the REPL. What fails is told once, never printed: the stream is for frames."""
    said = ""
    while not board.link.repl:
        try:
            if not board.turn():
                machine.idle()
        except Exception as error:
            words = "the board's main loop failed: %r" % error
            if words != said:
                said = words
                board.link.log(LOG_ERROR, words)
            time.sleep_ms(100)


def main() -> None:
    board = Board(make_bus(), sys.stdin, sys.stdout, Pin(pins.LED, Pin.OUT), allowed())
    gc.collect()
    micropython.kbd_intr(-1)
    try:
        loop(board)
    finally:
        board.sampler.stop()
        micropython.kbd_intr(3)
    board.watchdog.leave()
