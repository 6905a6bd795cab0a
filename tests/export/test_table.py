"""The tidy table: one row a sample and axis, exact decimals, the same in CSV and Parquet."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from somatone.export.table import write_csv, write_parquet
from somatone.recorded import open_session
from somatone.records import NativeChunk
from somatone.sinks.recording.layout import Facts, Item
from somatone.sinks.recording.part import PartWriter

ITEMS: list[Item] = [
    NativeChunk("body", "eda", "archive", "e4.eda_picosiemens", 0, (105_069, -1), 0.5, 1, 0),
    NativeChunk("body", "acc", "archive", "e4.acc_64th_g", 0, (64, -1, 127), 0.5, 3, 0),
    NativeChunk("body", "temp", "board", "tmp117.raw", 0, (4224, 4225), 0.5, 1, 0),
    NativeChunk("body", "bvp", "board", "max30102.ir_red", 0, (99_883, 81_947), 0.5, 2, 10_000),
]
EXPECTED = [
    ("0.0", "eda", "", "0.105069", "uS", "archive"),
    ("0.25", "eda", "", "-0.000001", "uS", "archive"),
    ("0.0", "acc", "x", "1.000000", "g", "archive"),
    ("0.0", "acc", "y", "-0.015625", "g", "archive"),
    ("0.0", "acc", "z", "1.984375", "g", "archive"),
    ("0.0", "temp", "", "33.0000000", "C", "board"),
    ("0.25", "temp", "", "33.0078125", "C", "board"),
    ("0.01", "bvp", "infrared", "99883", "code", "board"),
    ("0.01", "bvp", "red", "81947", "code", "board"),
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    writer = PartWriter(tmp_path / "it.mcap", Facts(1_700_000_000 * 10**9, clock="recording"))
    for item in ITEMS:
        writer.add(0.5, item)
    writer.finish()
    return tmp_path / "it.mcap"


def test_csv_is_exact(source: Path, tmp_path: Path) -> None:
    write_csv(open_session(source), tmp_path / "it.csv", lambda share: None)
    with (tmp_path / "it.csv").open() as file:
        rows = list(csv.DictReader(file))
    columns = ("time_s", "signal", "axis", "value", "unit", "source")
    assert [tuple(row[name] for name in columns) for row in rows] == EXPECTED
    assert rows[1]["utc"] == "2023-11-14T22:13:20.250000+00:00"
    assert {row["validity"] for row in rows} <= {"absent", "settling", "worn", "estimated"}
    assert {row["wearer"] for row in rows} == {"body"}


def test_parquet_holds_the_same(source: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow, the [parquet] extra, is not installed")
    write_parquet(open_session(source), tmp_path / "it.parquet", lambda share: None)
    rows = parquet.read_table(tmp_path / "it.parquet").to_pylist()
    assert [(row["signal"], row["axis"], row["value"]) for row in rows] == [
        (signal, axis, float(value)) for _, signal, axis, value, _, _ in EXPECTED
    ]
    assert rows[1]["utc"].isoformat() == "2023-11-14T22:13:20.250000+00:00"
