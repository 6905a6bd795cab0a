"""From a run's numbers to records and back: nothing gained, nothing lost uncounted, rubbish never raised."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wire
from somatone.errors import UsageError
from somatone.records import NativeChunk, Picture
from somatone.sources.training_protocol import NotANumber, RunBegins, RunEvent, RunLost, RunMismatch, TrainingProtocol
from somatone.training.frames import FrameWriter, counts_of
from somatone.training_metrics import METRICS, ONE
from wire import table


def written(frames: Sequence[dict[str, float]], pixels: bytes = b"") -> list[bytes]:
    parts: list[bytes] = []
    writer = FrameWriter(parts.append, 10, 3, "learns on digits")
    for frame in frames:
        writer.frame(frame)
        if pixels:
            writer.picture("samples", 16, 16, pixels)
    return parts


def heard(data: bytes, protocol: TrainingProtocol | None = None) -> list[RunEvent]:
    return (protocol or TrainingProtocol("run", "training")).feed(data, 1.0)


def test_the_table_of_the_wire_is_the_table_of_metrics() -> None:
    assert tuple(METRICS) == table.METRICS


VALUES = st.dictionaries(st.sampled_from(sorted(METRICS)), st.floats(-1e6, 1e6, width=32), min_size=1)


@given(st.lists(VALUES, min_size=1, max_size=5), st.data())
def test_every_number_arrives_once_in_any_split(frames: list[dict[str, float]], data: st.DataObject) -> None:
    stream = b"".join(written(frames))
    cut = data.draw(st.integers(0, len(stream)))
    protocol = TrainingProtocol("run", "training")
    events = heard(stream[:cut], protocol) + heard(stream[cut:], protocol)
    chunks = [event for event in events if isinstance(event, NativeChunk)]
    expected = [
        (k, name, () if counts is None else (counts,))
        for k, frame in enumerate(frames)
        for name in table.METRICS
        if name in frame
        for counts in [counts_of(name, frame[name])]
    ]
    assert [(c.index, c.signal, c.samples) for c in chunks] == expected
    assert protocol.frames_lost == protocol.rubbish == 0


def test_losses_travel_as_logarithms_and_what_is_none_is_said() -> None:
    assert counts_of("loss_d", 0.5) == -ONE
    assert counts_of("loss_d", 0.0) == -table.MASK  # the host clamps it and says so
    assert counts_of("entropy", 1.5) == 3 * ONE // 2
    assert counts_of("loss_g", math.nan) is None is counts_of("digits", math.nan)
    assert counts_of("entropy", math.inf) == table.MASK
    events = heard(b"".join(written([{"loss_g": math.nan, "entropy": 1.0}])))
    assert NotANumber(("loss_g",)) in events
    empty = next(event for event in events if isinstance(event, NativeChunk) and event.signal == "loss_g")
    assert empty.samples == () and empty.format == "training.q16:loss_g:10:saturated"


@given(st.sets(st.integers(1, 8), min_size=1, max_size=6))
def test_lost_frames_are_counted_where_the_next_comes(gone: set[int]) -> None:
    parts = written([{"entropy": 1.0}] * 10)
    protocol = TrainingProtocol("run", "training")
    events = heard(b"".join(part for k, part in enumerate(parts) if k - 1 not in gone), protocol)
    assert protocol.frames_lost == len(gone) == sum(event.count for event in events if isinstance(event, RunLost))


def test_pictures_come_whole_or_are_counted() -> None:
    pixels = bytes(range(256)) * 25
    stream = b"".join(written([{"entropy": 1.0}] * 3, pixels))
    pictures = [event for event in heard(stream) if isinstance(event, Picture)]
    assert [(p.pixels, p.count, p.width) for p in pictures] == [(pixels, 25, 16)] * 3
    frames = stream.split(b"\0")
    del frames[5]
    protocol = TrainingProtocol("run", "training")
    pictures = [event for event in heard(b"\0".join(frames), protocol) if isinstance(event, Picture)]
    assert (len(pictures), protocol.pictures_lost) == (2, 1)


@given(st.binary(max_size=400))
def test_rubbish_is_counted_and_never_raised(data: bytes) -> None:
    protocol = TrainingProtocol("run", "training")
    events = heard(b"".join(written([{"entropy": 1.0}])) + data + b"\0", protocol)
    assert sum(isinstance(event, NativeChunk) for event in events) >= 1


def test_another_version_is_one_sentence_and_nothing_is_decoded() -> None:
    strange = wire.encode_frame(wire.pack("run", table.FORMAT_VERSION + 1, 5, 10, 1, "theirs"))
    frames = b"".join(written([{"entropy": 1.0}])[1:])
    events = heard(strange + frames)
    assert [type(event) for event in events] == [RunMismatch]


def test_a_new_run_is_a_jump_of_the_index_and_a_lost_one_is_absent() -> None:
    protocol = TrainingProtocol("run", "training")
    stream = b"".join(written([{"entropy": 1.0}] * 4))
    first = [e.index for e in heard(stream, protocol) if isinstance(e, NativeChunk)]
    assert [chunk.format for chunk in protocol.gone(9.0)] == ["training.q16:entropy:10:absent"]
    protocol.connect()
    assert protocol.gone(9.5) == []
    events = heard(stream, protocol)
    second = [e.index for e in events if isinstance(e, NativeChunk)]
    assert first == [0, 1, 2, 3] and second == [5, 6, 7, 8]
    assert any(isinstance(event, RunBegins) for event in events) and protocol.frames_lost == 0


def test_a_wrong_name_or_rate_is_refused() -> None:
    writer = FrameWriter(lambda data: None, 10, 1, "x")
    with pytest.raises(UsageError, match="no metric"):
        writer.frame({"los_g": 1.0})
    with pytest.raises(UsageError, match="4 to 30"):
        FrameWriter(lambda data: None, 31, 1, "x")
    with pytest.raises(UsageError, match="whole images"):
        writer.picture("samples", 16, 16, b"123")
