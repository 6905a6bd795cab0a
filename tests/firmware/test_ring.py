"""The ring between callback and main loop: the callback strikes between any two bytecodes, as it does on the board."""

from __future__ import annotations

import random
import sys
from types import FrameType
from typing import Any

import pytest

from fakes.board_bench import board  # no types there
from somatone.sources.board_protocol import signed30

WIDTH = 4
MODULO = 1 << 30


class Interrupted:
    """Runs the callback's side of a ring at random between the bytecodes of the main loop's side."""

    def __init__(self, ring: Any, chance: random.Random, rate: float) -> None:
        self.ring = ring
        self.chance = chance
        self.rate = rate
        self.holes: set[int] = set()

    def callback(self) -> None:
        for _ in range(self.chance.randint(1, 3)):
            index = self.ring.head
            if self.chance.random() < 0.05:
                self.ring.skip(1)
                self.holes.add(index)
                continue
            at = self.ring.reserve(index)
            self.ring.data[at : at + WIDTH] = index.to_bytes(WIDTH, "little")

    def trace(self, frame: FrameType, event: str, _argument: object) -> Any:
        if not frame.f_code.co_filename.endswith("ring.py"):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode" and self.chance.random() < self.rate:
            sys.settrace(None)
            self.callback()
            sys.settrace(self.trace)
        return self.trace

    def call(self, function: Any, *arguments: Any) -> Any:
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            return function(*arguments)
        finally:
            sys.settrace(before)


@pytest.mark.parametrize("seed", range(6))
def test_a_run_is_what_its_indices_say_whenever_the_callback_strikes(seed: int) -> None:
    chance = random.Random(seed)
    ring = board.ring.Ring(8, WIDTH)
    ring.head = ring.tail = ring.sent = ring.acked = ring.ack_to = MODULO - 300 if seed > 2 else 0
    both = Interrupted(ring, chance, rate=(0.0005, 0.003, 0.01)[seed % 3])
    out = bytearray(8 * WIDTH)
    view = memoryview(out)
    wanted = ring.head  # the host's: next index it lacks
    delivered = 0
    for _ in range(3000):
        both.callback()
        count = both.call(ring.copy_run, chance.randint(1, 5), view)
        for k in range(count):
            index = int.from_bytes(out[k * WIDTH : (k + 1) * WIDTH], "little")
            assert index == (ring.run_index + k) % MODULO and index not in both.holes
        if count:
            ahead = signed30(ring.run_index - wanted)
            assert ahead <= ring.run_gone, "a gap that nobody announced"
            fresh = signed30(ring.run_index + count - wanted)
            if fresh > 0:
                delivered += min(fresh, count)
                wanted = (wanted + fresh) % MODULO
        if chance.random() < 0.3:
            both.call(ring.acknowledge, wanted)
        if chance.random() < 0.1:
            both.call(ring.rewind)
    assert delivered > 500
    assert (ring.head - ring.tail) % MODULO <= ring.capacity


def test_nonsense_acknowledged_is_ignored() -> None:
    ring = board.ring.Ring(8, WIDTH)
    for n in range(6):
        ring.reserve(n)
    for nonsense in (7, 500, MODULO - 3):
        ring.acknowledge(nonsense)
        ring.reserve(0)
    assert (ring.acked, ring.tail) == (0, 1)


def test_a_gap_longer_than_the_ring_empties_it_and_keeps_time() -> None:
    ring = board.ring.Ring(8, WIDTH)
    for n in range(5):
        ring.reserve(n)
    ring.skip(1000)
    assert (ring.head, ring.tail, ring.fifo_lost, ring.ring_lost) == (1005, 1005, 1000, 5)
    assert ring.copy_run(8, memoryview(bytearray(32))) == 0
    ring.reserve(0)
    assert ring.copy_run(8, memoryview(bytearray(32))) == 1
    assert (ring.run_index, ring.run_gone) == (1005, 1005)
