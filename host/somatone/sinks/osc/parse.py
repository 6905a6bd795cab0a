"""Datagrams from strangers into messages: everything that is wrong is one `ValueError`, and nothing else happens.

Messages and flat bundles are read; a bundle within a bundle is refused, because nobody sends one and it invites
recursion. python-osc reads the arguments; the type tags are looked at first, because it logs those it does not know.
"""

from __future__ import annotations

import struct
from typing import Any

from pythonosc.osc_message import OscMessage, ParseError

LARGEST = 65507
TAGS = frozenset("ifsbhdTFN")
BUNDLE = b"#bundle\0"


def messages_in(data: bytes, largest: int = LARGEST) -> list[tuple[str, list[Any]]]:
    """Every message of a datagram: address and arguments. Time tags are not waited for. Raises `ValueError`."""
    if len(data) > largest or len(data) % 4:
        raise ValueError("no OSC datagram")
    if not data.startswith(BUNDLE):
        return [_message(data)]
    messages = []
    at = 16
    while at < len(data):
        (size,) = struct.unpack_from(">i", data, at) if at + 4 <= len(data) else (-1,)
        if not 0 < size <= len(data) - at - 4:
            raise ValueError("a bundle's element is longer than the bundle")
        messages.append(_message(data[at + 4 : at + 4 + size]))
        at += 4 + size
    if not messages:
        raise ValueError("an empty bundle")
    return messages


def _message(data: bytes) -> tuple[str, list[Any]]:
    address_end = data.find(b"\0")
    tags_at = (address_end // 4 + 1) * 4
    if not data.startswith(b"/") or address_end < 0 or not data[:address_end].isascii():
        raise ValueError("no address")
    tags = data[tags_at : max(tags_at, data.find(b"\0", tags_at))]
    if data[tags_at:] and (not tags.startswith(b",") or set(tags[1:].decode("latin-1")) - TAGS):
        raise ValueError("no type tags that are known")
    try:
        message = OscMessage(data)
    except (ParseError, UnicodeDecodeError, struct.error, IndexError, OverflowError) as error:
        raise ValueError(str(error)) from None
    return message.address, list(message.params)
