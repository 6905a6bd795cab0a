"""The host's end: what it says about a board that differs, restarts, wraps or leaves gaps. Bytes by hand, no board."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wire
from somatone.records import NativeChunk
from somatone.sources import board_protocol as bp
from wire import table

SESSION = 99


def frame(name: str, *values: Any) -> bytes:
    return wire.encode_frame(wire.pack(name, *values))


def hello(
    session: int = SESSION,
    streaming: int = 1,
    fingerprint: int | None = None,
    version: int = table.FORMAT_VERSION,
    release: tuple[int, ...] = table.RELEASE,
    unacknowledged: tuple[int, ...] = (0, 0, 0, 0),
) -> bytes:
    mark = wire.fingerprint() if fingerprint is None else fingerprint
    return frame("hello", version, mark, session, streaming, b"\x0abcdefg", release, 1, 15, unacknowledged)


def eda(index: int, *samples: int, gone: int = 0, aside: int = 0, ticks: int | None = None) -> bytes:
    return frame("data", table.EDA, gone, aside, index, index * 250_000 if ticks is None else ticks, samples)


def live() -> bp.BoardProtocol:
    protocol = bp.BoardProtocol("w", SESSION)
    protocol.connect()
    protocol.feed(hello(0, 0), 0.0)
    assert protocol.take_output() == frame("start", SESSION)
    protocol.feed(hello(), 0.0)
    return protocol


def chunks(events: list[bp.BoardEvent]) -> list[NativeChunk]:
    return [event for event in events if isinstance(event, NativeChunk)]


def test_data_before_our_session_is_not_taken() -> None:
    protocol = bp.BoardProtocol("w", SESSION)
    assert protocol.feed(eda(0, 1), 0.0) == []
    assert not chunks(protocol.feed(hello(5, 1) + eda(3, 1), 0.0))


def test_a_chunk_carries_everything() -> None:
    (chunk,) = chunks(live().feed(eda(0, 7, -8), 12.5))
    assert (chunk.signal, chunk.format, chunk.samples, chunk.arrival_s) == ("eda", "ads1115.code", (7, -8), 12.5)
    assert (chunk.index, chunk.ticks_us, chunk.width, chunk.wearer, chunk.source) == (0, 0, 1, "w", "board")


def test_a_lost_frame_is_asked_for_once_and_fills_the_gap() -> None:
    protocol = live()
    protocol.feed(eda(0, 1), 0.0)
    assert not chunks(protocol.feed(eda(2, 3) + eda(3, 4), 0.0))
    name, values = wire.unpack(wire.cobs_decode(protocol.take_output()[:-1])[:-4])
    assert (name, values) == ("ack", ((table.MASK, 0, table.MASK, table.MASK), 1 << table.EDA))
    got = chunks(protocol.feed(eda(1, 2, 3, 4), 0.0))
    assert [chunk.samples for chunk in got] == [(2, 3, 4)]
    assert protocol.lost["eda"] == 0 and protocol.resends == 1


def test_what_the_board_lost_is_counted_and_passed() -> None:
    protocol = live()
    events = protocol.feed(eda(0, 1) + eda(10, 2, gone=9), 0.0)
    assert protocol.lost["eda"] == 9
    assert bp.Lost("eda", 10, 9) in events and chunks(events)[-1].index == 10


def test_duplicates_are_trimmed() -> None:
    protocol = live()
    got = chunks(protocol.feed(eda(0, 1, 2, 3) + eda(1, 2, 3) + eda(2, 3, 4, ticks=500_000), 0.0))
    assert [(chunk.index, chunk.samples, chunk.ticks_us) for chunk in got] == [(0, (1, 2, 3), 0), (3, (4,), 750_000)]
    assert protocol.duplicates["eda"] == 3


def test_what_was_set_aside_is_no_loss() -> None:
    protocol = live()
    events = protocol.feed(eda(0, 1) + eda(3, 2, gone=2, aside=2) + eda(10, 3, gone=6, aside=2), 0.0)
    assert (protocol.lost["eda"], protocol.aside["eda"]) == (4, 4)
    assert bp.SetAside("eda", 3, 2) in events and bp.Lost("eda", 10, 4) in events


@pytest.mark.parametrize(("state", "value", "passed"), [(0, 2100, 1), (0, -300, 0), (1, 0, 0), (3, 2100, 0)])
def test_a_measurement_says_whether_it_passes(state: int, value: int, passed: int) -> None:
    (event,) = bp.BoardProtocol("w", SESSION).feed(frame("measured", 3, state, value), 0.0)
    assert isinstance(event, bp.Measured)
    assert (event.signal, event.check, event.unit, event.value, event.passed) == (
        "temp", "temperature", "10 mC", value, passed,
    )  # fmt: skip


def test_what_was_lost_before_anyone_listened_is_nobodys_loss() -> None:
    protocol = live()
    (chunk,) = chunks(protocol.feed(eda(500, 1, gone=500), 0.0))
    assert chunk.index == 500 and protocol.lost["eda"] == 0


def test_what_was_lost_between_two_hosts_is_counted() -> None:
    protocol = bp.BoardProtocol("w", SESSION)
    protocol.feed(hello(4, 0, unacknowledged=(0, 100, 0, 0)), 0.0)
    protocol.feed(hello(unacknowledged=(0, 100, 0, 0)) + eda(130, 1, gone=30), 0.0)
    assert protocol.lost["eda"] == 30


def test_a_restart_goes_on_with_the_index_and_says_so() -> None:
    protocol = live()
    protocol.feed(eda(0, 1, 2, 3), 0.0)
    (said,) = protocol.feed(hello(0, 0), 0.0)
    assert isinstance(said, bp.Hello) and said.restarted
    (chunk,) = chunks(protocol.feed(hello() + eda(0, 9, ticks=5), 0.0))
    assert (chunk.index, chunk.ticks_us) == (3, 5)


def test_a_hello_in_mid_session_changes_nothing() -> None:
    protocol = live()
    got = chunks(protocol.feed(eda(0, 1) + hello(unacknowledged=(0, 0, 0, 0)) + eda(1, 2), 0.0))
    assert [chunk.index for chunk in got] == [0, 1]


@pytest.mark.parametrize("outage_s", [1, 600, 7_200])
def test_ticks_are_unwrapped_over_any_outage(outage_s: int) -> None:
    protocol = live()
    protocol.feed(eda(0, 1), 0.0)
    index = outage_s * 4
    true_us = outage_s * 1_010_000  # a chip that runs one percent slow
    (chunk,) = chunks(protocol.feed(eda(index, 2, gone=index - 1, ticks=true_us & table.MASK), 0.0))
    assert chunk.ticks_us == true_us


@pytest.mark.parametrize(
    ("version", "release", "words"),
    [
        (1, (0, 0, 9), "older than this host: update the board with `somatone flash`"),
        (1, table.RELEASE, "built from other sources than this host: update the board with `somatone flash`"),
        (1, (9, 0, 0), "newer than this host"),
        (0, (9, 0, 0), "older than"),
    ],
)
def test_a_mismatch_says_once_which_side_to_update(version: int, release: tuple[int, ...], words: str) -> None:
    protocol = bp.BoardProtocol("w", SESSION)
    other = hello(fingerprint=1, version=version, release=release)
    (event,) = protocol.feed(other + other + eda(0, 1), 0.0)
    assert isinstance(event, bp.Mismatch) and words in event.message
    assert protocol.take_output() == b""


@given(st.binary(max_size=400))
def test_rubbish_never_raises(data: bytes) -> None:
    live().feed(data, 0.0)


@given(st.sampled_from([message[1] for message in table.MESSAGES]), st.binary(max_size=236))
def test_well_framed_rubbish_never_raises(name: str, rest: bytes) -> None:
    number = next(message[0] for message in table.MESSAGES if message[1] == name)
    live().feed(wire.encode_frame(bytes((number,)) + rest), 0.0)
