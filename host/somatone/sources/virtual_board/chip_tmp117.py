"""A simulated TMP117, register by register (TI SNOSD82D): continuous conversion, averaging, data-ready flag."""

from world import Oscillator

_AVERAGES = (1, 8, 32, 64)
_CYCLES_US = (15_500, 125_000, 250_000, 500_000, 1_000_000, 4_000_000, 8_000_000, 16_000_000)
_CONVERSION_US = 15_500
_READY = 0x2000


class Chip:
    def __init__(self, ppm: int = 0) -> None:
        self.ppm = ppm
        self._clock = Oscillator(ppm)
        self._now = 0
        self._temperature = 0x8000
        self._config = 0x0220
        self._set_rate()

    def _set_rate(self) -> None:
        if self._config >> 10 & 3 in (1, 3):  # shutdown, one-shot (not imitated)
            self._clock.stop()
            return
        averages = _AVERAGES[self._config >> 5 & 3]
        cycle_us = max(_CYCLES_US[self._config >> 7 & 7], averages * _CONVERSION_US)
        self._clock.start(self._now, cycle_us * 1000)

    def run(self, until_us: int, body) -> None:
        self._now = until_us
        while self._clock.fires(until_us):
            self._clock.advance()
            raw = (body.temp_cc * 32 + 12) // 25  # 10 mC over 7.8125 mC
            self._temperature = min(max(raw, -32768), 32767) & 0xFFFF
            self._config |= _READY

    def write(self, register: int, data) -> None:
        if register == 0x01:
            self._config = (data[0] << 8 | data[1]) & 0x0FFC
            self._set_rate()

    def read(self, register: int, out) -> None:
        word = {0x00: self._temperature, 0x01: self._config, 0x0F: 0x0117}.get(register, 0)
        if register in (0x00, 0x01):
            self._config &= ~_READY
        for k in range(len(out)):
            out[k] = word >> 8 if k % 2 == 0 else word & 0xFF
