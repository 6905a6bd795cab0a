"""A saved piece is noticed once, when it has come to rest; and other parameters take over without a gate left open."""

from __future__ import annotations

from pathlib import Path

from somatone.gating.stage import Gating
from somatone.pieces.watching import Changes
from somatone.records import Chunk, Gate, Validity


def test_a_change_is_said_once_and_only_at_rest(tmp_path: Path) -> None:
    file, layer = tmp_path / "piece.toml", tmp_path / "layer.toml"
    file.write_text("a")
    changes = Changes((file, layer))
    assert not changes.look()
    file.write_text("ab")
    assert not changes.look()  # it may still be written
    file.write_text("abc")
    assert not changes.look()
    assert changes.look()
    assert not changes.look()
    layer.write_text("new")
    assert [changes.look(), changes.look(), changes.look()] == [False, True, False]
    file.unlink()
    assert [changes.look(), changes.look(), changes.look()] == [False, True, False]


def moving(number: int, jerk: int) -> Chunk:
    samples = tuple(v for k in range(8) for v in (jerk * (k % 2), 0, 64))
    return Chunk("body", "acc", "test", 8 * number, samples, number / 4, 32, Validity.WORN, 3)


def test_other_parameters_close_what_is_open_and_leave_other_signals_alone() -> None:
    gating = Gating()
    skin = [
        Chunk("body", "temp", "test", number, (3000 + 10 * number,), number / 4, 4, Validity.WORN)
        for number in range(240)
    ]
    events = [event for chunk in skin for event in gating.feed(chunk)]
    rising = [event.value for event in events if isinstance(event, Gate) and event.name == "temp.rise"]
    assert rising[-1] == 1
    for number in range(20):
        gating.feed(moving(number, 60))
    gating.retune({"motion.active": {"active_on": 600}})
    after = gating.feed(moving(20, 60))
    assert [(e.name, e.value) for e in after if isinstance(e, Gate)][:1] == [("motion.active", 0)]
    quiet = [e for k in range(21, 60) for e in gating.feed(moving(k, 10)) if isinstance(e, Gate) and e.value]
    assert not [e for e in quiet if e.name == "motion.active"]
    more = gating.feed(Chunk("body", "temp", "test", 240, (5400,), 60.0, 4, Validity.WORN))
    assert not [e for e in more if isinstance(e, Gate) and e.name == "temp.rise"]
