"""Stands in for the board's `machine`: the same calls, on the world's clock and simulated bus."""

import sys

import world

PWRON_RESET, WDT_RESET = 1, 3
RESET_STATUS = 42  # the exit statuses that tell the parent to start the board again
SOFT_RESET_STATUS = 43


def unique_id() -> bytes:
    return world.current.serial


def reset_cause() -> int:
    return world.current.reset_cause


def reset() -> None:
    """As on the RP2040, where the watchdog does it: the next `reset_cause` is WDT_RESET."""
    sys.exit(RESET_STATUS)


def soft_reset() -> None:
    sys.exit(SOFT_RESET_STATUS)


def freq(*_hertz) -> int:
    return 125_000_000


def idle() -> None:
    world.current.idle()


class Pin:
    IN, OUT, OPEN_DRAIN, PULL_UP = 0, 1, 2, 1

    def __init__(self, name, mode=-1, pull=-1, *, value=0) -> None:
        self.name = name
        self._value = value

    def value(self, *new):  # type: ignore[no-untyped-def]
        if not new:
            return self._value
        self._value = new[0]
        return None


class I2C:
    def __init__(self, _id, *, scl, sda, freq: int = 400_000) -> None:
        self._hertz = freq

    def scan(self) -> list:
        return sorted(world.current.chips)

    def writeto_mem(self, address: int, register: int, data) -> None:
        world.current.chip(address, 2 + len(data), self._hertz).write(register, data)

    def readfrom_mem_into(self, address: int, register: int, out) -> None:
        world.current.chip(address, 3 + len(out), self._hertz).read(register, out)


class Timer:
    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, _id: int = -1, *, mode: int = 1, freq: int = 0, period: int = -1, callback=None) -> None:
        self._callback = callback
        self._periodic = mode == Timer.PERIODIC
        self._period_us = 1_000_000 // freq if freq else period * 1000
        clock = world.current.clock
        self.due_us = clock.now_us() + self._period_us
        clock.alarms.append(self)

    def deinit(self) -> None:
        if self in world.current.clock.alarms:
            world.current.clock.alarms.remove(self)

    def fire(self) -> None:
        self.due_us += self._period_us
        if not self._periodic:
            self.deinit()
        self._callback(self)


class WDT:
    """Bites (exit status RESET_STATUS) when it was not fed in time."""

    def __init__(self, _id: int = 0, timeout: int = 5000) -> None:
        self._timeout_us = timeout * 1000
        world.current.clock.alarms.append(self)
        self.feed()

    def feed(self) -> None:
        self.due_us = world.current.clock.now_us() + self._timeout_us

    def fire(self) -> None:
        reset()
