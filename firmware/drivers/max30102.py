"""MAX30102 pulse sensor: red and infrared LED, 18 bits, 100 Hz through its FIFO of 32.

Numbers of pages: Maxim datasheet 19-7740 rev 1. Surprises:
- The read pointer moves on with the FIRST byte of a sample (p. 15): only whole samples may be read.
- Write pointer == read pointer means empty or full; only the overflow counter, or a long pause, tells which.
- Without roll-over the chip drops the NEWEST samples when full and counts them, up to 31, until one is popped.
- A new LED current (`want_led`, see light.py) is set right after the FIFO was emptied. The sample being made then is
  a mixture, and perhaps the next one too, when the FIFO filled meanwhile: both are left out, with their indices.
"""

from micropython import const

import pins
import wire
from drivers import WrongChip

_STATUS = const(0x00)
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
LED_NOMINAL = const(0x24)  # 7.2 mA: 0.2 mA a step
_POWER_READY = const(0x01)  # set by a power-up, cleared by reading (p. 12)
_POINTER_MAX = const(31)
_MIXED = const(2)

_DEPTH = const(32)
_SAMPLE = const(6)
_OVERFLOW_MAX = const(31)
_PERIOD_US = const(10_000)
_FULL_AFTER_US = const(_DEPTH * _PERIOD_US * 9 // 10)
_SKIN_COUNTS = const(10_000)  # infrared at the nominal current: air gives a few hundred, skin 50 000 and more


class Max30102:
    """Samples are 18-bit counts, infrared then red, three bytes each."""

    def __init__(self, i2c) -> None:  # type: ignore[no-untyped-def]
        self._i2c = i2c
        self._byte = bytearray(1)
        self._pointers = bytearray(3)
        self._raw = bytearray(_DEPTH * _SAMPLE)
        self._views = [memoryview(self._raw)[: count * _SAMPLE] for count in range(_DEPTH + 1)]
        self._settings = bytearray(3)  # the main loop's own: the callback strikes between any two bytecodes
        self._last_us = 0
        self._mixed = 0
        self.led = self.want_led = LED_NOMINAL
        self.contact = 0
        self.brightest_ir = self.brightest_red = 0  # since light.py last looked

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
        self._set_led()
        self._write(_MODE, _MODE_RED_IR)
        self._i2c.readfrom_mem_into(pins.MAX30102, _STATUS, self._byte)  # forget the power-up
        self._last_us = -1
        self._mixed = 0

    def _set_led(self) -> None:
        self._write(_LED1_RED, self.want_led)
        self._write(_LED2_IR, self.want_led)
        self.led = self.want_led

    def verify(self) -> None:
        """OSError when the chip lost power or its settings: it may well go on measuring something else."""
        settings = self._settings
        self._i2c.readfrom_mem_into(pins.MAX30102, _FIFO_CONFIG, settings)
        if settings[0] != _AVERAGE_4 or settings[1] != _MODE_RED_IR:
            raise OSError("MAX30102 lost its settings")
        self._i2c.readfrom_mem_into(pins.MAX30102, _STATUS, settings)
        if settings[0] & _POWER_READY:
            raise OSError("MAX30102 lost power")

    def read(self, ring, now: int) -> None:  # type: ignore[no-untyped-def]
        """Move all whole samples from the FIFO to the ring; the newest gets the time `now` (us modulo 2^30)."""
        self._i2c.readfrom_mem_into(pins.MAX30102, _WRITE_POINTER, self._pointers)
        write, lost, read = self._pointers[0], self._pointers[1], self._pointers[2]
        if (write | lost | read) > _POINTER_MAX:  # a bus that nobody drives reads 0xFF
            raise OSError("MAX30102 pointers")
        count = (write - read) & (_DEPTH - 1)
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
            if self._mixed:
                self._mixed -= 1
                ring.leave_out()
                continue
            to = ring.reserve((now - (lost + count - 1 - k) * _PERIOD_US) & wire.MASK)
            at = k * _SAMPLE
            data[to] = raw[at + 5]
            data[to + 1] = raw[at + 4]
            data[to + 2] = raw[at + 3] & 0x03
            data[to + 3] = raw[at + 2]
            data[to + 4] = raw[at + 1]
            data[to + 5] = raw[at] & 0x03
        self._look(raw, count * _SAMPLE - _SAMPLE)
        if lost:
            ring.skip(lost)
        if self.want_led != self.led:
            self._set_led()
            self._mixed = _MIXED

    def _look(self, raw, at: int) -> None:  # type: ignore[no-untyped-def]
        """At the newest sample, for skin and for the light's control."""
        red = (raw[at] & 0x03) << 16 | raw[at + 1] << 8 | raw[at + 2]
        infrared = (raw[at + 3] & 0x03) << 16 | raw[at + 4] << 8 | raw[at + 5]
        self.contact = 1 if infrared * LED_NOMINAL >= _SKIN_COUNTS * self.led else 0
        self.brightest_red = max(self.brightest_red, red)
        self.brightest_ir = max(self.brightest_ir, infrared)
