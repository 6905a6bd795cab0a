"""A simulated LIS3DH, register by register (ST DocID17530 rev 2): high resolution, +-2 g, FIFO stream or bypass."""

from world import Oscillator

_RATES = {1: 1, 2: 10, 3: 25, 4: 50, 5: 100, 6: 200, 7: 400}
_DEPTH = 32


class Chip:
    def __init__(self, ppm: int = 0) -> None:
        self.ppm = ppm
        self._clock = Oscillator(ppm)
        self._now = 0
        self._registers = bytearray(128)
        self._registers[0x0F] = 0x33
        self._registers[0x20] = 0x07
        self._fifo = []

    def run(self, until_us: int, body) -> None:
        self._now = until_us
        while self._clock.fires(until_us):
            self._clock.advance()
            self._push(body)

    def _push(self, body) -> None:
        sample = b""
        for mg in (body.acc_x, body.acc_y, body.acc_z):
            value = min(max(mg, -2048), 2047) << 4 & 0xFFFF  # left-justified
            sample += bytes((value & 0xFF, value >> 8))
        self._registers[0x28:0x2E] = sample
        if not self._registers[0x24] & 0x40 or self._registers[0x2E] >> 6 != 2:
            return
        if len(self._fifo) == _DEPTH:
            self._fifo.pop(0)
        self._fifo.append(sample)

    def write(self, register: int, data) -> None:
        self._registers[register & 0x7F] = data[0]
        if register == 0x20:
            rate = _RATES.get(data[0] >> 4)
            if rate:
                self._clock.start(self._now, 1_000_000_000 // rate)
            else:
                self._clock.stop()
        if register == 0x2E and data[0] >> 6 == 0:
            self._fifo.clear()

    def read(self, register: int, out) -> None:
        at = register & 0x7F
        step = 1 if register & 0x80 else 0
        if at == 0x2F:
            self._registers[0x2F] = self._source()
        sample = bytes(self._registers[0x28:0x2E])
        for k in range(len(out)):
            if at == 0x28 and self._fifo:
                sample = self._fifo.pop(0)
            out[k] = sample[at - 0x28] if 0x28 <= at < 0x2E else self._registers[at]
            at += step
            if at == 0x2E and step and register & 0x7F == 0x28:
                at = 0x28  # a burst over the FIFO wraps

    def _source(self) -> int:
        held = len(self._fifo)
        return (0x40 if held == _DEPTH else 0) | (0x20 if held == 0 else 0) | min(held, 31)
