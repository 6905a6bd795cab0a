"""`somatone correlate` as a person types it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "e4"
needs_sessions = pytest.mark.skipif(not SHARED.is_dir(), reason="the real E4 sessions are not beside this checkout")


def correlate(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "somatone", "correlate", *map(str, words)]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)


@needs_sessions
def test_table_and_picture(tmp_path: Path) -> None:
    out = tmp_path / "s17.png"
    done = correlate(SHARED / "stress-predict" / "S17", "--plot", out)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("│")]
    assert len(rows) >= 15
    assert any("eda.onset + motion" in row and "likely" in row for row in rows)
    assert "more than chance" in done.stdout
    assert out.stat().st_size > 50_000


@needs_sessions
def test_nobody_there_is_one_sentence() -> None:
    done = correlate(SHARED / "devicely")
    assert done.returncode == 1
    assert "correlations need 5 minutes" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("/no/such/session",), 1, "does not exist"),
        (("/tmp", "--plot", "x.jpeg"), 2, "must end in .png"),
        (("/tmp", "--piece", "correlation"), 2, "there is no piece"),
    ],
)
def test_mistakes_are_one_sentence(words: tuple[str, ...], status: int, said: str) -> None:
    done = correlate(*words)
    assert (done.returncode, done.stderr.count("\n")) == (status, 1), done.stderr
    assert said in done.stderr
