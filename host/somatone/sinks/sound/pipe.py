"""What scsynth renders, taken while it renders, through a named pipe: a wide render never lies on the disk as a whole.

Surprises: of the formats scsynth writes only a headerless one can go into a pipe; it opens the pipe late or, where it
fails, never, so that waiting for it must not block; and a pipe holds 64 KiB, which is little for fifty channels.
"""

from __future__ import annotations

import fcntl
import os
import select
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

WAIT_S = 0.05
PIPE_BYTES = 1 << 20  # the most an ordinary user may ask for
BLOCK_FRAMES = 1 << 13


def blocks(pipe: Path, channels: int, running: Callable[[], bool]) -> Iterator[npt.NDArray[np.float32]]:
    """Blocks (frames, channels) of what is written into `pipe` as 32 bit floats, until its writer closes it, or is not
    `running` any more and never opened it. A block is good until the next is asked for; an incomplete frame at the end
    is left out."""
    held = bytearray(4 * channels * BLOCK_FRAMES)
    block, space = np.frombuffer(held, np.float32).reshape(-1, channels), memoryview(held)
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        filled = 0
        while _readable(descriptor, running):
            count = os.readv(descriptor, [space[filled:]])
            filled += count
            if filled == len(space) or not count:
                yield block[: filled // (4 * channels)]
                filled = 0
            if not count:
                return
    finally:
        os.close(descriptor)


def _readable(descriptor: int, running: Callable[[], bool]) -> bool:
    """Waits until something, or the end, can be read; False when nothing will come."""
    while True:
        alive = running()
        if select.select([descriptor], [], [], WAIT_S)[0]:
            return True
        if not alive:
            return False
