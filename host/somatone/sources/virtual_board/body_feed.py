"""The truth that the simulated chips measure: one fixed record for each 10 ms of body time, read forward only.

Record i holds from i * 10 ms until the next one. A source that ends is held at its last record; one that is late (a
live pipe) is held too, and is caught up with as soon as its records come, so body time never slips.
"""

import struct

import uselect

# ir, red: 18-bit counts at the driver's LED current; nS; 0.01 C; x, y, z in mg; contact 1 on skin; flags 0
RECORD_FORMAT = "<IIIhhhhBB"
RECORD_SIZE = struct.calcsize(RECORD_FORMAT)
RECORDS_PER_S = 100
RECORD_US = 1_000_000 // RECORDS_PER_S


class BodyFeed:
    """What the body does now. `wait` blocks for late records (virtual time), else the last one is held (real time)."""

    def __init__(self, path: str, wait: bool) -> None:
        self.ir = self.red = self.eda_ns = 0
        self.temp_cc = 2200
        self.acc_x = self.acc_y = 0
        self.acc_z = 1000
        self.contact = self.flags = 0
        self._next = 0
        self._raw = bytearray(RECORD_SIZE)
        self._view = memoryview(self._raw)
        self._used = 0
        self._wait = wait
        self._file = open(path, "rb", 0) if path else None  # noqa: SIM115
        if self._file and not wait:
            self._poll = uselect.poll()
            self._poll.register(self._file, uselect.POLLIN)

    def at(self, number: int):  # type: ignore[no-untyped-def]
        """Move on to record `number`, or as near to it as the source has come."""
        while self._file is not None and self._next <= number and self._read():
            self._next += 1
        return self

    def _read(self) -> bool:
        """One whole record if there is one."""
        while self._used < RECORD_SIZE:
            if not self._wait and not self._poll.poll(0):
                return False
            taken = self._file.readinto(self._view[self._used :])
            if not taken:  # the end: hold what we have
                self._file.close()
                self._file = None
                return False
            self._used += taken
        self._used = 0
        (
            self.ir,
            self.red,
            self.eda_ns,
            self.temp_cc,
            self.acc_x,
            self.acc_y,
            self.acc_z,
            self.contact,
            self.flags,
        ) = struct.unpack(RECORD_FORMAT, self._raw)
        return True
