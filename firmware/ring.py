"""Store and forward: the samples of one signal between the sampling callback and the link.

The callback owns `head`, `tail`, `acked` and the counters; the main loop owns `sent` and only asks for the tail to
move (`ack_to`). So neither needs a lock, although the callback runs between any two bytecodes of the main loop.

    acked <= tail ... held, unacknowledged ... sent ... not yet sent ... head

Surprises: indices are modulo 2^30, the capacity is a power of two so that an index wraps onto the right slot; a slot
stamped HOLE is a sample that the sensor's own FIFO lost, one stamped ASIDE was made while the sensor was being set:
their indices are used up; nothing here allocates once made.
"""

from array import array

from micropython import const

from wire.table import MASK

HOLE = const(-1)
ASIDE = const(-2)
_HALF = const(1 << 29)
_RECENT = const(8)


def behind(a: int, b: int) -> bool:
    """True when index `a` lies before index `b`, modulo 2^30."""
    return ((a - b) & MASK) >= _HALF


class Ring:
    """`capacity` samples (a power of two) of `width` bytes each, with a stamp of device microseconds each."""

    def __init__(self, capacity: int, width: int) -> None:
        self.capacity = capacity
        self.width = width
        self.data = bytearray(capacity * width)
        self.stamps = array("i", b"\xff" * (4 * capacity))  # HOLE everywhere
        self._view = memoryview(self.data)
        self._slots = capacity - 1
        self.head = 0  # index of the next sample
        self.tail = 0  # oldest sample held
        self.acked = 0  # first sample that no host has acknowledged
        self.ack_to = 0  # the main loop's wish for `acked`
        self.sent = 0  # next sample to send
        self.resumed = 0  # where sending went on after the last gap
        self._follows = True  # `sent` is the end of what was sent last, so nothing can be missing just before it
        self.fifo_lost = 0
        self.ring_lost = 0
        self.link_lost = 0
        self.set_aside = 0
        self.run_index = self.run_gone = self.run_aside = self.run_ticks = 0  # what `copy_run` found

    # the callback's side

    def reserve(self, ticks: int) -> int:
        """Take the next index for a sample made at `ticks`; return where in `data` its bytes go."""
        if self.ack_to != self.acked:
            self._acknowledge()
        head = self.head
        if (head - self.tail) & MASK >= self.capacity:
            self._drop_oldest()
        slot = head & self._slots
        self.stamps[slot] = ticks
        self.head = (head + 1) & MASK
        return slot * self.width

    def skip(self, count: int) -> None:
        """The sensor made `count` samples that nobody will see: use up their indices."""
        self.fifo_lost = (self.fifo_lost + count) & MASK
        if count < self.capacity:
            for _ in range(count):
                self.reserve(HOLE)
            return
        while self.tail != self.head:
            self._drop_oldest()
        self.head = self.tail = (self.head + count) & MASK

    def leave_out(self) -> None:
        """The sensor made a sample that is no measurement, because its setting was just changed."""
        self.set_aside = (self.set_aside + 1) & MASK
        self.reserve(ASIDE)

    def _acknowledge(self) -> None:
        """Free what the host holds. What was overwritten before it could say so was not lost: take it back."""
        wanted, tail = self.ack_to, self.tail
        began = self.acked  # from here on the host has everything up to `wanted` ...
        if behind(began, self.resumed) and behind(self.resumed, wanted):
            began = self.resumed  # ... but for a gap that it was told of
        overwritten = wanted if behind(wanted, tail) else tail
        if behind(began, overwritten):
            self.link_lost = max(self.link_lost - ((overwritten - began) & MASK), 0)
        if behind(tail, wanted):
            self.tail = wanted
        self.acked = wanted

    def _drop_oldest(self) -> None:
        tail = self.tail
        if self.stamps[tail & self._slots] >= 0:
            if behind(tail, self.sent):
                self.link_lost = (self.link_lost + 1) & MASK
            else:
                self.ring_lost = (self.ring_lost + 1) & MASK
        self.tail = (tail + 1) & MASK

    # the main loop's side

    def newest(self) -> int:
        """Where in `data` the newest sample lies; -1 when the last few were none."""
        for back in range(1, _RECENT):
            slot = (self.head - back) & self._slots
            if self.stamps[slot] >= 0:
                return slot * self.width
        return -1

    def acknowledge(self, wanted: int) -> None:
        """The host holds everything before index `wanted`; nonsense is ignored."""
        if not behind(wanted, self.acked) and not behind(self.head, wanted):
            self.ack_to = wanted
            if behind(self.sent, wanted):
                self.sent = wanted
                self._follows = False

    def rewind(self) -> None:
        """Send again from the first sample that is not acknowledged."""
        self.sent = self.ack_to
        self._follows = False

    def unsent(self) -> int:
        """How many indices wait to be sent."""
        if behind(self.sent, self.tail):
            self.sent = self.tail
            self._follows = False
        return (self.head - self.sent) & MASK

    def copy_run(self, most: int, out: memoryview) -> int:
        """Copy up to `most` consecutive unsent samples to `out`; return how many, and set run_index/gone/aside/ticks.

        `run_gone` counts the indices just before the run that cannot be delivered, `run_aside` those that need not be.
        """
        waiting = self.unsent()
        first = self.sent
        base = first if self._follows else self.acked  # what lies between is held by the host, or gone
        aside = 0
        while waiting and self.stamps[first & self._slots] < 0:
            if self.stamps[first & self._slots] == ASIDE:
                aside += 1
            first = (first + 1) & MASK
            waiting -= 1
        count = 0
        while count < min(waiting, most) and self.stamps[(first + count) & self._slots] >= 0:
            count += 1
        if not count:
            return 0
        self.run_index = first
        self.run_gone = (first - base) & MASK
        self.run_aside = aside
        if not self._follows:
            self.resumed = first
        self.run_ticks = self.stamps[first & self._slots]
        self.sent = (first + count) & MASK  # claimed before it is copied: what the callback drops now was "sent"
        self._copy(first & self._slots, count, out)
        if behind(first, self.tail):  # overwritten while we copied
            self.sent = self.tail
            self._follows = False
            return 0
        self._follows = True
        return count

    def _copy(self, slot: int, count: int, out: memoryview) -> None:
        width = self.width
        straight = min(count, self.capacity - slot) * width
        whole = count * width
        out[:straight] = self._view[slot * width : slot * width + straight]
        if straight < whole:
            out[straight:whole] = self._view[: whole - straight]
