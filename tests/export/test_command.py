"""`somatone export` as a person types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from somatone.commands.export import export_command
from somatone.errors import SomatoneError
from somatone.records import NativeChunk
from somatone.sinks.recording.layout import Facts
from somatone.sinks.recording.part import PartWriter


def somatone(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "somatone", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two wearers, and the file is cut off."""
    path = tmp_path / "it.mcap"
    writer = PartWriter(path, Facts(1_700_000_000 * 10**9, clock="recording"))
    for k in range(40):
        for wearer in ("a", "b"):
            item = NativeChunk(wearer, "eda", "e4", "e4.eda_picosiemens", k, (k,), k / 4, 1, k * 250_000)
            writer.add(k / 4, item)
        writer.sync()
    path.write_bytes(path.read_bytes()[:-30])
    return path


def test_mistakes_are_one_sentence(source: Path, tmp_path: Path) -> None:
    for to, out, status, said in (
        ("xls", Path("out.xls"), 2, "is no format: give one of e4, csv, parquet, recording"),
        ("e4", Path("out.csv"), 2, "must end in .zip"),
        ("recording", source, 2, "choose another name"),
        ("e4", tmp_path / "out.zip", 2, "say --wearer with one of a, b"),
        ("csv", tmp_path / "no" / "out.csv", 1, "cannot be written"),
    ):
        with pytest.raises(SomatoneError, match=said) as caught:
            export_command(source, to, out, None)
        assert caught.value.status == status and "\n" not in str(caught.value)


def test_what_was_lost_is_said_and_the_rest_is_written(source: Path, tmp_path: Path) -> None:
    done = somatone("export", source, "--to", "e4", "--wearer", "b", tmp_path / "out.zip")
    assert done.returncode == 0, done.stderr
    assert "cut off or damaged after 9.8 s" in done.stderr
    assert "ACC.csv and BVP.csv and TEMP.csv could not be written" in done.stderr
    assert done.stdout.count("\n") == 1 and "out.zip" in done.stdout
