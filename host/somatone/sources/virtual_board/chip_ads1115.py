"""A simulated ADS1115 (TI SBAS444D) behind the skin-conductance front end.

The front end is the table's (`wire.table.EDA_*`): dV = Vb * Rf / (Rs + 1 / G). Off the skin G is 0.
"""

from world import Oscillator

from wire.table import EDA_BIAS_UV, EDA_FEEDBACK_OHM, EDA_SERIES_OHM

_RATES = (8, 16, 32, 64, 128, 250, 475, 860)
_CODE_NV = (187_500, 125_000, 62_500, 31_250, 15_625, 7_812, 7_812, 7_812)


class Chip:
    def __init__(self, ppm: int = 0) -> None:
        self.ppm = ppm
        self._clock = Oscillator(ppm)
        self._now = 0
        self._code = 0
        self._config = 0x8583
        self._limits = [0x8000, 0x7FFF]

    def run(self, until_us: int, body) -> None:
        self._now = until_us
        while self._clock.fires(until_us):
            self._clock.advance()
            self._code = code_of(body.eda_ns if body.contact else 0, _CODE_NV[self._config >> 9 & 7])

    def write(self, register: int, data) -> None:
        word = data[0] << 8 | data[1]
        if register == 0x01:
            self._config = word | 0x8000
            if word & 0x0100:  # single-shot and power-down
                self._clock.stop()
            else:
                self._clock.start(self._now, 1_000_000_000 // _RATES[word >> 5 & 7])
        elif register in (2, 3):
            self._limits[register - 2] = word

    def read(self, register: int, out) -> None:
        word = (self._code, self._config, self._limits[0], self._limits[1])[register & 3]
        for k in range(len(out)):
            out[k] = word >> 8 & 0xFF if k % 2 == 0 else word & 0xFF


def code_of(conductance_ns: int, code_nv: int = 62_500) -> int:
    """The code for a skin conductance in nS; clips at the converter's end."""
    volts = EDA_BIAS_UV * EDA_FEEDBACK_OHM * conductance_ns * 1000
    scale = (EDA_SERIES_OHM * conductance_ns + 1_000_000_000) * code_nv
    return min((volts + scale // 2) // scale, 32767)
