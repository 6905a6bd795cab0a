"""The protocol's lines: what is printed is parsed back, whatever the dialect, the cut and the decimal mark."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from somatone.sources.e4_stream import lines
from somatone.sources.e4_stream.lines import BandEvent, Data, LineBuffer, ListedBand, Reply, Unknown, parse_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("E4_Bvp 1680442024,64479 -0,9607544", Data("bvp", 1680442024644790, (-96,))),
        ("E4_Bvp 1680442024.64479 31.128", Data("bvp", 1680442024644790, (3113,))),
        ("E4_Bvp 1680442029 6,103516E-05", Data("bvp", 1680442029000000, (0,))),
        ("E4_Gsr 1680442024,73 6,103516E-05", Data("gsr", 1680442024730000, (61,))),
        ("E4_Gsr 1680442024,73 NaN", Data("gsr", 1680442024730000, None)),
        ("E4_Gsr 1680442024,73 -Infinity", Data("gsr", 1680442024730000, None)),
        ("E4_Gsr 1680442024,73 1E+300", Data("gsr", 1680442024730000, None)),
        ("E4_Acc 1680442024,473 51 -2 -10", Data("acc", 1680442024473000, (51, -2, -10))),
        ("E4_Temperature 1680442026,473 31,73", Data("tmp", 1680442026473000, (3173,))),
        ("E4_Temp 1680442026,473 31.73", Data("tmp", 1680442026473000, (3173,))),
        ("E4_Batt 1680442026 0.8", Data("bat", 1680442026000000, (800000,))),
        ("E4_Ibi 1680442026 0,8594", Data("ibi", 1680442026000000, (859400,))),
        ("E4_Tag 1680442026,5", Data("tag", 1680442026500000, ())),
        ("E4_Tag 1680442026,5 1", Data("tag", 1680442026500000, ())),
        ("E4_Acc 1680442024,473 51 -2", Unknown("E4_Acc 1680442024,473 51 -2", True)),
        ("E4_Bvp", Unknown("E4_Bvp", True)),
        ("E4_Bvp NaN 1", Unknown("E4_Bvp NaN 1", True)),
        ("E4_Bvp 1680442024,4 1,5E4_Bvp 1", Unknown("E4_Bvp 1680442024,4 1,5E4_Bvp 1", True)),
        ("E4_Wrist 1 2", Unknown("E4_Wrist 1 2")),
        ("R", Unknown("R")),
        ("R connection lost to device 9ff167", BandEvent("lost", "9FF167")),
        ("R connection re-established to device 9ff167", BandEvent("back", "9FF167")),
        ("R device 9ff167 turned off via button", BandEvent("off", "9FF167")),
        ("X device_disconnect", BandEvent("gone", "")),
        ("R system_status OK", Reply("server_status", True, ("OK",))),
        ("R pause ON", Reply("pause", True, ("ON",))),
        ("R device_list 0", Reply("device_list", True, ("0",), bands=())),
    ],
)
def test_each_kind_of_line(text: str, line: lines.Line) -> None:
    assert parse_line(text) == line


@pytest.mark.parametrize(
    ("text", "bands"),
    [
        ("R device_list 1 | 9ff167 Empatica_E4", (ListedBand("9FF167"),)),
        ("R device_list 1 | 9ff167 Empatica E4 available", (ListedBand("9FF167"),)),
        ("R device_list 2 | 9ff167 Empatica_E4 | 9FF167 Empatica_E4", (ListedBand("9FF167"),)),  # one band, twice
        (
            "R device_discover_list 2 | 9ff167 Empatica_E4 allowed | 740163 Empatica_E4 not_allowed",
            (ListedBand("9FF167", "allowed"), ListedBand("740163", "not_allowed")),
        ),
    ],
)
def test_lists_in_every_dialect(text: str, bands: tuple[ListedBand, ...]) -> None:
    reply = parse_line(text)
    assert isinstance(reply, Reply)
    assert reply.bands == bands


def test_refusals_keep_the_servers_words() -> None:
    reply = parse_line("R device_subscribe bat ERR You are not connected to any device")
    assert isinstance(reply, Reply)
    assert not reply.ok
    assert reply.reason == lines.NO_BAND


@given(st.integers(-(10**7) + 1, 10**7 - 1), st.sampled_from([2, 6]), st.booleans())
def test_seven_digits_come_back_to_the_last(count: int, decimals: int, comma: bool) -> None:
    printed = lines.printed(count / 10**decimals)
    assert lines.counts(printed.replace(".", ",") if comma else printed, decimals) == count


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n")), max_size=8), st.integers(0, 2**32))
def test_any_split_gives_the_same_lines(texts: list[str], seed: int) -> None:
    data = b"".join(text.encode() + b"\r\n" for text in texts)
    whole = LineBuffer().feed(data)
    cuts, buffer, got = random.Random(seed), LineBuffer(), list[str]()
    while data:
        size = cuts.randint(1, 7)
        got += buffer.feed(data[:size])
        data = data[size:]
    assert got == whole
    for text in got:
        parse_line(text)


@given(st.binary(max_size=300))
def test_rubbish_never_raises(data: bytes) -> None:
    for text in LineBuffer().feed(b"E4_Bvp " + data + b"\nR " + data + b"\n" + data + b"\n"):
        parse_line(text)


def test_a_line_without_end_takes_no_memory() -> None:
    buffer = LineBuffer()
    for _ in range(100):
        assert buffer.feed(b"x" * 1000) == []
    assert buffer.feed(b"x\nR pause ON\n") == ["R pause ON"]
    assert buffer.overlong == 1


def test_what_is_cut_off_is_no_value() -> None:
    buffer = LineBuffer()
    assert buffer.feed(b"E4_Bvp 1680442024,64479 12,3") == []  # was to be 12,34
