"""A board's record: kept whole, refused when damaged, never another board's; and what the timeline makes of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from somatone.calibration import store
from somatone.calibration.fit import CalibrationError
from somatone.records import Chunk, NativeChunk, Validity
from somatone.timeline.timeline import RecordingClock, Timeline
from somatone.timeline.units import FrontEnd, conductance_nanosiemens, native_format

SERIAL, OTHER = "e661640843112233", "e661640843445566"
FRONT_END = FrontEnd(12_100_123_456, 366_789, -2)
READINGS = [(1_000_000, 885_300), (100_000, 2_591_600)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path))
    return tmp_path


def test_a_record_comes_back_and_leaves_nothing_else_behind() -> None:
    path = store.save(SERIAL, FRONT_END, -180, READINGS)
    assert store.load(SERIAL) == FRONT_END
    assert store.load(OTHER) is None
    assert [entry.name for entry in path.parent.iterdir()] == [f"{SERIAL}.toml"]


def test_no_damaged_byte_is_taken_for_a_calibration() -> None:
    """Every byte in turn, upset and cut off: the record is refused, or says what it said."""
    path = store.save(SERIAL, FRONT_END, -180, READINGS)
    whole = path.read_bytes()
    refused = 0
    for place in range(len(whole)):
        for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]):
            path.write_bytes(damaged)
            try:
                assert store.load(SERIAL) == FRONT_END
            except CalibrationError as error:
                refused += 1
                assert str(error).count(". ") == 0 and "calibrate-eda" in str(error)
    assert refused > len(whole) // 2


def test_another_boards_record_is_refused_when_copied_over() -> None:
    path = store.save(SERIAL, FRONT_END, 0, READINGS)
    path.rename(store.record_path(OTHER))
    with pytest.raises(CalibrationError, match="another board's"):
        store.load(OTHER)
    assert store.load(SERIAL) is None


def test_a_failed_write_keeps_the_old_record(monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(SERIAL, FRONT_END, 0, READINGS)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CalibrationError, match="No space left"):
        store.save(SERIAL, FrontEnd(), 0, READINGS)
    assert store.load(SERIAL) == FRONT_END


def worn(timeline: Timeline, code_format: str, first: int, seconds: int) -> list[Chunk]:
    """Seconds of a worn electrode at code 20000, in one format."""
    out = []
    for index in range(first * 4, (first + seconds) * 4):
        chunk = NativeChunk("w", "eda", "board", code_format, index, (20_000,), index / 4, ticks_us=index * 250_000)
        out += [record for record in timeline.feed(chunk) if isinstance(record, Chunk)]
    return out


def test_the_timeline_follows_the_record_from_chunk_to_chunk() -> None:
    timeline = Timeline(RecordingClock)
    plain = worn(timeline, "ads1115.code", 0, 20)[-1]
    calibrated = worn(timeline, FRONT_END.native_format, 20, 20)[-1]
    again = worn(timeline, "ads1115.code", 40, 2)[-1]
    assert (plain.validity, calibrated.validity) == (Validity.ESTIMATED, Validity.WORN)
    assert again.validity is Validity.ESTIMATED
    assert plain.samples == again.samples == (conductance_nanosiemens(20_000),)
    assert calibrated.samples == (conductance_nanosiemens(20_000, FRONT_END),) != plain.samples


@pytest.mark.parametrize("name", ["ads1115.codes", "ads1115.code:1:2", "ads1115.code:a:b:c", "lis3dh.mg:1:2:3"])
def test_a_format_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        native_format(name)
