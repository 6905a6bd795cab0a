"""MAX30102 pulse sensor: red and infrared LED, 18 bits, 100 Hz through its FIFO of 32.

Numbers of pages: Maxim datasheet 19-7740 rev 1. Surprises:
- The read pointer moves on with the FIRST byte of a sample (p. 15): only whole samples may be read.
- Write pointer == read pointer means empty or full; only the overflow counter, or a long pause, tells which.
- Without roll-over the chip drops the NEWEST samples when full and counts them, up to 31, until one is popped.
"""

from micropython import const

import pins
import wire
from drivers import WrongChip

_WRITE_POINTER = const(0x04)  # followed by overflow counter and read pointer
_DATA = const(0x07)
_FIFO_CONFIG = const(0x08)
_MODE = const(0x09)
_SPO2_CONFIG = const(0x0A)
_LED1_RED = const(0x0C)
_LED2_IR = const(0x0D)
_PART_ID = const(0xFF)

_PART = const(0x15)
_MODE_RESET = const(0x40)
_RESET_POLLS = const(50)  # some 5 ms at 400 kHz
_MODE_RED_IR = const(0x03)
_AVERAGE_4 = const(0b010 << 5)
_RANGE_4096_NA = const(0b01 << 5)
_RATE_400 = const(0b011 << 2)  # 400 Hz averaged by 4: 100 Hz with half the noise
_PULSE_411_US = const(0b11)  # 18 bits
_LED_7_MA = const(0x24)  # 0.2 mA a step

_DEPTH = const(32)
_SAMPLE = const(6)
_OVERFLOW_MAX = const(31)
_PERIOD_US = const(10_000)
_FULL_AFTER_US = const(_DEPTH * _PERIOD_US * 9 // 10)
_SKIN_COUNTS = const(20_000)  # infrared: air gives a few hundred, skin 50 000 and more


class Max30102:
    """Samples are 18-bit counts, infrared then red, three bytes each."""

    def __init__(self, i2c) -> None:  # type: ignore[no-untyped-def]
        self._i2c = i2c
        self._byte = bytearray(1)
        self._pointers = bytearray(3)
        self._raw = bytearray(_DEPTH * _SAMPLE)
        self._views = [memoryview(self._raw)[: count * _SAMPLE] for count in range(_DEPTH + 1)]
        self._last_us = 0
        self.contact = 0

    def _write(self, register: int, value: int) -> None:
        self._byte[0] = value
        self._i2c.writeto_mem(pins.MAX30102, register, self._byte)

    def start(self) -> None:
        self._i2c.readfrom_mem_into(pins.MAX30102, _PART_ID, self._byte)
        if self._byte[0] != _PART:
            raise WrongChip("MAX30102 part id 0x%02x" % self._byte[0])
        self._write(_MODE, _MODE_RESET)
        for _ in range(_RESET_POLLS):  # the bit falls when the reset is done; until then writes are lost
            self._i2c.readfrom_mem_into(pins.MAX30102, _MODE, self._byte)
            if not self._byte[0] & _MODE_RESET:
                break
        self._write(_FIFO_CONFIG, _AVERAGE_4)
        self._write(_SPO2_CONFIG, _RANGE_4096_NA | _RATE_400 | _PULSE_411_US)
        self._write(_LED1_RED, _LED_7_MA)
        self._write(_LED2_IR, _LED_7_MA)
        self._write(_MODE, _MODE_RED_IR)
        self._last_us = -1

    def read(self, ring, now: int) -> None:  # type: ignore[no-untyped-def]
        """Move all whole samples from the FIFO to the ring; the newest gets the time `now` (us modulo 2^30)."""
        self._i2c.readfrom_mem_into(pins.MAX30102, _WRITE_POINTER, self._pointers)
        lost = self._pointers[1] & 0x1F
        count = (self._pointers[0] - self._pointers[2]) & (_DEPTH - 1)
        pause_us = (now - self._last_us) & wire.MASK if self._last_us >= 0 else 0
        self._last_us = now
        if count == 0 and (lost or pause_us > _FULL_AFTER_US):
            count = _DEPTH
        if count == 0:
            return
        if lost == _OVERFLOW_MAX:  # the counter stands still there; the pause says more
            lost = max(lost, pause_us // _PERIOD_US - _DEPTH)
        raw = self._raw
        self._i2c.readfrom_mem_into(pins.MAX30102, _DATA, self._views[count])
        data = ring.data
        for k in range(count):
            to = ring.reserve((now - (lost + count - 1 - k) * _PERIOD_US) & wire.MASK)
            at = k * _SAMPLE
            data[to] = raw[at + 5]
            data[to + 1] = raw[at + 4]
            data[to + 2] = raw[at + 3] & 0x03
            data[to + 3] = raw[at + 2]
            data[to + 4] = raw[at + 1]
            data[to + 5] = raw[at] & 0x03
        at = count * _SAMPLE - 3
        self.contact = 1 if (raw[at] & 0x03) << 16 | raw[at + 1] << 8 >= _SKIN_COUNTS else 0
        if lost:
            ring.skip(lost)
