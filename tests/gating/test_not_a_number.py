"""What is no number in a file is a gap that is said, never a sample; and a gap or a wrapped index opens nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from somatone.gating.skin import SkinRules
from somatone.pieces.piece import find_piece
from somatone.recorded import session_records
from somatone.records import Chunk, Gate, Status, Validity
from somatone.sources.e4_files import read_session

START = "1600000000.000000"


@pytest.mark.parametrize(
    "word", ["nan", "NaN", "-nan", "inf", "-Infinity", "", "1e999", "1e99999999999999999999", "NULL", "0x10"]
)
def test_not_a_number_is_a_said_gap(tmp_path: Path, word: str) -> None:
    rows = [f"{1.5 + k % 3 / 1000:.6f}" for k in range(240)]
    rows[100:108] = [word] * 8
    (tmp_path / "EDA.csv").write_text("\n".join([START, "4.000000", *rows]) + "\n")
    session = read_session(tmp_path)
    runs = session.streams["eda"].runs
    assert [(run.index, len(run.samples)) for run in runs] == [(0, 100), (108, 132)]
    assert any("EDA.csv line 103" in problem and "8 rows" in problem for problem in session.problems)
    said = [record for _, record in session_records(session, find_piece("correlations"))]
    assert [(r.name, r.value) for r in said if isinstance(r, Status) and r.name.endswith(".gap")] == [("eda.gap", 8)]
    assert not [r for r in said if isinstance(r, Gate) and r.name.startswith("eda.") and r.value]


@pytest.mark.parametrize("top", [1 << 30, 1 << 32])
def test_an_index_that_wraps_is_at_most_a_gap(top: int) -> None:
    """Nothing depends on the index being small: the rules see a hole, and a level that goes on opens nothing."""
    rules, events = SkinRules(), []
    for k in range(400):
        chunk = Chunk("body", "eda", "board", (top - 200 + k) % top, (2000 + k % 2,), k / 4, 4, Validity.WORN)
        events += rules.feed(chunk)
    assert not [event for event in events if isinstance(event, Gate)]
    assert rules.last_level("eda.tonic") == pytest.approx(0.5, abs=0.1)
