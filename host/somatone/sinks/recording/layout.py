"""What a recording holds: the records that went into the path as JSON in MCAP, and the facts to run them again.

A message is one `NativeChunk`, `Status` or `Picture` (its pixels in base 64), whole, as JSON with a JSON schema: every
MCAP viewer opens it without a plug-in, floats come back bit for bit, and compression takes most of what JSON is longer
than a binary encoding.
Its log time is when it was fed to the path: `start_utc_ns` plus nanoseconds of the path's clock. So the times of the
path come back exactly, and a viewer shows UTC.

Surprises: MCAP guards the samples by checksums, but not its metadata, nor against a record whose type byte was damaged
and which is then skipped. So the facts carry a checksum of their own, and messages are numbered. JSON has no NaN and no
infinity; a status that carries one is kept with the word instead.
"""

from __future__ import annotations

import math
import zlib
from typing import Any

import msgspec

from somatone.records import NativeChunk, Picture, Sourced, Status

FORMAT = 1
PROFILE = "somatone"
FACTS = "somatone"  # name of the metadata record
E4_OWN = "e4.json"  # name of the attachment with what an E4 computed itself
SUFFIX = ".mcap"
MAGIC = b"\x89MCAP0\r\n"

Item = Sourced


class Facts(msgspec.Struct, frozen=True):
    """What must be known to feed the items into a path again; the first record of every file.

    `start_utc_ns` is UTC at the path's time 0, for people only. `origin_s` is the path's time at which the path was
    started. `clock` is "live" where times must be found from arrivals again, "recording" where ticks are exact.
    """

    start_utc_ns: int
    clock: str = "live"
    origin_s: float = 0.0
    piece: str = ""
    version: str = ""
    run: str = ""
    part: int = 1
    own_crc: int = 0  # of the attachment `E4_OWN`
    format: int = FORMAT

    def metadata(self) -> dict[str, str]:
        """As MCAP keeps them: words, with a checksum."""
        words = {name: str(value) for name, value in msgspec.structs.asdict(self).items()}
        return words | {"crc": _crc_of(words)}

    @classmethod
    def of(cls, metadata: dict[str, str]) -> Facts:
        """Raises ValueError or msgspec.MsgspecError for what is damaged."""
        words = {name: value for name, value in metadata.items() if name != "crc"}
        if metadata.get("crc") != _crc_of(words):
            raise ValueError("the facts are damaged")
        return msgspec.convert(words, cls, strict=False)


def _crc_of(words: dict[str, str]) -> str:
    return str(zlib.crc32(repr(sorted(words.items())).encode()))


class E4Own(msgspec.Struct, frozen=True):
    """An E4's own inter-beat intervals and heart rate: (seconds since the start, seconds or bpm)."""

    ibi: tuple[tuple[float, float], ...] = ()
    hr: tuple[tuple[float, float], ...] = ()


_ENCODER = msgspec.json.Encoder()
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    "somatone.NativeChunk": msgspec.json.Decoder(NativeChunk),
    "somatone.Status": msgspec.json.Decoder(Status),
    "somatone.Picture": msgspec.json.Decoder(Picture),
}


def schema_name(kind: type[Item]) -> str:
    return f"somatone.{kind.__name__}"


def schema_of(kind: type[Item]) -> bytes:
    """The JSON schema of a record, in one piece: viewers do not follow references."""
    (schema,), parts = msgspec.json.schema_components([kind])

    def whole(node: Any) -> Any:
        if isinstance(node, dict):
            reference = node.get("$ref")
            return whole(parts[reference.rpartition("/")[2]]) if reference else {k: whole(v) for k, v in node.items()}
        return [whole(v) for v in node] if isinstance(node, list) else node

    return _ENCODER.encode(whole(schema))


def topic_of(item: Item) -> str:
    """Where a viewer finds it: one topic a wearer, source and signal; statuses of a source together."""
    name = "status"
    if isinstance(item, NativeChunk):
        name = item.signal
    elif isinstance(item, Picture):
        name = f"picture.{item.name}"
    return "/" + "/".join(part for part in (item.wearer, item.source, name) if part)


def encode(item: Item) -> bytes:
    if isinstance(item, Status) and isinstance(item.value, float) and not math.isfinite(item.value):
        item = msgspec.structs.replace(item, value=str(item.value))
    return _ENCODER.encode(item)


def decode(schema: str, data: bytes) -> Item:
    """Raises KeyError for a schema that is none of ours, msgspec.MsgspecError for data that does not follow it."""
    item: Item = _DECODERS[schema].decode(data)
    return item


def nanoseconds(seconds: float) -> int:
    """Whole nanoseconds; the whole seconds are split off first, for UTC has more digits than a float."""
    whole = math.floor(seconds)
    return whole * 1_000_000_000 + round((seconds - whole) * 1e9)
