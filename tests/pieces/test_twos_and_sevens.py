"""`twos_and_sevens` and its shipped recorded runs: each is what it is called, and moves what the piece says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from statistics import mean

import pytest

from somatone.pieces.piece import find_piece
from somatone.recorded import open_session, session_records
from somatone.records import Control, Gate
from somatone.training.presets import PRESETS
from somatone.training.runs import shipped_dir
from somatone.training.states import hear

SETTLED_S = 8.0


def played(run: str) -> Iterator[tuple[float, Control | Gate]]:
    session = open_session(shipped_dir() / f"{run}.mcap")
    for at_s, record in session_records(session, find_piece("twos_and_sevens")):
        if isinstance(record, Control | Gate) and at_s <= session.length_s:
            yield at_s, record


def each_second(run: str, control: str) -> list[float]:
    """Where a control stands at every second, once its run has settled."""
    found: list[float] = []
    value = float("nan")
    for at_s, record in played(run):
        while len(found) + SETTLED_S <= at_s:
            found.append(value)
        if isinstance(record, Control) and f"{record.voice}.{record.control}" == control:
            value = record.value
    return found


@pytest.mark.parametrize("preset", PRESETS)
def test_a_shipped_run_is_in_the_state_that_it_is_called_by(preset: str) -> None:
    assert hear(open_session(shipped_dir() / f"{preset}.mcap")).missing(preset) == []


@pytest.mark.parametrize(
    ("control", "sign"), [("noise.level", -1), ("grains.brightness", -1), ("organ.level", 1), ("organ.wind", -1)]
)
def test_learning_leads_from_noise_to_order(control: str, sign: int) -> None:
    values = each_second("learns", control)
    quarter = len(values) // 4
    means = [mean(values[k * quarter : (k + 1) * quarter]) for k in range(4)]
    assert all(sign * later > sign * earlier for earlier, later in pairwise(means)), means


def test_a_collapse_stutters_and_nothing_else_does() -> None:
    hangs = [value > 0.5 for value in each_second("collapses", "stutter.amount")]
    opened_s = next(at_s for at_s, r in played("collapses") if isinstance(r, Gate) and r.name.endswith(".collapse"))
    assert not any(hangs[: int(opened_s - SETTLED_S)]) and all(hangs[int(opened_s - SETTLED_S) + 3 :])
    assert not any(value > 0.01 for value in each_second("learns", "stutter.amount"))


def test_noise_stays_noise() -> None:
    assert min(each_second("noise", "noise.level")) > 0.6
    assert max(each_second("collapses", "noise.level")[60:]) < 0.01
