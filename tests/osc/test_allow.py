"""OSC in: only what is listed acts, values are clamped, and rubbish is a counter and nothing else."""

from __future__ import annotations

import logging
import random
import socket
import struct
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from osc.receiver import free_port
from somatone.errors import PieceError, SomatoneError, UsageError
from somatone.options import OutOptions
from somatone.pieces.outside import NOTHING_OUTSIDE
from somatone.pieces.schema import OscIn
from somatone.records import Control
from somatone.sinks.osc.allow import AllowList, Order, Panic, Reload
from somatone.sinks.osc.listen import OscListener
from somatone.sinks.outlets import asked_for

HERE = "127.0.0.1"
VOICES = ("grains", "drone", "master")


def packed(address: str, *arguments: object) -> bytes:
    builder = OscMessageBuilder(address=address)
    for argument in arguments:
        builder.add_arg(argument)  # type: ignore[arg-type]
    return builder.build().dgram


def read(data: bytes, sender: str = HERE, listed: OscIn | None = None) -> list[Order]:
    return AllowList(listed or OscIn(), VOICES).read(data, sender, 1.0)


def test_a_control_is_taken_and_clamped() -> None:
    assert read(packed("/somatone/control/drone/pitch", 110.0)) == [
        Control("drone", "pitch", 110.0, 1.0, source="osc:127.0.0.1")
    ]
    orders = read(packed("/somatone/control/drone/pitch", 1_000_000))
    assert isinstance(orders[0], Control)
    assert orders[0].value == 220.0


def test_words() -> None:
    assert read(packed("/somatone/piece/reload")) == [Reload()]
    assert read(packed("/somatone/panic")) == [Panic(True)]
    assert read(packed("/somatone/panic", 0)) == [Panic(False)]


def test_bundles_are_read() -> None:
    builder = OscBundleBuilder(IMMEDIATELY)
    for value in (50.0, 60.0):
        message = OscMessageBuilder(address="/somatone/control/drone/pitch")
        message.add_arg(value)
        builder.add_content(message.build())
    assert len(read(builder.build().dgram)) == 2


@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        ("/somatone/control/drone/pitsch", (110.0,)),
        ("/somatone/control/drone/pitch", ()),
        ("/somatone/control/drone/pitch", ("loud",)),
        ("/somatone/control/drone/pitch", (float("nan"),)),
        ("/somatone/control/drone/pitch", (float("inf"),)),
        ("/somatone/control/drone/pitch", (1.0, 2.0)),
        ("/somatone/control/*/pitch", (1.0,)),
        ("/somatone/body/pulse/beat", (1,)),
        ("/live/song/start_playing", ()),
    ],
)
def test_everything_else_only_counts(address: str, arguments: tuple[object, ...]) -> None:
    allow = AllowList(OscIn(), VOICES)
    assert allow.read(packed(address, *arguments), HERE, 1.0) == []
    assert sum(allow.counts.values()) == 1
    assert not allow.counts["accepted"]


def test_only_listed_senders_and_addresses_act() -> None:
    data = packed("/somatone/panic")
    assert read(data, "192.168.1.7") == []
    listed = OscIn(sources=("192.168.1.0/24",), addresses=("/somatone/control/drone/*",))
    assert read(data, "192.168.1.7", listed) == []
    assert read(packed("/somatone/control/drone/pitch", 60.0), "192.168.1.7", listed)
    assert read(packed("/somatone/control/drone/pitch", 60.0), "::ffff:192.168.1.7", listed)
    assert not read(packed("/somatone/control/grains/density", 6.0), "192.168.1.7", listed)
    assert not read(packed("/somatone/control/drone/pitch", 60.0), "192.168.2.7", listed)


def test_a_flood_is_thinned() -> None:
    allow = AllowList(OscIn(), VOICES)
    data = packed("/somatone/control/drone/pitch", 60.0)
    taken = sum(len(allow.read(data, HERE, k / 10_000)) for k in range(10_000))
    assert taken == allow.counts["accepted"] <= 301
    assert allow.counts["too many"] == 10_000 - taken


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_random_bytes_never_act(data: bytes) -> None:
    allow = AllowList(OscIn(), VOICES)
    assert allow.read(data, HERE, 1.0) == []
    assert sum(allow.counts.values()) == 1


