"""One file a chip, each with three calls.

`start()` checks identity and configures: OSError when the chip does not answer, WrongChip when another one does.
`read(ring, now)` moves whole new samples into the ring; runs in the sampling callback, allocates nothing unless the
bus fails or the chip's registers are impossible (OSError). `verify()`, once a second from the main loop: OSError when
the chip has forgotten its settings without anybody noticing.
"""


class WrongChip(Exception):
    """Something answers at the address, but it is not the chip expected."""
