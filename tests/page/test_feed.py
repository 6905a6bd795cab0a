"""The feed: equal input gives equal bytes, what stands heals whatever was lost, and nothing grows without bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from somatone.records import Chunk, Control, Gate, Level, Picture, Validity
from somatone.sinks.page.feed import AGAIN_S, BACKLOG_S, MOST_WEARERS, Feed, Item
from somatone.sinks.page.frame import Header, unpack
from somatone.timeline.correlation.snapshot import PairView, Snapshot

WORN = Validity.WORN
NAMES = ("pulse.beat", "eda.onset")


def _items() -> st.SearchStrategy[list[Item]]:
    gates = st.builds(
        lambda name, value: Gate("body", name, value, 0.0, WORN, "s", 3), st.sampled_from(NAMES), st.integers(0, 1)
    )
    levels = st.builds(lambda value: Level("body", "eda.tonic", value, 0.0, WORN, "s"), st.floats(0, 1))
    controls = st.builds(lambda value: Control("grains", "density", value, 0.0), st.floats(5, 70))
    chunks = st.builds(lambda samples: _chunk(tuple(samples)), st.lists(st.integers(-9, 9), min_size=1, max_size=9))
    pictures = st.builds(lambda byte: _picture(bytes([byte]) * 8), st.integers(0, 255))
    return st.lists(st.one_of(gates, levels, controls, chunks, pictures), max_size=60)


def _chunk(samples: tuple[int, ...], wearer: str = "body") -> Chunk:
    return Chunk(wearer, "bvp", "s", 0, samples, 0.0, 64.0, WORN)


def _picture(pixels: bytes) -> Picture:
    return Picture("run", "samples", 2, 2, pixels, 0.0, WORN, "s")


def _standing(header: Header) -> tuple[object, ...]:
    return header.gates, header.levels, header.controls, header.notes


@given(_items(), st.sets(st.integers(0, 59)))
def test_a_lost_frame_loses_nothing_that_stands(items: list[Item], told_after: set[int]) -> None:
    often, seldom = Feed("correlations", "p"), Feed("correlations", "p")
    for number, item in enumerate(items):
        often.take(item, number / 10)
        seldom.take(item, number / 10)
        if number in told_after:
            often.frame(number / 10)
    a, b = unpack(often.frame(9.0))[0], unpack(seldom.frame(9.0))[0]
    assert _standing(a) == _standing(b)


@given(_items())
def test_equal_input_gives_equal_bytes(items: list[Item]) -> None:
    def said() -> list[bytes]:
        feed = Feed("correlations", "p")
        frames = []
        for number, item in enumerate(items):
            feed.take(item, number / 10)
            frames.append(feed.frame(number / 10))
        return [*frames, feed.whole(9.0)]

    assert said() == said()


@given(
    st.lists(st.lists(st.integers(-99, 99), min_size=1, max_size=12), max_size=30),
    st.sets(st.integers(0, 29)),
    st.integers(0, 29),
)
def test_every_sample_is_told_once_and_who_comes_late_gets_those_before(
    chunks: list[list[int]], told_after: set[int], joins_after: int
) -> None:
    feed, told, late = Feed("correlations", "p"), list[int](), list[int]()
    joined = False
    for number, samples in enumerate(chunks):
        feed.take(_chunk(tuple(samples)), 0.0)
        if number == joins_after:
            joined, late = True, unpack(feed.whole(0.0))[0].signals["body/bvp"].new
        if number in told_after or number == len(chunks) - 1:
            new = unpack(feed.frame(0.0))[0].signals["body/bvp"].new
            told += new
            late += new if joined else []
    assert told == [value for samples in chunks for value in samples]
    if joined:
        assert told[-len(late) :] == late


def test_backlog_and_wearers_are_bounded() -> None:
    feed = Feed("correlations", "p")
    for _ in range(200):
        feed.take(_chunk((1,) * 64), 0.0)
    assert len(unpack(feed.frame(0.0))[0].signals["body/bvp"].new) == BACKLOG_S * 64
    for number in range(MOST_WEARERS + 5):
        feed.take(_chunk((1,), f"wearer{number}"), 0.0)
    assert len(unpack(feed.frame(0.0))[0].signals) == MOST_WEARERS
    assert feed.left_out == 6


def test_a_picture_is_told_when_new_and_again_later_and_not_between() -> None:
    feed = Feed("twos_and_sevens", "p")
    feed.take(_picture(b"12345678"), 0.0)
    header, pixels = unpack(feed.frame(0.0))
    assert (header.pictures[0].count, pixels) == (2, [b"12345678"])
    assert not unpack(feed.frame(0.5))[0].pictures
    assert unpack(feed.frame(AGAIN_S))[1] == [b"12345678"]
    feed.take(_picture(b"abcdefgh"), 2.1)
    assert unpack(feed.frame(2.2))[0].pictures[0].serial == 1
    feed.take(_picture(b"abc"), 2.1)  # no whole number of images
    assert feed.left_out == 1


def test_pairs_come_with_their_chance_when_they_are_new() -> None:
    pairs = tuple(
        PairView(("body", "eda"), ("body", f"s{k}"), "above", False, 2, k / 40, 0.3, 9.0, ()) for k in range(40)
    )
    feed = Feed("correlations", "p")
    feed.take(Snapshot(1.0, 300, (), pairs), 1.0)
    told = unpack(feed.frame(1.0))[0].pairs
    assert told and len(told) == 24
    assert (told[0].second, told[0].r, told[0].null_r) == ("body/s39", 0.975, 0.3)
    assert unpack(feed.frame(1.1))[0].pairs is None
    assert unpack(feed.whole(1.1))[0].pairs == told


def test_an_opening_is_counted_once_and_its_age_told() -> None:
    feed = Feed("correlations", "p")
    for value, at_s in ((1, 1.0), (1, 1.5), (0, 2.0), (1, 3.0)):
        feed.take(Gate("body", "eda.onset", value, at_s, WORN, "s", 40), at_s)
    gate = unpack(feed.frame(3.5))[0].gates["body/eda.onset"]
    assert (gate.open, gate.count, gate.age_s, gate.strength) == (1, 2, 0.5, 40)
