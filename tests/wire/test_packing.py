"""Messages: every one round trips with every field different; stores saturate or wrap; rubbish raises WireError."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wire
from wire import table

NAMES = [message[1] for message in wire.MESSAGES]


def values_of(name: str, base: int = 0) -> tuple[Any, ...]:
    """A value for each field of the message, no two alike, so that a swap shows."""
    fields = next(message[3] for message in wire.MESSAGES if message[1] == name)
    numbers = iter(range(base, 256))
    values: list[Any] = []
    for _, kind, count, _ in fields:
        if kind == "id8":
            values.append(bytes(next(numbers) for _ in range(8)))
        elif kind == "text":
            values.append("conductance: 12 µS")
        elif kind == "bytes":
            values.append(bytes(range(240 - 17)))
        elif kind == "samples":
            values.append((101, 2**18 - 1, 103, 104))
        elif count > 1:
            values.append(tuple(next(numbers) for _ in range(count)))
        else:
            values.append(next(numbers))
    return tuple(values)


@pytest.mark.parametrize("name", NAMES)
def test_every_message_round_trips(name: str) -> None:
    values = values_of(name)
    assert wire.unpack(wire.pack(name, *values)) == (name, values)


@pytest.mark.parametrize("name", NAMES)
def test_a_cut_or_lengthened_message_is_refused(name: str) -> None:
    payload = wire.pack(name, *values_of(name))
    tail = name in ("log", "data", "run", "picture")
    for wrong in ([] if tail else [payload[:-1], payload + b"\1"]) + [payload[:1]] * (len(payload) > 1 and not tail):
        with pytest.raises(wire.WireError):
            wire.unpack(wrong)


@given(st.binary(max_size=300))
def test_rubbish_raises_only_wire_error(payload: bytes) -> None:
    try:
        name, values = wire.unpack(payload)
    except wire.WireError:
        return
    assert wire.pack(name, *values) == payload


@given(st.sampled_from(NAMES), st.binary(max_size=239))
def test_rubbish_behind_a_known_id_raises_only_wire_error(name: str, rest: bytes) -> None:
    number = next(message[0] for message in wire.MESSAGES if message[1] == name)
    test_rubbish_raises_only_wire_error.hypothesis.inner_test(bytes((number,)) + rest)  # type: ignore[attr-defined]


def test_stores_saturate_or_wrap_as_the_table_says() -> None:
    assert wire.unpack(wire.pack("ping", wire.MODULO + 5))[1] == (5,)
    assert wire.unpack(wire.pack("ack", (-1, 0, 1, 2), 300))[1] == ((wire.MASK, 0, 1, 2), 255)
    assert wire.unpack(wire.pack("data", table.ACC, 0, 0, 0, 0, (-40000, 40000, -1)))[1][-1] == (-32768, 32767, -1)
    assert wire.unpack(wire.pack("data", table.BVP, 0, 0, 0, 0, (-1, 1 << 25)))[1][-1] == (0, (1 << 24) - 1)


def test_a_long_text_is_cut_at_a_character() -> None:
    text = wire.unpack(wire.pack("log", 0, "µ" * 500))[1][1]
    assert set(text) == {"µ"} and len(text.encode()) <= wire.PAYLOAD_MAX


def test_a_number_above_30_bits_is_refused() -> None:
    payload = bytearray(wire.pack("ping", 1))
    payload[4] = 0x40
    with pytest.raises(wire.WireError):
        wire.unpack(bytes(payload))


def test_wrong_use_is_a_wire_error() -> None:
    no_signal, half_a_sample = ("data", 9, 0, 0, 0, 0, (1,)), ("data", 0, 0, 0, 0, 0, (1,))
    for wrong in (("nothing",), ("ping",), ("ack", (1, 2), 0), no_signal, half_a_sample):
        with pytest.raises(wire.WireError):
            wire.pack(*wrong)


def test_the_board_writes_data_as_pack_does() -> None:
    samples = (1, 2, 70_000, 4)
    payload = wire.pack("data", table.BVP, 7, 2, 8, 9, samples)
    buffer = bytearray(wire.DATA_HEADER)
    wire.pack_data_header(buffer, table.BVP, 7, 2, 8, 9)
    assert payload[: wire.DATA_HEADER] == bytes(buffer)
    assert len(payload) == wire.DATA_HEADER + 2 * wire.sample_bytes(table.BVP)


def test_a_full_data_message_fits() -> None:
    for number, *_, width in wire.SIGNALS:
        count = wire.samples_max(number)
        assert len(wire.pack("data", number, 0, 0, 0, 0, (1,) * count * width)) <= wire.PAYLOAD_MAX
        with pytest.raises(wire.WireError):
            wire.pack("data", number, 0, 0, 0, 0, (1,) * (count + 1) * width)


def test_the_fingerprint_covers_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    before = wire.fingerprint()
    assert 0 <= before <= wire.MASK
    signal = list(table.SIGNALS[0])
    signal[4] = (64, 1)
    monkeypatch.setattr(table, "SIGNALS", (tuple(signal), *table.SIGNALS[1:]))
    assert wire.fingerprint() != before


def test_ids_and_names_are_unique() -> None:
    assert len({message[0] for message in wire.MESSAGES}) == len(NAMES) == len(set(NAMES))
    assert [signal[0] for signal in wire.SIGNALS] == list(range(table.SIGNAL_COUNT))
