"""One recording gives one log: whatever the speed, and however its samples are cut into chunks."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from somatone.pieces.piece import find_piece
from somatone.recorded import session_records
from somatone.records import Gate, Level, Record, Status
from somatone.sinks.log import LogSink
from somatone.sources import e4_archive
from somatone.sources.e4_files import E4Session, read_session

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "e4"
SESSIONS = ["stress-predict/S01", "stress-predict/S06", "stress-predict/S17", "stress-predict/S29", "flirt", "devicely"]

needs_sessions = pytest.mark.skipif(not SHARED.is_dir(), reason="the real E4 sessions are not beside this checkout")


def records(session: E4Session) -> Iterator[tuple[float, Record]]:
    return session_records(session, find_piece("correlations"))


@needs_sessions
@pytest.mark.parametrize("name", SESSIONS)
def test_every_real_session_plays(name: str) -> None:
    """Nothing crashes, times never run backwards, a gate never opens while its signal is invalid."""
    session = read_session(SHARED / name)
    last_s = 0.0
    open_gates: dict[str, int] = {}
    for host_s, record in records(session):
        assert host_s >= last_s
        last_s = host_s
        if isinstance(record, Gate):
            assert record.value != open_gates.get(record.name, 0), f"{record.name} says the same twice at {host_s}"
            open_gates[record.name] = record.value
            assert record.validity.usable or not record.value
        elif isinstance(record, Level):
            assert 0.0 <= record.value <= 1.0
    assert not any(open_gates.values()), "every gate is closed when the recording is over"


@needs_sessions
def test_the_band_taken_off_closes_every_gate() -> None:
    """S29 was taken off and put back on at 431 to 437 s (its SOURCES say so)."""
    session = read_session(SHARED / "stress-predict/S29")
    worn = [(r.at_s, r.value) for _, r in records(session) if isinstance(r, Gate) and r.name == "contact.worn"]
    off = [at_s for at_s, value in worn if not value and 400 < at_s < 440]
    assert off and any(431 <= at_s <= 437 for at_s in off)
    assert any(value and 434 < at_s < 445 for at_s, value in worn)


def _said_after(worn: list[tuple[float, int]], lost_s: float) -> float:
    """How long after the loss the wearer is said to be off; 0 where that was already so."""
    before = [value for at_s, value in worn if at_s <= lost_s]
    if before and not before[-1]:
        return 0.0
    return min((at_s - lost_s for at_s, value in worn if at_s > lost_s and not value), default=99.0)


@needs_sessions
@pytest.mark.parametrize(("name", "at_least"), [("stress-predict/S17", 12), ("stress-predict/S29", 1)])
def test_lost_contact_is_found_within_three_seconds(name: str, at_least: int) -> None:
    """Every stretch of 2.5 s and more below 0.05 uS is said to be off the body within 3 s of its beginning."""
    session = read_session(SHARED / name)
    eda = [v for run in session.streams["eda"].runs for v in run.samples]
    lost_s = [
        k / 4 for k in range(80, len(eda) - 60) if eda[k - 1] >= 50_000 and all(v < 50_000 for v in eda[k : k + 10])
    ]
    worn = [(r.at_s, r.value) for _, r in records(session) if isinstance(r, Gate) and r.name == "contact.worn"]
    assert len(lost_s) >= at_least
    late = [_said_after(worn, at_s) for at_s in lost_s]
    print(f"\n{name}: {len(lost_s)} losses, said after at most {max(late):.2f} s")
    assert max(late) <= 3.0


@needs_sessions
def test_off_the_wrist_throughout_opens_nothing() -> None:
    gates = [r for _, r in records(read_session(SHARED / "devicely")) if isinstance(r, Gate)]
    assert gates == []


@needs_sessions
@pytest.mark.parametrize("name", ["flirt", "devicely"])
@pytest.mark.parametrize("chunk_s", [Fraction(1, 8), Fraction(1, 16)])
def test_any_finer_cut_gives_the_same_gates(monkeypatch: pytest.MonkeyPatch, name: str, chunk_s: Fraction) -> None:
    """Only the moment of emission depends on the chunk; gates, their times, strengths and validities do not."""
    session = read_session(SHARED / name)

    def gates() -> list[tuple[object, ...]]:
        found = [r for _, r in records(session) if isinstance(r, Gate)]
        return sorted((r.name, round(r.at_s, 6), r.value, r.strength, r.validity) for r in found)

    usual = gates()
    monkeypatch.setattr(e4_archive, "CHUNK_S", chunk_s)
    assert gates() == usual


@needs_sessions
def test_equal_runs_give_equal_bytes(tmp_path: Path) -> None:
    session = read_session(SHARED / "flirt")
    digests = []
    for name in ("one.jsonl", "two.jsonl"):
        with LogSink(tmp_path / name) as log:
            for host_s, record in records(session):
                log.write(record, host_s)
        digests.append(log.sha256)
    assert digests[0] == digests[1]
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


@needs_sessions
def test_a_signal_that_ends_is_said_to_be_stale() -> None:
    """flirt's pulse was cut after 156 s while its conductance goes on for 2500 s."""
    said = [
        (round(host_s), r.value)
        for host_s, r in records(read_session(SHARED / "flirt"))
        if isinstance(r, Status) and r.name == "bvp.validity"
    ]
    assert said[-1] == (159, "stale")
