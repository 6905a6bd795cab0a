"""One file a chip. All have `start()` (checks identity, configures; OSError when the chip does not answer, WrongChip
when another one does) and `read(ring, now)` (moves whole new samples into the ring; runs in the sampling callback,
allocates nothing; OSError when the bus fails)."""


class WrongChip(Exception):
    """Something answers at the address, but it is not the chip expected."""
