"""Frames: any split gives the same, rubbish never raises, both encoders agree, published vectors hold."""

from __future__ import annotations

import binascii
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wire

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors"
payloads = st.binary(min_size=1, max_size=wire.PAYLOAD_MAX)


def vectors(name: str) -> Any:
    path = VECTORS / name
    if not path.is_file():
        pytest.skip(f"the published vectors are not beside this checkout: {path}")
    return json.loads(path.read_text())


def sealed(payload: bytes) -> bytes:
    """The frame as the board makes it, in place."""
    encoder = wire.FrameEncoder()
    encoder.payload[: len(payload)] = payload
    return bytes(encoder.frame[: encoder.seal(len(payload))])


@given(st.lists(payloads, max_size=6), st.lists(st.integers(0, 2000), max_size=8))
def test_any_split_gives_the_same_payloads(sent: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(wire.encode_frame(payload) for payload in sent)
    decoder = wire.FrameDecoder()
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    got = [p for a, b in itertools.pairwise(edges) for p in decoder.feed(stream[a:b])]
    assert got == sent
    assert (decoder.frames, decoder.bad_frames) == (len(sent), 0)


@given(st.binary(max_size=1200), st.integers(1, 300))
def test_rubbish_is_counted_the_same_however_it_is_split(stream: bytes, step: int) -> None:
    whole, pieces = wire.FrameDecoder(), wire.FrameDecoder()
    got = whole.feed(stream + b"\0")
    parts = [stream[at : at + step] for at in range(0, len(stream), step)] + [b"\0"]
    assert [payload for part in parts for payload in pieces.feed(part)] == got
    for counter in ("frames", "bad_crc", "bad_cobs", "too_long"):
        assert getattr(whole, counter) == getattr(pieces, counter)


@given(payloads)
def test_the_board_and_the_host_make_the_same_frame(payload: bytes) -> None:
    frame = wire.encode_frame(payload)
    assert sealed(payload) == frame
    assert frame.find(0) == len(frame) - 1
    assert len(frame) == len(payload) + 6


@given(st.binary(max_size=1000))
def test_cobs_round_trip_and_bound(data: bytes) -> None:
    encoded = wire.cobs_encode(data)
    assert 0 not in encoded
    assert len(encoded) <= len(data) + 1 + len(data) // 254
    assert wire.cobs_decode(encoded) == data


@given(payloads, st.binary(max_size=400))
def test_a_reader_that_joined_late_is_in_step_at_the_next_zero(payload: bytes, before: bytes) -> None:
    decoder = wire.FrameDecoder()
    decoder.feed(before)
    assert decoder.feed(b"\0" + wire.encode_frame(payload))[-1] == payload


def test_an_endless_frame_is_counted_once_and_keeps_no_memory() -> None:
    decoder = wire.FrameDecoder()
    for _ in range(1000):
        decoder.feed(b"x" * 997)
    assert decoder.too_long == 1
    assert decoder.feed(b"\0" + wire.encode_frame(b"next")) == [b"next"]


@pytest.mark.parametrize("length", [0, wire.PAYLOAD_MAX + 1])
def test_a_payload_of_the_wrong_size_is_refused(length: int) -> None:
    with pytest.raises(wire.WireError):
        wire.encode_frame(bytes(length))
    with pytest.raises(wire.WireError):
        wire.FrameEncoder().seal(length)


def test_published_cobs_vectors() -> None:
    table = vectors("cobs.json")
    for vector in table["vectors"]:
        data, encoded = bytes.fromhex(vector["payload"]), bytes.fromhex(vector["encoded"])
        assert wire.cobs_encode(data) == encoded
        assert wire.cobs_decode(encoded) == data
    for vector in table["must_reject"]:
        with pytest.raises(wire.WireError):
            wire.cobs_decode(bytes.fromhex(vector["encoded"]))


def test_published_crc_vectors() -> None:
    crc = next(crc for crc in vectors("crc.json")["crcs"] if crc["name"] == "CRC-32/ISO-HDLC")
    cases = {b"123456789": "check", b"": "empty", bytes(4): "zeros4", bytes(range(256)): "all256"}
    for data, name in cases.items():
        assert f"{binascii.crc32(data):08x}" == crc[name]
    body = wire.cobs_decode(wire.encode_frame(b"123456789")[:-1])
    assert body[-4:] == bytes.fromhex(crc["check"])[::-1]
