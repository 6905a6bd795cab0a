"""An E4 session is read to the last digit, whatever has been done to its files, and what is unusable is said."""

from __future__ import annotations

import contextlib
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from somatone.errors import SessionError
from somatone.sources.e4_archive import archive_chunks
from somatone.sources.e4_files import E4Session, looks_like_session, read_session, scaled_integer

START = "1600000000.000000"


def write_session(folder: Path, seconds: int = 20) -> Path:
    """A small whole session: every value tells its signal and row."""
    folder.mkdir(parents=True, exist_ok=True)
    eda = [f"{0.5 + k / 1000:.6f}" for k in range(seconds * 4)]
    temp = [f"{31 + k // 4 / 100:.2f}" for k in range(seconds * 4)]
    acc = [f"{k % 100},{-(k % 50)},60" for k in range(seconds * 32)]
    bvp = [f"{(k % 64) - 32 + 0.25:.2f}" for k in range(seconds * 64)]
    (folder / "EDA.csv").write_text("\n".join([START, "4.000000", *eda]) + "\n")
    (folder / "TEMP.csv").write_text("\n".join([START, "4.000000", *temp]) + "\n")
    (folder / "ACC.csv").write_text("\n".join([", ".join([START] * 3), ", ".join(["32.000000"] * 3), *acc]) + "\n")
    (folder / "BVP.csv").write_text("\n".join(["1600000000.00", "64.000000", *bvp]) + "\n")
    (folder / "IBI.csv").write_text(f"{START}, IBI\n10.5,0.9\n11.4,0.9\n")
    (folder / "HR.csv").write_text("1600000010.000000\n1.000000\n70.00\n71.00\n")
    (folder / "tags.csv").write_text("1600000012.34\n")
    return folder


def samples(session: E4Session, signal: str) -> list[int]:
    return [v for run in session.streams[signal].runs for v in run.samples]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_session(tmp_path / "session")


def test_whole_session(folder: Path) -> None:
    session = read_session(folder)
    assert session.problems == ()
    assert samples(session, "eda")[:3] == [500_000, 501_000, 502_000]  # picosiemens: six decimals kept
    assert samples(session, "bvp")[:2] == [-3175, -3075]
    assert samples(session, "acc")[3:6] == [1, -1, 60]
    assert session.ibi == ((10.5, 0.9), (11.4, 0.9))
    assert session.hr[0] == (10.0, 70.0)
    assert session.tags_s == pytest.approx((12.34,))
    assert session.length_s == 20


@given(st.integers(-(10**9), 10**9), st.sampled_from([0, 2, 6]))
def test_decimals_are_exact(value: int, decimals: int) -> None:
    digits = f"{abs(value):0{decimals + 1}d}"
    text = ("-" if value < 0 else "") + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)
    assert scaled_integer(text, decimals) == value


@pytest.mark.parametrize(
    ("text", "decimals", "count"),
    [("-59.37", 2, -5937), ("-0.00", 2, 0), ("64", 2, 6400), ("6.1E-05", 6, 61), ("-0.005", 2, -1), ("1.999", 2, 199)],
)
def test_decimals_floor(text: str, decimals: int, count: int) -> None:
    assert scaled_integer(text, decimals) == count


@given(st.text(max_size=20))
def test_rubbish_is_only_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        scaled_integer(text, 2)


@pytest.mark.parametrize("name", ["EDA.csv", "BVP.csv", "ACC.csv", "TEMP.csv"])
def test_each_file_may_be_missing_or_empty(folder: Path, name: str) -> None:
    (folder / name).write_text("")
    empty = read_session(folder)
    (folder / name).unlink()
    missing = read_session(folder)
    assert len(empty.streams) == len(missing.streams) == 3
    assert f"{name} is empty" in empty.problems
    assert f"{name} is missing" in missing.problems


def test_spreadsheet_habits(folder: Path) -> None:
    """CRLF, headers without decimals, decimal commas, semicolons, a byte order mark."""
    before = read_session(folder)
    bvp = (folder / "BVP.csv").read_text().splitlines()
    (folder / "BVP.csv").write_bytes("\r\n".join(["1600000000", "64", *bvp[2:]]).encode())
    eda = (folder / "EDA.csv").read_text().replace(".", ",")
    (folder / "EDA.csv").write_text("\ufeff" + eda)
    acc = (folder / "ACC.csv").read_text().replace(", ", ";").replace(",", ";")
    (folder / "ACC.csv").write_text(acc)
    after = read_session(folder)
    assert after.problems == ()
    for signal in before.streams:
        assert samples(after, signal) == samples(before, signal)


def test_a_bad_row_is_a_gap_that_is_said(folder: Path) -> None:
    lines = (folder / "EDA.csv").read_text().splitlines()
    lines[12] = "oops"
    (folder / "EDA.csv").write_text("\n".join(lines))
    session = read_session(folder)
    assert [(run.index, len(run.samples)) for run in session.streams["eda"].runs] == [(0, 10), (11, 69)]
    assert session.problems == ("EDA.csv line 13: 'oops' is not a number; 1 row was left out",)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("hello\n4.0\n1.0\n", "has no header"),
        ("0.51\n4.0\n1.0\n", "is not a start time in seconds since 1970"),
        ("1600000000\n5.0\n1.0\n", "is not a rate an E4 has"),
        ("1600000000\n", "is cut inside its header"),
        ("1600000000\n4.0\n", "holds no samples"),
    ],
)
def test_bad_headers(folder: Path, header: str, said: str) -> None:
    (folder / "EDA.csv").write_text(header)
    session = read_session(folder)
    assert "eda" not in session.streams
    assert any(said in problem for problem in session.problems)


def test_cut_anywhere_never_crashes(folder: Path) -> None:
    whole = (folder / "EDA.csv").read_bytes()
    for cut in range(0, 60):
        (folder / "EDA.csv").write_bytes(whole[:cut])
        read_session(folder)


def test_zip_with_top_folder_and_mac_extras(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "session.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for file in folder.iterdir():
            out.write(file, f"top/{file.name}")
        out.writestr("__MACOSX/top/._EDA.csv", b"\0\1")
    assert samples(read_session(archive), "bvp") == samples(read_session(folder), "bvp")


def test_not_a_session(tmp_path: Path, folder: Path) -> None:
    text = tmp_path / "notes.zip"
    text.write_text("this is no zip")
    with pytest.raises(SessionError, match="neither a folder nor a readable zip"):
        read_session(text)
    with pytest.raises(SessionError, match="does not exist"):
        read_session(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SessionError, match="holds no usable E4 samples"):
        read_session(tmp_path / "empty")
    assert not looks_like_session(text)
    assert looks_like_session(folder)


def test_damaged_zip_members_are_said(folder: Path, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "s"), "zip", folder))
    data = bytearray(archive.read_bytes())
    for k in range(200, len(data) // 2, 50):
        data[k] ^= 0x55
    archive.write_bytes(data)
    try:
        assert read_session(archive).problems
    except SessionError as error:
        assert str(archive) in str(error)


def test_chunks_come_in_order_and_whole(folder: Path) -> None:
    session = read_session(folder)
    items = list(archive_chunks(session, "body"))
    times = [time_s for time_s, _ in items]
    assert times == sorted(times)
    for signal in session.streams:
        got = [v for _, c in items if getattr(c, "signal", "") == signal for v in c.samples]  # type: ignore[union-attr]
        assert got == samples(session, signal)
