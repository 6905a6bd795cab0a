"""Starts the board and runs it until the host asks for the REPL.

The main loop talks; the sampler's timer callback measures. Ctrl-C is data here (the host sends binary), so the way
back to the REPL is the framed `repl` command. The watchdog is armed only where a file called `watchdog` lies on the
board, and not before ten seconds: once started nothing stops it, and it would bite while files are copied. For the
same reason `repl` with an armed watchdog leaves a note (`repl-once`) and resets into a plain REPL.
"""

import gc
import os
import sys
import time

import machine
import micropython
from machine import I2C, Pin

import pins
from link import Link
from sampler import Sampler
from wire.table import LOG_ERROR

WATCHDOG_MS = 8_000  # the RP2040 knows at most 8388
WATCHDOG_AFTER_S = 10
REPL_ONCE = "repl-once"


def found(path: str) -> bool:
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def blink_half_ms(link, sampler) -> int:  # type: ignore[no-untyped-def]
    """LED: identify 62 ms, a chip failing 125, nobody listening 1000, no skin 500, else steady (0)."""
    if link.identify_s:
        return 62
    if any(sampler.states):
        return 125
    if not link.streaming:
        return 1000
    return 0 if sampler.pulse.contact else 500


class Watchdog:
    """Armed late and only on request; fed while every sensor that answered at start advances."""

    def __init__(self) -> None:
        self._wanted = found("watchdog")
        self._dog = None

    def second(self, uptime_s: int, advancing: bool) -> None:
        if self._dog is None and self._wanted and uptime_s >= WATCHDOG_AFTER_S:
            self._dog = machine.WDT(timeout=WATCHDOG_MS)
        if self._dog is not None and advancing:
            self._dog.feed()

    def leave(self) -> None:
        """Nothing to do without a dog; with one, only a reset gets away from it."""
        if self._dog is not None:
            with open(REPL_ONCE, "w"):
                pass
            machine.reset()


def loop(sampler, link, watchdog) -> None:  # type: ignore[no-untyped-def]
    led = Pin(pins.LED, Pin.OUT)
    began = time.ticks_ms()
    due = time.ticks_add(began, 1000)
    while not link.repl:
        try:
            link.receive()
            busy = link.send()
            now = time.ticks_ms()
            half_ms = blink_half_ms(link, sampler)
            led.value(time.ticks_diff(now, began) // half_ms & 1 if half_ms else 1)
            if time.ticks_diff(now, due) >= 0:
                due = time.ticks_add(due, 1000)
                watchdog.second(link.uptime_s, sampler.check())
                link.second()
            if not busy:
                machine.idle()
        except Exception as error:
            link.log(LOG_ERROR, "the board's main loop failed: %r" % error)
            time.sleep_ms(100)


def main() -> None:
    if found(REPL_ONCE):
        os.remove(REPL_ONCE)
        return
    sampler = Sampler(I2C(pins.I2C_ID, sda=Pin(pins.SDA), scl=Pin(pins.SCL), freq=pins.I2C_HZ))
    link = Link(sys.stdin, sys.stdout, sampler, machine.unique_id(), machine.reset_cause())
    watchdog = Watchdog()
    sampler.start()
    gc.collect()
    micropython.kbd_intr(-1)
    try:
        loop(sampler, link, watchdog)
    finally:
        micropython.kbd_intr(3)
    watchdog.leave()


main()
