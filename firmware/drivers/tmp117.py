"""TMP117 skin temperature: 7.8125 mC a count, a new average of 8 conversions each 250 ms of the chip's own clock.

Sections: TI SNOSD82D. Surprise: reading either register clears the data-ready flag (7.6.1.2), so the flag is read
first and the temperature only when it stood. A chip that lost power comes back with another configuration; it then
counts as failing until it is started again.
"""

from micropython import const

import pins
from drivers import WrongChip

_TEMPERATURE = const(0x00)
_CONFIG = const(0x01)
_DEVICE_ID = const(0x0F)

_IDENTITY = const(0x0117)
_CONTINUOUS_250_MS_AVERAGE_8 = const(2 << 7 | 1 << 5)
_SETTINGS = const(0x0FE0)  # mode, conversion cycle, averages
_READY = const(0x2000)


class Tmp117:
    """Samples are the chip's own signed counts, two bytes each."""

    def __init__(self, i2c) -> None:  # type: ignore[no-untyped-def]
        self._i2c = i2c
        self._word = bytearray(2)

    def _read(self, register: int) -> int:
        self._i2c.readfrom_mem_into(pins.TMP117, register, self._word)
        return self._word[0] << 8 | self._word[1]

    def start(self) -> None:
        identity = self._read(_DEVICE_ID)
        if identity & 0x0FFF != _IDENTITY:
            raise WrongChip("TMP117 identity 0x%04x" % identity)
        self._word[0] = _CONTINUOUS_250_MS_AVERAGE_8 >> 8
        self._word[1] = _CONTINUOUS_250_MS_AVERAGE_8 & 0xFF
        self._i2c.writeto_mem(pins.TMP117, _CONFIG, self._word)

    def read(self, ring, now: int) -> None:  # type: ignore[no-untyped-def]
        """One sample to the ring if there is a new one."""
        config = self._read(_CONFIG)
        if config & _SETTINGS != _CONTINUOUS_250_MS_AVERAGE_8:
            raise OSError("TMP117 lost its settings")
        if config & _READY:
            self._read(_TEMPERATURE)
            to = ring.reserve(now)
            ring.data[to] = self._word[1]
            ring.data[to + 1] = self._word[0]
