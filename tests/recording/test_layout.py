"""Whatever goes into a recording comes out of it: every field, every float, at the same time of the path."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader

from somatone.records import NativeChunk, Status, Validity
from somatone.sinks.recording.layout import Facts, Item
from somatone.sinks.recording.part import PartWriter
from somatone.sources.recording import read_recording
from somatone.timeline.units import FORMATS

START_UTC_NS = 1_700_000_000_123_456_789
word = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
number = st.floats(allow_nan=False, allow_infinity=False)
int32 = st.integers(-(2**31), 2**31 - 1)
chunks = st.builds(
    NativeChunk,
    wearer=word,
    signal=word,
    source=word,
    format=st.sampled_from(sorted(FORMATS)),
    index=st.integers(0, 2**53),
    samples=st.lists(int32, max_size=30).map(tuple),
    arrival_s=number,
    width=st.integers(1, 3),
    ticks_us=st.none() | st.integers(0, 2**53),
)
statuses = st.builds(
    Status,
    name=word,
    value=word | int32 | number,
    at_s=number,
    message=word,
    wearer=word,
    validity=st.sampled_from(Validity),
    source=word,
)
moments_ns = st.integers(0, 10**6 * 10**9)  # eleven days
sequences = st.lists(st.tuples(moments_ns, chunks | statuses), min_size=1, max_size=30)


def write(path: Path, items: list[tuple[float, Item]], sync_every: int = 5, facts: Facts | None = None) -> PartWriter:
    writer = PartWriter(path, facts or Facts(START_UTC_NS, piece="correlations", version="test"))
    for k, (time_s, item) in enumerate(items):
        writer.add(time_s, item)
        if k % sync_every == sync_every - 1:
            writer.sync()
    writer.sync()
    return writer


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequences, st.integers(1, 7))
def test_what_is_written_is_read(tmp_path: Path, sequence: list[tuple[int, Item]], sync_every: int) -> None:
    items = [(ns / 1e9, item) for ns, item in sorted(sequence, key=lambda pair: pair[0])]
    write(tmp_path / "a.mcap", items, sync_every).finish()
    recording = read_recording(tmp_path / "a.mcap")
    assert list(recording.items()) == items
    assert recording.problems == ()
    assert recording.length_s == items[-1][0]


def test_a_number_that_json_lacks_is_kept_as_a_word(tmp_path: Path) -> None:
    write(tmp_path / "a.mcap", [(0.0, Status("loss", float("nan"), 0.0))]).finish()
    ((_, item),) = read_recording(tmp_path / "a.mcap").items()
    assert isinstance(item, Status) and item.value == "nan"


def test_any_mcap_viewer_can_open_it(tmp_path: Path) -> None:
    """The library's own reader: indexed, JSON with a schema in one piece, one topic a signal, times in UTC."""
    chunk = NativeChunk("body", "bvp", "board", "max30102.ir_red", 7, (1, 2), 1.5, 2, 9)
    write(tmp_path / "a.mcap", [(1.5, chunk), (1.6, Status("tag", 1, 1.6, wearer="body", source="board"))]).finish()
    with (tmp_path / "a.mcap").open("rb") as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        assert summary and summary.statistics and summary.statistics.message_count == 2
        found = [(s and s.encoding, s and s.data, c.topic, m.log_time, m.data) for s, c, m in reader.iter_messages()]
    assert [topic for _, _, topic, _, _ in found] == ["/body/board/bvp", "/body/board/status"]
    assert found[0][3] == START_UTC_NS + 1_500_000_000
    assert json.loads(found[0][4])["samples"] == [1, 2]
    for encoding, schema, *_ in found:
        assert encoding == "jsonschema"
        assert schema and b"$ref" not in schema and json.loads(schema)["type"] == "object"
