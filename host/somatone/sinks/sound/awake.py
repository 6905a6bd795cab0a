"""Keeps the processors from dozing off between two periods of sound, where this user may.

A period of 128 frames leaves 2.7 ms for three processes to be woken one after the other; a processor that has gone to
sleep in between comes late to it. Measured on a virtual machine, a real-time thread that asks for 2.67 ms each time:
late by 3.1 ms (99th percentile) as it is, by 0.1 to 0.5 ms when held awake. The kernel takes the wish through a file
and forgets it when the file is closed, so nothing is left behind however we end.
Surprise: a virtual machine calls its sleep a microsecond long, for it does not know how long its host lets it lie.
There only polling helps; on a real machine that would heat the case and wake the fan, and the light sleep states are
quick enough.
Source: Linux, Documentation/power/pm_qos_interface.rst and admin-guide/pm/cpuidle.rst.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path

WISH = Path("/dev/cpu_dma_latency")
DRIVER = Path("/sys/devices/system/cpu/cpuidle/current_driver")
LIGHT_SLEEP_US = 10
RULE = 'KERNEL=="cpu_dma_latency", GROUP="audio", MODE="0660"'


def longest_wake_us(driver: str) -> int:
    """How long a processor may take to wake, in microseconds, under this cpuidle driver."""
    return 0 if driver.strip() in ("haltpoll", "none", "") else LIGHT_SLEEP_US


def may_hold() -> bool:
    """Whether this user may ask the kernel for it."""
    return os.access(WISH, os.W_OK)


@contextlib.contextmanager
def awake() -> Iterator[None]:
    """Processors wake quickly as long as this lasts; without the permission, nothing is changed (`doctor` says so)."""
    try:
        driver = DRIVER.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        driver = ""
    try:
        held = os.open(WISH, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        with contextlib.suppress(OSError):
            os.write(held, struct.pack("=i", longest_wake_us(driver)))
        yield
    finally:
        os.close(held)
