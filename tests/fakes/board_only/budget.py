"""Runs under real MicroPython: how long the firmware's pieces take, next to a loop whose time on an RP2040 is known.

Prints `name nanoseconds`. `yardstick` is a CRC-16 bit by bit over 96 bytes: 3.195 ms on a real rp2 port at 125 MHz.
"""

import time

import heap_locked

import wire
from ring import Ring

ROUNDS = 300


def yardstick(data) -> int:
    """CRC-16-CCITT, the plainest way."""
    crc = 0xFFFF
    for value in data:
        crc ^= value << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1 & 0xFFFF
    return crc


def stuffed(data, out) -> int:
    """COBS byte by byte: what `seal` does without."""
    at, code, used = 0, 1, 1
    for value in data:
        if value == 0:
            out[at] = code
            at, code = used, 1
        else:
            out[used] = value
            code += 1
        used += 1
    out[at] = code
    return used


def timed(name, call, rounds=ROUNDS) -> None:
    """The quickest of five runs: whatever else the machine does only ever adds."""
    best = 1 << 29
    for _ in range(5):
        began = time.ticks_us()
        for _ in range(rounds):
            call()
        best = min(best, time.ticks_diff(time.ticks_us(), began))
    print(name, best * 1000 // rounds)


heap_locked.Bus._pulse = lambda self, out, at: None  # making a pulse is not the board's work
sampler, heartbeat, lamp = heap_locked.sampler, heap_locked.heartbeat, heap_locked.lamp
data, out = bytes(range(96)), bytearray(100)
encoder = wire.FrameEncoder()
ring = Ring(64, 6)
samples = encoder.payload[wire.DATA_HEADER :]


def frame() -> None:
    """One data message of four samples, as the link makes it."""
    for _ in range(4):
        ring.reserve(12_345_678)
    count = ring.copy_run(37, samples)
    wire.pack_data_header(encoder.payload, 0, ring.run_gone, ring.run_aside, ring.run_index, ring.run_ticks)
    encoder.seal(wire.DATA_HEADER + count * ring.width)


def tick() -> None:
    sampler.tick(None)


def beat() -> None:
    heartbeat._pulse(sampler.rings[0].data, 0)


timed("yardstick", lambda: yardstick(data))
timed("frame", frame)
timed("seal", lambda: encoder.seal(36))
timed("stuffed", lambda: stuffed(data[:40], out))
timed("tick", tick)
timed("heartbeat", beat)
timed("lamp", lambda: lamp.turn(0))
