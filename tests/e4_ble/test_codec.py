"""Every layout there and back, and any bytes at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from somatone.sources.e4_ble import codec

CHARS = (*codec.SENSORS, *codec.STATUS, codec.COMMAND, "2a19", "")


def numbers(low: int, high: int, count: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(low, high), min_size=count, max_size=count)


def packet(char: str, data: bytes) -> codec.Packet:
    heard = codec.decode(char, data)
    assert isinstance(heard, codec.Packet)
    return heard


@given(numbers(-64, 63, 22), st.integers(0, 1 << 20))
def test_bvp_there_and_back(differences: list[int], counter: int) -> None:
    heard = packet(codec.BVP, codec.encode_bvp(differences, counter))
    assert heard.samples == tuple(differences)
    assert heard.readings == ((counter % 64, 64),)


@given(numbers(-128, 127, 18), st.integers(0, 1 << 20))
def test_acc_there_and_back(samples: list[int], counter: int) -> None:
    heard = packet(codec.ACC, codec.encode_acc(samples, counter))
    assert heard.samples == tuple(samples)
    assert heard.readings[0] == (counter % 65536, 65536)


@given(numbers(0, (1 << 24) - 1, 6), st.integers(0, 1 << 20))
def test_eda_there_and_back(samples: list[int], counter: int) -> None:
    heard = packet(codec.EDA, codec.encode_eda(samples, counter))
    assert heard.samples == tuple(samples)
    assert heard.readings[0] == (counter % 65536, 65536)


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=8), st.integers(0, 1 << 40))
def test_temp_there_and_back_in_any_length(samples: list[int], counter: int) -> None:
    data = codec.encode_temp(samples, counter)
    assert len(data) == 4 + 2 * len(samples)
    heard = packet(codec.TEMP, data)
    assert heard.samples == tuple(samples)
    assert heard.readings[0] == (counter % (1 << 32), 1 << 32)


@given(st.binary(min_size=20, max_size=20))
def test_every_twenty_bytes_are_a_packet_that_encodes_to_the_same(data: bytes) -> None:
    bvp = packet(codec.BVP, data)
    assert codec.encode_bvp(bvp.samples, bvp.readings[0][0]) == data
    for char, encode in ((codec.ACC, codec.encode_acc), (codec.EDA, codec.encode_eda), (codec.TEMP, codec.encode_temp)):
        heard = packet(char, data)
        assert encode(heard.samples, heard.readings[0][0]) == data


@given(st.sampled_from(CHARS), st.binary(max_size=40))
def test_any_bytes_raise_only_the_promised_error(char: str, data: bytes) -> None:
    try:
        heard = codec.decode(char, data)
    except codec.CodecError:
        return
    assert isinstance(heard, codec.Packet | codec.Battery | codec.Button)


def test_bvp_is_read_from_the_most_significant_bit() -> None:
    data = bytes([0b0000001_1, 0b111111_00]) + bytes(17) + bytes([0b101010])
    heard = packet(codec.BVP, data)
    assert heard.samples[:3] == (1, -1, 0)
    assert heard.readings == ((0b101010, 64),)


def test_battery_and_button() -> None:
    assert codec.decode(codec.BATTERY, b"\x50") == codec.Battery(80, 80)
    assert codec.decode(codec.BATTERY, b"\x50\x00") == codec.Battery(80, 80)
    assert codec.decode(codec.BATTERY, b"\x10\x0e") == codec.Battery(3600, None)  # perhaps millivolts
    assert codec.decode(codec.BUTTON, b"\x01" + bytes(19)) == codec.Button(1)
    pressed = codec.Debounce()
    assert [pressed.press(at_s) for at_s in (0.0, 0.2, 0.4, 0.71, 2.0)] == [True, False, False, True, True]


def test_start_command() -> None:
    assert codec.start_command(0x01020304) == bytes([1, 4, 3, 2, 1])


def test_what_does_not_fit_is_not_sent() -> None:
    for bad in ([64] * 22, [0] * 21):
        with pytest.raises(codec.CodecError):
            codec.encode_bvp(bad, 0)


@given(st.lists(st.integers(-64, 63), min_size=2, max_size=400).filter(lambda v: len(v) % 2 == 0))
def test_totals_give_the_differences_back(differences: list[int]) -> None:
    totals = codec.Integrator().feed(differences)
    assert codec.Integrator().undo(totals) == tuple(differences)


@pytest.mark.parametrize("step", [63, -64, 1, -1])
def test_totals_never_run_away(step: int) -> None:
    integrator = codec.Integrator()
    for _ in range(60):
        totals = integrator.feed([step] * 220)
    assert all(abs(total) <= 8192 for total in totals)
    assert totals[-1] == totals[-2]
    for _ in range(60):
        totals = integrator.feed([0] * 220)
    assert all(abs(total) <= 1 for total in totals)