GOOD = packed("/somatone/control/drone/pitch", 60.0, 3, "text", b"blob", True, None)


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=6), st.integers(0, len(GOOD)))
@settings(max_examples=150, deadline=None)
def test_bent_messages_raise_nothing_and_log_nothing(bends: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(GOOD)
    for place, byte in bends:
        data[place] = byte
    logged: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = logged.append  # type: ignore[method-assign, assignment]
    logging.getLogger().addHandler(handler)
    try:
        for datagram in (
            bytes(data),
            bytes(data[:cut]),
            b"#bundle\0" + bytes(8) + struct.pack(">i", cut) + bytes(data),
        ):
            allow = AllowList(OscIn(), VOICES)
            orders = allow.read(datagram, HERE, 1.0)
            assert sum(allow.counts.values()) == 1
            # A zero in the right place makes a whole message of it: that one is clamped like any other.
            assert all(isinstance(order, Control) and 30 <= order.value <= 220 for order in orders)
    finally:
        logging.getLogger().removeHandler(handler)
    assert not logged


def test_a_thousand_malformed_datagrams_are_a_counter_and_the_next_order_is_heard() -> None:
    """Through the real socket and thread; nested bundles, lengths that lie, and bytes at random."""
    chance = random.Random(1)
    nested = packed("/somatone/panic")
    for _ in range(90):
        nested = b"#bundle\0" + bytes(7) + b"\1" + struct.pack(">i", len(nested)) + nested
    bad = [nested, b"#bundle\0" + bytes(8) + b"\x7f\xff\xff\xff", b"/somatone/panic", b"\0" * 2000, b"/" * 2000]
    while len(bad) < 1000:
        kind = chance.randrange(3)
        body = chance.randbytes(chance.randrange(0, 120) * (4 if kind else 1))
        bad.append((b"", b"#bundle\0" + bytes(8), b"/somatone/panic\0,sz\0")[kind] + body)
    orders: list[Order] = []
    port = free_port()
    listener = OscListener(OscIn(port=port), VOICES, orders.append, time.monotonic)
    listener.start()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for k, data in enumerate(bad):
                sender.sendto(data, (HERE, port))
                if k % 50 == 0:
                    time.sleep(0.005)  # the kernel's own queue holds a few hundred
            counts = listener.listening.allow.counts
            _until(lambda: sum(counts.values()) >= 1000)
            assert orders == []
            sender.sendto(packed("/somatone/panic"), (HERE, port))
            _until(lambda: bool(orders))
    finally:
        listener.close()
    assert orders == [Panic(True)]
    assert counts["malformed"] == 1000
    assert (listener.errors, listener.dropped) == (0, 0)


def _until(what: object, seconds: float = 10.0) -> None:
    end_s = time.monotonic() + seconds
    while not what() and time.monotonic() < end_s:  # type: ignore[operator]
        time.sleep(0.01)


def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HERE, 0))
        with pytest.raises(SomatoneError, match=r"OSC port \d+ cannot be opened .*choose another --osc-in port"):
            OscListener(OscIn(port=other.getsockname()[1]), VOICES, print, time.monotonic)


def test_options_stand_over_the_piece() -> None:
    outside = asked_for(NOTHING_OUTSIDE, OutOptions(("10.0.0.1:9000",), 9001, ("10.0.0.0/8",), "nano"))
    assert outside.osc.targets == ("10.0.0.1:9000",)
    assert outside.osc_in.port == 9001
    assert "10.0.0.0/8" in outside.osc_in.sources
    with pytest.raises(UsageError, match="'nowhere' is no OSC target: write HOST:PORT"):
        asked_for(NOTHING_OUTSIDE, OutOptions(("nowhere",)))
    with pytest.raises(UsageError, match="'my laptop' is no address or network"):
        asked_for(NOTHING_OUTSIDE, OutOptions((), 9001, ("my laptop",)))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('[osc]\ntargets = ["127.0.0.1"]\n', "osc.targets: '127.0.0.1' is no OSC target"),
        ("[osc]\nsnapshot_s = 5.0\n", "osc.snapshot_s is 5: give a number from 0.05 to 1"),
        ("[osc]\nbundels = true\n", "did you mean 'bundles'"),
        ('[osc_in]\nport = 9000\nsources = ["laptop"]\n', "'laptop' is no address or network"),
        ('[osc_in]\nport = 9000\naddresses = ["somatone"]\n', "must begin with a slash"),
    ],
)
def test_wrong_keys_in_a_piece_are_one_sentence(tmp_path: Path, body: str, sentence: str) -> None:
    from live_set.example import piece_of  # noqa: PLC0415

    with pytest.raises(PieceError, match=sentence):
        piece_of(tmp_path, body)
