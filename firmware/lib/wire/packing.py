"""Payloads: the messages of the table as bytes, and back.

`pack` saturates or wraps each value as the table says, because a store that does not fit is cut silently on
MicroPython and raises on CPython. `unpack` takes anything that arrives; rubbish raises WireError and nothing else.
"""

import struct

from wire.framing import PAYLOAD_MAX
from wire.table import FIELD_BYTES, MASK, MESSAGES, SAMPLE_BYTES, SIGNALS, WireError

TYPE_CHECKING = False  # MicroPython has no typing; mypy and pyright take this name for true
if TYPE_CHECKING:
    from typing import Any

_CODES = {"u8": "B", "u16": "H", "u30": "I", "i30": "i", "id8": "8s"}


def _plan(number: int, name: str, fields: "Any") -> "Any":
    """id, name, fields before the tail, struct format of them, their size, type of the tail ("" for none)."""
    tail = fields[-1][1] if fields and not FIELD_BYTES[fields[-1][1]] else ""
    head = fields[:-1] if tail else fields
    code = "<B"
    for field in head:
        code += _CODES[field[1]] * field[2]
    return (number, name, head, code, struct.calcsize(code), tail)


_PLANS = [_plan(number, name, fields) for number, name, _, fields in MESSAGES]
_BY_NAME = {plan[1]: plan for plan in _PLANS}
_BY_ID = {plan[0]: plan for plan in _PLANS}

DATA_HEADER = _BY_NAME["data"][4]
_DATA_ID = _BY_NAME["data"][0]
_DATA_CODE = _BY_NAME["data"][3]


def sample_bytes(signal: int) -> int:
    """Bytes of one index of this signal (all its axes)."""
    return SAMPLE_BYTES[SIGNALS[signal][5]] * SIGNALS[signal][6]


def samples_max(signal: int) -> int:
    """How many indices of this signal fit one data message."""
    return int((PAYLOAD_MAX - DATA_HEADER) // sample_bytes(signal))


def pack(name: str, *values: "Any") -> bytes:
    """The payload of message `name`; values in the table's order, a tuple where a field has several.

    Raises WireError for an unknown name, a wrong number of values, or a tail that does not fit.
    """
    plan = _BY_NAME.get(name)
    if plan is None:
        raise WireError("no message is called %s" % name)
    number, _, head, code, _, tail = plan
    if len(values) != len(head) + (1 if tail else 0):
        raise WireError("%s has other fields" % name)
    flat = [number]
    for field, value in zip(head, values):  # noqa: B905
        _flatten(flat, field, value)
    payload = struct.pack(code, *flat)
    if tail == "text":
        payload += _text(values[-1], PAYLOAD_MAX - len(payload))
    elif tail == "bytes":
        payload += bytes(values[-1])
    elif tail:
        payload += pack_samples(values[0], values[-1])
    if len(payload) > PAYLOAD_MAX:
        raise WireError("%s has %d bytes, more than %d" % (name, len(payload), PAYLOAD_MAX))
    return payload


def _flatten(flat: "list[Any]", field: "tuple[str, str, int, str]", value: "Any") -> None:
    name, kind, count, _ = field
    if kind == "id8":
        flat.append((bytes(value) + bytes(8))[:8])
        return
    items = value if count > 1 else (value,)
    if len(items) != count:
        raise WireError("%s takes %d values" % (name, count))
    for item in items:
        if kind == "u30":
            flat.append(item & MASK)
        elif kind == "i30":
            flat.append(min(max(item, -MASK), MASK))
        else:
            flat.append(min(max(item, 0), 0xFF if kind == "u8" else 0xFFFF))


def _text(text: str, room: int) -> bytes:
    """UTF-8, cut at a character's border so that it fits."""
    raw = text.encode()
    if len(raw) > room:
        while room and raw[room] & 0xC0 == 0x80:
            room -= 1
        raw = raw[:room]
    return raw


def pack_samples(signal: int, samples: "tuple[int, ...] | list[int]") -> bytes:
    """Samples of one signal (axes interleaved), each saturated at its type's ends."""
    if not 0 <= signal < len(SIGNALS) or len(samples) % SIGNALS[signal][6] or not samples:
        raise WireError("no such signal, or not a whole number of its samples")
    out = bytearray()
    for value in samples:
        if SIGNALS[signal][5] == "u24":
            count = min(max(value, 0), 0xFFFFFF)
            out += bytes((count & 0xFF, count >> 8 & 0xFF, count >> 16))
        else:
            out += struct.pack("<h", min(max(value, -32768), 32767))
    return bytes(out)


def pack_data_header(
    buffer: "bytearray | memoryview", signal: int, gone: int, aside: int, index: int, ticks: int
) -> None:
    """The head of a data message into `buffer`; the samples follow at DATA_HEADER as they lie in the ring."""
    signal, aside = signal & 0xFF, min(aside, 0xFF)
    struct.pack_into(_DATA_CODE, buffer, 0, _DATA_ID, signal, gone & MASK, aside, index & MASK, ticks & MASK)


def unpack(payload: bytes) -> "tuple[str, tuple[Any, ...]]":
    """Name and values of a payload, in the table's order. Raises WireError for anything that is no message."""
    plan = _BY_ID.get(payload[0]) if payload else None
    if plan is None:
        raise WireError("no message has this id")
    _, name, head, code, size, tail = plan
    if len(payload) < size or (len(payload) > size and not tail) or len(payload) > PAYLOAD_MAX:
        raise WireError("%s has %d bytes" % (name, len(payload)))
    flat = struct.unpack(code, payload[:size])
    values: "list[Any]" = []
    at = 1
    for _, kind, count, _ in head:
        part = flat[at : at + count]
        if kind in ("u30", "i30") and not -MASK <= min(part) <= max(part) <= MASK:
            raise WireError("%s holds a number beyond 2^30 - 1" % name)
        values.append(part[0] if count == 1 else part)
        at += count
    if tail:
        values.append(_tail(tail, values[0] if values else 0, payload[size:]))
    return name, tuple(values)


def _tail(kind: str, first: int, raw: bytes) -> "Any":
    if kind == "text":
        return _decoded(raw)
    return raw if kind == "bytes" else unpack_samples(first, raw)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeError:
        raise WireError("a text is not UTF-8")


def unpack_samples(signal: int, raw: bytes) -> "tuple[int, ...]":
    """The inverse of `pack_samples`."""
    if not 0 <= signal < len(SIGNALS) or not raw or len(raw) % sample_bytes(signal):
        raise WireError("no such signal, or not a whole number of its samples")
    if SIGNALS[signal][5] == "i16":
        return struct.unpack("<%dh" % (len(raw) // 2), raw)
    halves = struct.unpack("<" + "HB" * (len(raw) // 3), raw)
    return tuple([halves[at] | halves[at + 1] << 16 for at in range(0, len(halves), 2)])
