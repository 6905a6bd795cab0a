"""LIS3DH accelerometer: three axes, 12 bits at +-2 g = 1 mg a count, 100 Hz through its FIFO of 32.

Sections: ST DocID17530 rev 2. Surprises:
- Bit 7 of a register's address makes it count up; in FIFO mode a burst wraps from 2Dh to 28h (5.1.5, 6.1.1).
- Values lie at the upper end of 16 bits; the shift by 4 keeps the sign.
- The FIFO overwrites its OLDEST sample and does not count how many: the pause since the last read says.
"""

from micropython import const

import pins
import wire
from drivers import WrongChip

_WHO_AM_I = const(0x0F)
_CTRL1 = const(0x20)
_CTRL4 = const(0x23)
_CTRL5 = const(0x24)
_OUT = const(0x28 | 0x80)
_FIFO_CTRL = const(0x2E)
_FIFO_SOURCE = const(0x2F)

_IDENTITY = const(0x33)
_ODR_100_XYZ = const(0x57)
_BLOCK_UPDATE_2G_HIGH_RES = const(0x88)
_FIFO_ENABLE = const(0x40)
_BYPASS = const(0x00)  # empties the FIFO
_STREAM = const(0x80)
_OVERRUN = const(0x40)
_EMPTY = const(0x20)

_SETTINGS = (
    (_CTRL4, _BLOCK_UPDATE_2G_HIGH_RES),
    (_CTRL5, _FIFO_ENABLE),
    (_FIFO_CTRL, _STREAM),
    (_CTRL1, _ODR_100_XYZ),
)
_DEPTH = const(32)
_SAMPLE = const(6)
_PERIOD_US = const(10_000)


class Lis3dh:
    """Samples are x, y, z in mg, two bytes each."""

    def __init__(self, i2c) -> None:  # type: ignore[no-untyped-def]
        self._i2c = i2c
        self._byte = bytearray(1)
        self._raw = bytearray(_DEPTH * _SAMPLE)
        self._views = [memoryview(self._raw)[: count * _SAMPLE] for count in range(_DEPTH + 1)]
        self._setting = bytearray(1)  # the main loop's own: the callback strikes between any two bytecodes
        self._last_us = 0

    def _write(self, register: int, value: int) -> None:
        self._byte[0] = value
        self._i2c.writeto_mem(pins.LIS3DH, register, self._byte)

    def start(self) -> None:
        self._i2c.readfrom_mem_into(pins.LIS3DH, _WHO_AM_I, self._byte)
        if self._byte[0] != _IDENTITY:
            raise WrongChip("LIS3DH identity 0x%02x" % self._byte[0])
        self._write(_FIFO_CTRL, _BYPASS)
        for register, value in _SETTINGS:
            self._write(register, value)
        self._last_us = -1

    def verify(self) -> None:
        """OSError when the chip lost its settings: at its power-on rate it would not run at all."""
        for register, value in _SETTINGS:
            self._i2c.readfrom_mem_into(pins.LIS3DH, register, self._setting)
            if self._setting[0] != value:
                raise OSError("LIS3DH lost its settings")

    def read(self, ring, now: int) -> None:  # type: ignore[no-untyped-def]
        """Move all samples from the FIFO to the ring; the newest gets the time `now` (us modulo 2^30)."""
        self._i2c.readfrom_mem_into(pins.LIS3DH, _FIFO_SOURCE, self._byte)
        source = self._byte[0]
        if source & _OVERRUN and source & _EMPTY:  # both: a bus that nobody drives reads 0xFF
            raise OSError("LIS3DH FIFO")
        count = source & 0x1F
        pause_us = (now - self._last_us) & wire.MASK if self._last_us >= 0 else 0
        self._last_us = now
        if source & _OVERRUN:
            count = _DEPTH
            lost = pause_us // _PERIOD_US - _DEPTH
            if lost > 0:
                ring.skip(lost)
        if count == 0:
            return
        raw = self._raw
        self._i2c.readfrom_mem_into(pins.LIS3DH, _OUT, self._views[count])
        data = ring.data
        for k in range(count):
            to = ring.reserve((now - (count - 1 - k) * _PERIOD_US) & wire.MASK)
            at = k * _SAMPLE
            for axis in range(0, _SAMPLE, 2):
                high = raw[at + axis + 1]
                if high & 0x80:
                    high -= 0x100
                value = (high << 8 | raw[at + axis]) >> 4
                data[to + axis] = value & 0xFF
                data[to + axis + 1] = value >> 8 & 0xFF
