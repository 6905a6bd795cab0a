"""Reads IDX files, the format of MNIST (LeCun, Cortes and Burges): two zero bytes, type, dimensions, sizes, numbers.

Only unsigned bytes, which is what digits are stored in; compressed by gzip or not, whatever the file is called.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somatone.errors import SomatoneError

GZIP_MAGIC = b"\x1f\x8b"
UNSIGNED_BYTE = 8
LARGEST = 1 << 28  # bytes; MNIST's largest file has 47 million


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The numbers, in the shape the file states. Raises `SomatoneError`: one sentence about what is wrong with it."""
    data = _bytes(path)
    head = 4 + 4 * dimensions
    kind = "images" if dimensions == 3 else "labels"
    if data[:4] != bytes((0, 0, UNSIGNED_BYTE, dimensions)):
        raise SomatoneError(
            f"{path} is no IDX file of {kind} (it begins with {data[:4].hex(' ') or 'nothing'}, not "
            f"00 00 08 {dimensions:02d}): give MNIST's own files."
        )
    if len(data) < head:
        raise SomatoneError(f"{path} is cut off in its head: download it again.")
    shape = tuple(int.from_bytes(data[at : at + 4], "big") for at in range(4, head, 4))
    wanted, there = math.prod(shape), len(data) - head
    if there != wanted:
        trouble = "cut off" if there < wanted else "longer than it says"
        size = " x ".join(map(str, shape))
        raise SomatoneError(f"{path} is {trouble} ({there} of {wanted} bytes for {size} {kind}): download it again.")
    if not wanted:
        raise SomatoneError(f"{path} is empty: it holds no {kind}.")
    return np.frombuffer(data, np.uint8, offset=head).reshape(shape)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == GZIP_MAGIC
        with gzip.open(path) if packed else path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise SomatoneError(f"{path} is cut off or damaged (gzip cannot unpack it): download it again.") from None
    except OSError as error:
        raise SomatoneError(f"{path} cannot be read ({error.strerror}).") from None
    if len(data) > LARGEST:
        raise SomatoneError(f"{path} is larger than {LARGEST >> 20} MB: that is not MNIST.")
    return data
