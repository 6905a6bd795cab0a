"""TMP117 skin temperature: 7.8125 mC a count; the chip averages 8 conversions each 125 ms of its own clock.

Sections: TI SNOSD82D. Each sample is the floor mean of the one to three readings that were finished in 250 ms of the
board's clock, so the signal has exactly 4 Hz however fast the chip runs; nothing is repeated or dropped. Surprises:
reading either register clears the data-ready flag (7.6.1.2), so the flag is read first and the temperature only when
it stood. A chip that lost power comes back with another configuration; it then counts as failing until it is started
again.
"""

from micropython import const

import pins
from drivers import WrongChip

_TEMPERATURE = const(0x00)
_CONFIG = const(0x01)
_DEVICE_ID = const(0x0F)

_IDENTITY = const(0x0117)
_CONTINUOUS_125_MS_AVERAGE_8 = const(1 << 7 | 1 << 5)
_SETTINGS = const(0x0FE0)  # mode, conversion cycle, averages
_READY = const(0x2000)

_LOOKS = const(5)  # 50 ms apart, for one sample


class Tmp117:
    """Samples are signed counts, two bytes each, 4 Hz of the board's clock."""

    def __init__(self, i2c) -> None:  # type: ignore[no-untyped-def]
        self._i2c = i2c
        self._word = bytearray(2)
        self._looks = self._sum = self._count = 0

    def _read(self, register: int) -> int:
        self._i2c.readfrom_mem_into(pins.TMP117, register, self._word)
        return self._word[0] << 8 | self._word[1]

    def start(self) -> None:
        identity = self._read(_DEVICE_ID)
        if identity & 0x0FFF != _IDENTITY:
            raise WrongChip("TMP117 identity 0x%04x" % identity)
        self._word[0] = _CONTINUOUS_125_MS_AVERAGE_8 >> 8
        self._word[1] = _CONTINUOUS_125_MS_AVERAGE_8 & 0xFF
        self._i2c.writeto_mem(pins.TMP117, _CONFIG, self._word)
        self._looks = self._sum = self._count = 0

    def verify(self) -> None:
        """Nothing beyond what `read` sees itself; asking here would clear the flag that it waits for."""

    def read(self, ring, now: int) -> None:  # type: ignore[no-untyped-def]
        """Look for a new reading; each fifth time the mean becomes a sample."""
        config = self._read(_CONFIG)
        if config & _SETTINGS != _CONTINUOUS_125_MS_AVERAGE_8:
            raise OSError("TMP117 lost its settings")
        if config & _READY:
            value = self._read(_TEMPERATURE)
            self._sum += value - 0x10000 if value & 0x8000 else value
            self._count += 1
        self._looks += 1
        if self._looks < _LOOKS:
            return
        self._looks = 0
        if not self._count:  # a chip that stands still gives no samples, and is missed
            return
        mean = self._sum // self._count
        self._sum = self._count = 0
        to = ring.reserve(now)
        ring.data[to] = mean & 0xFF
        ring.data[to + 1] = mean >> 8 & 0xFF
