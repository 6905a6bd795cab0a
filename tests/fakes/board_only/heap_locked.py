"""Runs under real MicroPython: the sampling callback with the heap locked, on a bus that allocates nothing.

Prints one line: callback errors, bus errors, and how many samples each ring got.
"""

import micropython

import pins
from sampler import Sampler

TICKS = 1000  # ten seconds; rings wrap when started near their end


class Bus:
    """Every chip answers with its identity; each FIFO read finds two pulse and four movement samples."""

    def __init__(self) -> None:
        self._config = 0

    def writeto_mem(self, address, register, data) -> None:
        if address == pins.ADS1115:
            self._config = data[0] << 8 | data[1]

    def readfrom_mem_into(self, address, register, out) -> None:
        if address == pins.MAX30102:
            out[0] = 0x15 if register == 0xFF else 2
            if register == 0x04:
                out[1] = out[2] = 0
        elif address == pins.LIS3DH:
            out[0] = 0x33 if register == 0x0F else 4
        elif address == pins.TMP117:
            word = 0x0117 if register == 0x0F else 0x20A0 if register == 0x01 else 4224
            out[0], out[1] = word >> 8, word & 0xFF
        else:
            word = self._config if register == 0x01 else 1000
            out[0], out[1] = word >> 8, word & 0xFF


sampler = Sampler(Bus(), None)
sampler.start()
for ring in sampler.rings:  # past the first turn, so that dropping the oldest is on the path too
    for _ in range(ring.capacity - 5):
        ring.reserve(0)
before = [ring.head for ring in sampler.rings]
for _ in range(4):
    sampler.tick(None)
micropython.heap_lock()
for _ in range(TICKS):
    sampler.tick(None)
micropython.heap_unlock()
print(sampler.callback_errors, sum(sampler.errors), [ring.head - before[n] for n, ring in enumerate(sampler.rings)])
