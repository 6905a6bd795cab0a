"""A simulated MAX30102, register by register (Maxim 19-7740 rev 1): FIFO with its traps, modes, rates, LED currents."""

from world import Oscillator

_LED_NOMINAL = 0x24  # the current for which the body feed's counts hold
_AMBIENT = 900  # what the photodiode counts in air
_COUNTS_MAX = 0x3FFFF
_RATES = (50, 100, 200, 400, 800, 1000, 1600, 3200)
_DEPTH = 32


class Chip:
    def __init__(self, ppm: int = 0) -> None:
        self.ppm = ppm
        self._clock = Oscillator(ppm)
        self._now = 0
        self._reset()
        self._registers[0x00] = 0x01  # power ready, until it is read

    def _reset(self) -> None:
        self._registers = bytearray(256)
        self._registers[0xFE] = 0x03
        self._registers[0xFF] = 0x15
        self._fifo = [b""] * _DEPTH
        self._write_at = self._read_at = self._held = self._lost = 0
        self._byte = 0  # of the sample being read
        self._sample = bytes(6)
        self._clock.stop()

    def run(self, until_us: int, body) -> None:
        self._now = until_us
        while self._clock.fires(until_us):
            self._clock.advance()
            self._push(body)

    def _push(self, body) -> None:
        if self._held == _DEPTH:
            if not self._registers[0x08] & 0x10:  # no roll-over: the new sample is lost
                self._lost = min(self._lost + 1, 31)
                return
            self._read_at = (self._read_at + 1) % _DEPTH
            self._held -= 1
            self._lost = min(self._lost + 1, 31)
        sample = b""
        for counts, led in ((body.red, 0x0C), (body.ir, 0x0D)):
            seen = counts * self._registers[led] // _LED_NOMINAL if body.contact else _AMBIENT
            seen = min(max(seen, 0), _COUNTS_MAX)
            sample += bytes((seen >> 16, seen >> 8 & 0xFF, seen & 0xFF))
        self._fifo[self._write_at] = sample
        self._write_at = (self._write_at + 1) % _DEPTH
        self._held += 1

    def write(self, register: int, data) -> None:
        for value in data:
            if register == 0x09 and value & 0x40:
                self._reset()
                return
            if register == 0x04:
                self._write_at = value & 31
            elif register == 0x05:
                self._lost = value & 31
            elif register == 0x06:
                self._read_at = value & 31
            elif register < 0xFE:
                self._registers[register] = value
            if register in (0x04, 0x06):
                self._held = (self._write_at - self._read_at) % _DEPTH
            if register in (0x08, 0x09, 0x0A):
                self._set_rate()
            register += 1

    def _set_rate(self) -> None:
        mode = self._registers[0x09]
        if mode & 0x80 or mode & 7 != 3:
            self._clock.stop()
            return
        average = min(1 << (self._registers[0x08] >> 5), 32)
        rate = _RATES[self._registers[0x0A] >> 2 & 7]
        self._clock.start(self._now, 1_000_000_000 * average // rate)

    def read(self, register: int, out) -> None:
        for k in range(len(out)):
            if register == 0x07:
                out[k] = self._next_byte()
                continue
            if register == 0x04:
                out[k] = self._write_at
            elif register == 0x05:
                out[k] = self._lost
            elif register == 0x06:
                out[k] = self._read_at
            else:
                out[k] = self._registers[register]
                if register == 0x00:
                    self._registers[0x00] = 0
            register += 1
        self._byte = 0  # a new burst begins with the next sample

    def _next_byte(self) -> int:
        if self._byte == 0:
            self._sample = self._fifo[self._read_at] or bytes(6)
            if self._held:  # the pointer moves on with the first byte
                self._read_at = (self._read_at + 1) % _DEPTH
                self._held -= 1
                self._lost = 0
        value = self._sample[self._byte]
        self._byte = (self._byte + 1) % 6
        return value
