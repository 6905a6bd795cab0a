"""Messages into datagrams, by python-osc. What stands is packed once and used in every snapshot until it changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from somatone.sinks.osc.state import Argument, Message

LARGEST = 1200  # bytes: goes through any network in one piece, so one loss is one bundle's loss
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
            builder.add_arg(argument)
        packed = builder.build()
        if keep:
            self._packed[message.address] = (message.arguments, packed)
        return packed


def _kinds(arguments: tuple[Argument, ...]) -> list[type]:
    """0, 0.0 and False are equal in Python, and three things in OSC."""
    return [type(argument) for argument in arguments]


def _bundle(messages: Iterable[OscMessage], utc_s: float | None) -> bytes:
    builder = OscBundleBuilder(IMMEDIATELY if utc_s is None else utc_s)  # type: ignore[arg-type] # it takes fractions
    for message in messages:
        builder.add_content(message)
    return builder.build().dgram
