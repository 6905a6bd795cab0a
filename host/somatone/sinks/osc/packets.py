"""Messages into datagrams, by python-osc. What stands is packed once and used in every snapshot until it changes."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.parsing.osc_types import IMMEDIATELY, write_date

from somatone.sinks.osc.state import Argument, Message

LARGEST = 1200  # bytes: goes through any network in one piece, so one loss is one bundle's loss
FLOAT_END, INT_END = 3.4e38, 2**31 - 1
BUNDLE_HEAD, ELEMENT_HEAD = 16, 4


class Packer:
    """Packs messages. `utc_s` of a bundle is seconds since 1970; None is OSC's "immediately"."""

    def __init__(self) -> None:
        self._packed: dict[str, tuple[tuple[Argument, ...], OscMessage]] = {}

    def single(self, message: Message, utc_s: float | None = None) -> bytes:
        """One message, in a bundle of its own where it has a time."""
        packed = self._pack(message)
        return packed.dgram if utc_s is None else _bundle([packed], utc_s)

    def bundles(self, messages: Iterable[Message], utc_s: float | None = None) -> Iterator[bytes]:
        """All messages in as few bundles of at most LARGEST bytes as they fit (a longer message goes alone)."""
        waiting: list[OscMessage] = []
        size = BUNDLE_HEAD
        for message in messages:
            packed = self._pack(message, keep=True)
            if waiting and size + ELEMENT_HEAD + len(packed.dgram) > LARGEST:
                yield _bundle(waiting, utc_s)
                waiting, size = [], BUNDLE_HEAD
            waiting.append(packed)
            size += ELEMENT_HEAD + len(packed.dgram)
        if waiting:
            yield _bundle(waiting, utc_s)

    def _pack(self, message: Message, *, keep: bool = False) -> OscMessage:
        arguments, packed = self._packed.get(message.address, ((), None))
        if packed is not None and arguments == message.arguments and _kinds(arguments) == _kinds(message.arguments):
            return packed
        builder = OscMessageBuilder(address=message.address)
        for argument in message.arguments:
            builder.add_arg(_plain(argument))
        packed = builder.build()
        if keep:
            self._packed[message.address] = (message.arguments, packed)
        return packed


def _plain(argument: Argument) -> Argument:
    """As every receiver can read it: 32 bits, finite, text without a zero in it."""
    if isinstance(argument, str):
        return argument.encode("utf-8", "replace").decode().replace("\0", " ")
    if isinstance(argument, float):
        return 0.0 if math.isnan(argument) else min(FLOAT_END, max(-FLOAT_END, argument))
    return min(INT_END, max(-INT_END, int(argument)))


def _kinds(arguments: tuple[Argument, ...]) -> list[type]:
    """0, 0.0 and False are equal in Python, and three things in OSC."""
    return [type(argument) for argument in arguments]


def _bundle(messages: Iterable[OscMessage], utc_s: float | None) -> bytes:
    """python-osc's own builder reads everything that it has written again, which costs more than all the rest."""
    parts = [b"#bundle\0", write_date(IMMEDIATELY if utc_s is None else utc_s)]
    for message in messages:
        parts += (struct.pack(">i", message.size), message.dgram)
    return b"".join(parts)
