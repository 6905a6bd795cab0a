"""Archive -> recording -> archive gives the same values, and a reader that is not ours takes what we write."""

from __future__ import annotations

import math
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest

from somatone.errors import SessionError
from somatone.export.e4 import decimal_text, write_e4
from somatone.export.grid import Grid
from somatone.export.recording import write_recording
from somatone.recorded import open_session
from somatone.records import NativeChunk, Status
from somatone.sinks.recording.layout import Facts
from somatone.sinks.recording.part import PartWriter
from somatone.sources.e4_files import E4Session, read_session, scaled_integer

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "e4"
needs_sessions = pytest.mark.skipif(not SHARED.is_dir(), reason="the real E4 sessions are not beside this checkout")
SESSIONS = ["stress-predict/S06", "flirt", "devicely"]
START_UTC = 1_700_000_000


def silent(share: float) -> None: ...


def export(path: Path, out: Path) -> list[str]:
    return write_e4(open_session(path), out, "body", silent)


def unpacked(archive: Path) -> Path:
    folder = archive.with_suffix("")
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    return folder


@pytest.fixture(scope="module", params=SESSIONS)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(original folder, exported archive), by way of a recording."""
    if not SHARED.is_dir():
        pytest.skip("the real E4 sessions are not beside this checkout")
    folder = tmp_path_factory.mktemp("e4")
    original = SHARED / request.param
    write_recording(open_session(original), folder / "it.mcap", silent)
    export(folder / "it.mcap", folder / "it.zip")
    return original, folder / "it.zip"


def test_a_round_trip_gives_the_same_values(exported: tuple[Path, Path]) -> None:
    """Every sample, start, rate, interval, heart rate and tag."""
    before, after = (read_session(path) for path in exported)
    assert after.problems == ()
    assert before.streams == after.streams
    assert before.start_utc == after.start_utc
    assert (before.ibi, before.hr) == (after.ibi, after.hr)
    assert after.tags_s == pytest.approx(before.tags_s, abs=1e-6)


def test_a_round_trip_gives_nearly_the_same_bytes(exported: tuple[Path, Path]) -> None:
    """Line by line: what differs is the sign of a zero, and what a spreadsheet or another program had written."""
    original, archive = exported
    folder = unpacked(archive)
    for name in ("ACC.csv", "BVP.csv", "EDA.csv", "TEMP.csv", "HR.csv", "IBI.csv"):
        old, new = (path.joinpath(name).read_text().splitlines() for path in (original, folder))
        different = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
        assert all(a == "-0.00" or (name == "IBI.csv" and b.startswith(a)) for a, b in different), name


def test_an_independent_reader_takes_it(exported: tuple[Path, Path]) -> None:
    """devicely reads the original and our archive alike."""
    devicely = pytest.importorskip("devicely", reason="devicely, the independent E4 reader, is not installed")
    original, archive = exported
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it speaks an older pandas
        theirs, ours = (devicely.EmpaticaReader(str(path)) for path in (original, unpacked(archive)))
    assert ours.start_times == theirs.start_times
    assert ours.sample_freqs == theirs.sample_freqs
    for name in ("ACC", "BVP", "EDA", "TEMP", "HR", "IBI"):
        assert getattr(ours, name).equals(getattr(theirs, name)), name
    if theirs.tags is not None:
        assert ours.tags.equals(theirs.tags)


def write_board(path: Path, seconds: int = 30, gap: range = range(0), start_s: float = 0.4) -> Path:
    """A board's session of `seconds`; samples of the pulse in `gap` are missing. Begins inside a second of UTC."""
    writer = PartWriter(path, Facts(START_UTC * 10**9, clock="live", version="test"))
    for k in range(seconds * 5):
        time_s = start_s + k / 5
        rows = [n for n in range(k * 20, k * 20 + 20) if n not in gap]
        if rows:
            light = tuple(v for n in rows for v in (100_000 - round(3000 * math.sin(n / 100 * 7) ** 8), 80_000))
            ticks = 1_000_000 + rows[0] * 10_000
            arrival_s = time_s + 0.2
            item = NativeChunk("body", "bvp", "board", "max30102.ir_red", rows[0], light, arrival_s, 2, ticks)
            writer.add(arrival_s, item)
        acc = (0, 0, 1000) * 20
        item = NativeChunk("body", "acc", "board", "lis3dh.mg", k * 20, acc, time_s + 0.2, 3, 1_000_000 + k * 200_000)
        writer.add(time_s + 0.2, item)
        if k % 5 == 4:
            for signal, kind, value in (("eda", "ads1115.code", 9000), ("temp", "tmp117.raw", 4224)):
                first = (k // 5) * 4
                ticks = 1_000_000 + first * 250_000
                values = (value,) * 4
                writer.add(
                    time_s + 0.2, NativeChunk("body", signal, "board", kind, first, values, time_s + 0.2, 1, ticks)
                )
    writer.add(seconds / 2, Status("tag", 1, seconds / 2, wearer="body", source="board"))
    writer.finish()
    return path


def streams(archive: Path) -> E4Session:
    session = read_session(archive)
    assert session.problems == ()
    return session


def test_a_board_becomes_an_e4(tmp_path: Path) -> None:
    said = export(write_board(tmp_path / "b.mcap"), tmp_path / "b.zip")
    assert any("beats that somatone found" in sentence for sentence in said)
    session = streams(tmp_path / "b.zip")
    folder = unpacked(tmp_path / "b.zip")
    assert {name: s.rate_hz for name, s in session.streams.items()} == {"eda": 4, "temp": 4, "acc": 32, "bvp": 64}
    starts = {s.start_utc for s in session.streams.values()}
    assert len(starts) == 1 and starts.pop().is_integer()
    for stream in session.streams.values():
        assert stream.length_s == pytest.approx(29, abs=1.1)
    assert set(session.streams["temp"].runs[0].samples) == {3300}
    assert session.streams["acc"].runs[0].samples[:3].tolist() == [0, 0, 64]
    assert (folder / "ACC.csv").read_text().splitlines()[:3] == [
        "1700000001.000000, 1700000001.000000, 1700000001.000000",
        "32.000000, 32.000000, 32.000000",
        "0,0,64",
    ]
    assert (folder / "BVP.csv").read_text().startswith("1700000001.00\n64.000000\n")
    assert (folder / "HR.csv").read_text().startswith("17000000")
    assert len((folder / "tags.csv").read_text().split()) == 1
    assert b"\r" not in b"".join(path.read_bytes() for path in folder.iterdir())
    devicely = pytest.importorskip("devicely", reason="devicely, the independent E4 reader, is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs: Any = devicely.EmpaticaReader(str(folder))
    assert len(theirs.BVP) == session.streams["bvp"].rows and theirs.sample_freqs["acc"] == 32


def test_a_gap_holds_the_last_value_and_shifts_nothing(tmp_path: Path) -> None:
    """A second and a half of the pulse is missing: as many rows as without, and a sentence."""
    export(write_board(tmp_path / "a.mcap"), tmp_path / "a.zip")
    said = export(write_board(tmp_path / "b.mcap", gap=range(1500, 1650)), tmp_path / "b.zip")
    whole, holed = (streams(tmp_path / name).streams["bvp"] for name in ("a.zip", "b.zip"))
    assert abs(whole.rows - holed.rows) <= 1
    assert any("the last value is held" in sentence and "of bvp in 1" in sentence for sentence in said)
    assert "BVP.csv row" in (unpacked(tmp_path / "b.zip") / "info.txt").read_text()
    tail = 64 * 5
    assert holed.runs[0].samples[-tail:-1].tolist() in (
        whole.runs[0].samples[-tail:-1].tolist(),
        whole.runs[0].samples[-tail + 1 :].tolist(),
        whole.runs[0].samples[-tail - 1 : -2].tolist(),
    )


def test_equal_sessions_give_equal_bytes(tmp_path: Path) -> None:
    source = write_board(tmp_path / "b.mcap", 12)
    for name in ("one.zip", "two.zip"):
        export(source, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_rows_keep_their_time() -> None:
    """Small corrections of the clock move nothing; a jump forward is held, a jump back is left out."""
    grid = Grid("eda", "board", 4, 1, False, 10.0)
    for samples, start_s in (((1, 2), 10.0), ((3, 4), 10.62), ((5,), 12.0), ((6, 7, 8), 11.75)):
        grid.place(samples, start_s, 0.0)
    assert grid.samples.tolist() == [1, 2, 3, 4, 4, 4, 4, 4, 5, 8]
    assert grid.held == [(11.0, 4)]
    assert grid.left_out == 2
    grid.start_at(11.0)
    assert grid.samples.tolist() == [4, 4, 4, 4, 5, 8]


def test_a_gap_of_days_is_one_sentence() -> None:
    grid = Grid("eda", "board", 4, 1, False, 0.0)
    grid.place((1,), 0.0, 0.0)
    with pytest.raises(SessionError, match="pauses for 48 hours"):
        grid.place((1,), 48 * 3600.0, 0.0)


@pytest.mark.parametrize("value", [0, 1, -1, 5, -5, 99, -99, 100, -100, -12345, 12345678])
@pytest.mark.parametrize("decimals", [0, 2, 3, 6])
def test_numbers_are_printed_without_a_float(value: int, decimals: int) -> None:
    text = decimal_text(value, decimals)
    assert scaled_integer(text, decimals) == value
    assert len(text.partition(".")[2]) == decimals


@needs_sessions
def test_an_archive_is_exported_directly_too(tmp_path: Path) -> None:
    export(SHARED / "flirt", tmp_path / "flirt.zip")
    assert read_session(tmp_path / "flirt.zip").streams == read_session(SHARED / "flirt").streams
