"""The band's decoder with packets by hand: counters of every kind, losses, stalls, nonsense."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from somatone.records import NativeChunk, Status
from somatone.sources.e4_ble import codec, scales
from somatone.sources.e4_ble.counters import LEARN, PATIENCE, PacketCounter
from somatone.sources.e4_ble.decoder import BandDecoder

PACKET_S = 11 / 63.997037


class Hand:
    """A decoder, and BVP packets brought to it by hand."""

    def __init__(self) -> None:
        self.records: list[NativeChunk | Status] = []
        self.decoder = BandDecoder("a", "X", scales.shipped(), self.records.append)
        self.random = random.Random(1)

    def packet(self, number: int, late_s: float = 0.0, counter: int | None = None) -> None:
        samples = [(number * 7 + at) % 128 - 64 for at in range(22)]
        data = codec.encode_bvp(samples, number if counter is None else counter)
        self.decoder.feed(codec.BVP, data, 100.0 + number * PACKET_S + late_s + self.random.uniform(0.0, 0.02))

    @property
    def chunks(self) -> list[NativeChunk]:
        return [record for record in self.records if isinstance(record, NativeChunk)]

    def said(self, name: str) -> list[str | int | float]:
        return [record.value for record in self.records if isinstance(record, Status) and record.name == name]


def test_a_loss_is_known_at_the_next_packet() -> None:
    hand = Hand()
    for number in [*range(20), *range(23, 40)]:
        hand.packet(number)
    assert hand.decoder.lost == {"bvp": 33}
    assert [chunk.index for chunk in hand.chunks[18:22]] == [198, 209, 253, 264]


def test_more_than_a_turn_of_the_counter_is_found_by_the_arrivals() -> None:
    hand = Hand()
    for number in [*range(20), *range(20 + 64 + 2, 200)]:
        hand.packet(number)
    assert hand.decoder.lost == {"bvp": 66 * 11}
    assert hand.chunks[-1].index == 199 * 11


def test_a_stalled_radio_loses_nothing() -> None:
    hand = Hand()
    for number in range(60):
        hand.packet(number, late_s=max(0.0, (40 - number) * PACKET_S) if 25 <= number <= 40 else 0.0)
    assert hand.decoder.lost == {"bvp": 0}


def test_a_repeated_packet_is_left_out() -> None:
    hand = Hand()
    for number in [*range(20), 19, *range(20, 30)]:
        hand.packet(number)
    assert hand.decoder.lost == {"bvp": 0}
    assert len(hand.chunks) == 30


def test_a_counter_that_starts_to_jump_is_said_once_and_ignored() -> None:
    hand = Hand()
    for number in range(500):
        hand.packet(number, counter=number if number % 40 < 30 else number * 29)
    assert hand.said("e4.counter") == ["bvp"]
    assert hand.decoder.lost == {"bvp": 0}


def test_after_an_outage_the_arrival_places_the_next_packet() -> None:
    hand = Hand()
    for number in range(20):
        hand.packet(number)
    hand.decoder.outage()
    for number in range(320, 340):
        hand.packet(number, counter=number - 320)
    assert hand.decoder.lost == {"bvp": 300 * 11}


def test_nonsense_is_counted_and_said_once() -> None:
    hand = Hand()
    for size in range(40):
        hand.decoder.feed(codec.BVP, bytes(size), 1.0)
        hand.decoder.feed("2a19", bytes(size), 1.0)
    assert hand.decoder.malformed == 79
    assert len(hand.said("e4.malformed")) == 1


def test_twelve_bytes_of_temperature_are_four_values() -> None:
    hand = Hand()
    for number in range(10):
        hand.decoder.feed(codec.TEMP, codec.encode_temp([15000] * 4, number), 10.0 + number)
    assert [chunk.index for chunk in hand.chunks] == list(range(0, 40, 4))
    assert hand.decoder.lost == {"temp": 0}


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("step", [1, 3])
def test_a_counter_is_read_in_the_order_in_which_it_counts(order: str, step: int) -> None:
    counter = PacketCounter()

    def readings(value: int) -> tuple[tuple[int, int], ...]:
        low, high = (value & 0xFFFF).to_bytes(2, "little" if order == "little" else "big")
        return ((high << 8 | low, 1 << 16), (low << 8 | high, 1 << 16), (low, 256), (high, 256))

    for value in range(65530, 65530 + LEARN + 1):
        assert counter.step(readings(value)) is None
    assert counter.step(readings(65530 + LEARN + step)) == step - 1


def test_a_constant_is_no_counter() -> None:
    counter = PacketCounter()
    for _ in range(PATIENCE + 1):
        assert counter.step(((0, 64),)) is None
    assert counter.given_up


ANY = st.tuples(
    st.sampled_from((*codec.SENSORS, *codec.STATUS)),
    st.one_of(st.binary(max_size=24), st.binary(min_size=20, max_size=20)),
    st.floats(-5.0, 100.0),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY, max_size=60))
def test_whatever_a_band_sends_samples_are_never_counted_twice(
    sequence: list[tuple[str, bytes, float, bool]],
) -> None:
    hand = Hand()
    now_s = 50.0
    for char, data, step_s, outage in sequence:
        now_s = max(0.0, now_s + step_s)
        if outage:
            hand.decoder.outage()
        hand.decoder.feed(char, data, now_s)
    next_index = dict.fromkeys(hand.decoder.delivered, 0)
    for chunk in hand.chunks:
        assert chunk.index >= next_index[chunk.signal]
        next_index[chunk.signal] = chunk.index + len(chunk.samples) // chunk.width
