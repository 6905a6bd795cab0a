"""Packs the few kinds of Open Sound Control packet that scsynth is sent, live and offline.

Own code, on purpose and small: an hour of score is hundreds of thousands of bundles, which python-osc packs five times
slower, and importing supriya for its packer would cost every offline render 1 to 2 s. Tests hold it to python-osc.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

_TAGS: dict[type, str] = {int: "i", float: "f", str: "s", bytes: "b"}
Argument = int | float | str | bytes
Message = tuple[Argument, ...]  # the address first

IMMEDIATELY = struct.pack(">Q", 1)


def pack_message(message: Message) -> bytes:
    """One message: its address, then ints (32 bit), floats (32 bit), strings or blobs."""
    address, *arguments = message
    parts = [_string(str(address)), _string("," + "".join([_TAGS[type(argument)] for argument in arguments]))]
    for argument in arguments:
        if isinstance(argument, float):
            parts.append(struct.pack(">f", argument))
        elif isinstance(argument, int):
            parts.append(struct.pack(">i", argument))
        elif isinstance(argument, str):
            parts.append(_string(argument))
        else:
            parts.append(struct.pack(">i", len(argument)) + argument + bytes(-len(argument) % 4))
    return b"".join(parts)


def pack_bundle(messages: Sequence[Message], at_s: float | None = None) -> bytes:
    """Messages that take effect together: at `at_s` seconds of a score, or at once (None)."""
    parts = [b"#bundle\0", IMMEDIATELY if at_s is None else _time_tag(at_s)]
    for message in messages:
        packed = pack_message(message)
        parts += (struct.pack(">i", len(packed)), packed)
    return b"".join(parts)


def _time_tag(at_s: float) -> bytes:
    whole = math.floor(at_s)
    return struct.pack(">II", whole, min(int((at_s - whole) * 2**32), 2**32 - 1))


def _string(text: str) -> bytes:
    raw = text.encode()
    return raw + bytes(4 - len(raw) % 4)
