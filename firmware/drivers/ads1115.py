"""ADS1115 behind the skin-conductance front end: AIN0 - AIN1, +-2.048 V = 62.5 uV a count, 128 conversions a second.

Sections: TI SBAS444D. Each sample is the floor mean of 25 readings 10 ms apart: a boxcar of 250 ms, which has zeros
at 50 Hz and at 60 Hz, so mains hum on the electrodes does not reach the 4 Hz stream. Surprises: the chip has no
identity register, so the settings are written and read back; they are read again with every sample, because a chip
that lost power answers as before, with one old value for ever.
"""

from micropython import const

import pins
from drivers import WrongChip

_CONVERSION = const(0x00)
_CONFIG = const(0x01)

_DIFFERENTIAL_2048_MV = const(0b010 << 9)
_RATE_128 = const(0b100 << 5)
_NO_COMPARATOR = const(0b11)
_SETTINGS = const(_DIFFERENTIAL_2048_MV | _RATE_128 | _NO_COMPARATOR)  # mode bit 0: continuous
_ALL_BUT_STATUS = const(0x7FFF)

_BOXCAR = const(25)


class Ads1115:
    """Samples are signed codes, two bytes each, 4 Hz of the board's clock."""

    def __init__(self, i2c) -> None:  # type: ignore[no-untyped-def]
        self._i2c = i2c
        self._word = bytearray(2)
        self._sum = 0
        self._count = 0

    def _read(self, register: int) -> int:
        self._i2c.readfrom_mem_into(pins.ADS1115, register, self._word)
        return self._word[0] << 8 | self._word[1]

    def start(self) -> None:
        self._word[0] = _SETTINGS >> 8
        self._word[1] = _SETTINGS & 0xFF
        self._i2c.writeto_mem(pins.ADS1115, _CONFIG, self._word)
        found = self._read(_CONFIG)
        if found & _ALL_BUT_STATUS != _SETTINGS:
            raise WrongChip("ADS1115 settings come back as 0x%04x" % found)
        self._sum = self._count = 0

    def verify(self) -> None:
        """Nothing beyond what `read` sees itself."""

    def read(self, ring, now: int) -> None:  # type: ignore[no-untyped-def]
        """Add one reading to the boxcar; a full one becomes a sample."""
        code = self._read(_CONVERSION)
        self._sum += code - 0x10000 if code & 0x8000 else code
        self._count += 1
        if self._count < _BOXCAR:
            return
        mean = self._sum // _BOXCAR
        self._sum = self._count = 0
        if self._read(_CONFIG) & _ALL_BUT_STATUS != _SETTINGS:
            raise OSError("ADS1115 lost its settings")
        to = ring.reserve(now)
        ring.data[to] = mean & 0xFF
        ring.data[to + 1] = mean >> 8 & 0xFF
