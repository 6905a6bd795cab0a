"""Runs under real MicroPython: the sampling callback, heartbeat and lamp with the heap locked, on a bus without heap.

The pulse on the bus has 60 beats a minute; half-way the light moves. Prints what happened, and how much was allocated
(MicroPython's own count), which is nothing, or MemoryErrors would have been counted as callback errors.
"""

import gc

import micropython
from machine import Pin

import pins
from heartbeat import Heartbeat
from lamp import Lamp
from sampler import Sampler

TICKS = 1000  # ten seconds; rings wrap when started near their end
IR = 120_000


class Bus:
    """Every chip answers with its identity; each FIFO read finds two pulse and four movement samples."""

    def __init__(self) -> None:
        self._config = 0
        self._sample = 0

    def writeto_mem(self, address, register, data) -> None:
        if address == pins.ADS1115:
            self._config = data[0] << 8 | data[1]

    def readfrom_mem_into(self, address, register, out) -> None:
        if address == pins.MAX30102:
            out[0] = 0x15 if register == 0xFF else 2
            if register == 0x04:
                out[1] = out[2] = 0
            elif register == 0x07:
                self._pulse(out, 0)
                self._pulse(out, 6)
        elif address == pins.LIS3DH:
            out[0] = 0x33 if register == 0x0F else 4
        elif address == pins.TMP117:
            word = 0x0117 if register == 0x0F else 0x20A0 if register == 0x01 else 4224
            out[0], out[1] = word >> 8, word & 0xFF
        else:
            word = self._config if register == 0x01 else 1000
            out[0], out[1] = word >> 8, word & 0xFF

    def _pulse(self, out, at) -> None:
        self._sample += 1
        phase = self._sample % 100
        value = IR - 2 * min(phase * 85, (100 - phase) * 15)
        out[at] = out[at + 3] = value >> 16
        out[at + 1] = out[at + 4] = value >> 8 & 0xFF
        out[at + 2] = out[at + 5] = value & 0xFF


class Listening:
    identify_s = 0
    streaming = True


sampler = Sampler(Bus(), None)
sampler.start()
for ring in sampler.rings:  # past the first turn, so that dropping the oldest is on the path too
    for _ in range(ring.capacity - 5):
        ring.reserve(0)
before = [ring.head for ring in sampler.rings]
heartbeat = Heartbeat(sampler)
lamp = Lamp(Pin(), sampler, Listening(), heartbeat)
lamp.second()
heartbeat.turn()
taken = 0


def turn(number) -> None:
    global taken  # noqa: PLW0603
    sampler.tick(None)
    was = heartbeat._next
    heartbeat.turn()
    taken += heartbeat._next - was
    lamp.turn(number * 10)


for number in range(4):
    turn(number)
gc.collect()
free = gc.mem_free()
micropython.heap_lock()
for number in range(TICKS):
    if number == TICKS // 4:
        sampler.pulse.want_led = 30
    turn(number)
micropython.heap_unlock()
allocated = free - gc.mem_free()
made = [ring.head - before[n] for n, ring in enumerate(sampler.rings)]
light, left_out = sampler.pulse.led, sampler.rings[0].set_aside
print(f"errors {sampler.callback_errors} {sum(sampler.errors)}, samples {made}, light {light}, left out {left_out}")
worn, regular = int(heartbeat.worn), int(heartbeat.regular)
print(f"heartbeat {taken} samples, worn {worn}, regular {regular}, lamp {int(lamp._lit >= 0)}")
print(f"allocated {allocated} bytes")
