"""A second device joins while the rules run: from then on only the leading one is heard, also after other settings."""

from __future__ import annotations

from somatone.gating.stage import Gating
from somatone.records import Chunk, Event, Gate, Validity

SECONDS = 20


def shaken(source: str, second: int, *, leads: bool, hard: bool) -> Chunk:
    """A second of acceleration: an arm that lies still, or is shaken by a g from sample to sample."""
    samples = tuple(value for n in range(32) for value in ((n & 1) * 64 * hard, 0, 64))
    return Chunk("body", "acc", source, 32 * second, samples, float(second), 32, Validity.WORN, 3, leads=leads)


def active(events: list[Event]) -> list[tuple[int, str]]:
    return [
        (event.value, event.source) for event in events if event.name == "motion.active" and isinstance(event, Gate)
    ]


def test_who_does_not_lead_is_not_heard() -> None:
    gating, heard = Gating(), []
    for second in range(SECONDS):
        heard += gating.feed(shaken("e4", second, leads=True, hard=False))
        if second >= SECONDS // 2:
            heard += gating.feed(shaken("board", second, leads=False, hard=True))
    assert active(heard) == []


def test_who_takes_the_lead_is_heard_and_the_other_is_not() -> None:
    gating, heard = Gating(), []
    for second in range(SECONDS):
        first = second < SECONDS // 2
        heard += gating.feed(shaken("e4", second, leads=first, hard=True))
        heard += gating.feed(shaken("board", second, leads=not first, hard=False))
    assert active(heard) == [(1, "e4"), (0, "board")]


def test_other_settings_close_what_was_open_and_both_go_on() -> None:
    gating, heard = Gating(), []
    for second in range(SECONDS):
        if second == SECONDS // 2:
            gating.retune({"motion.active": {"active_on": 700, "active_least": 700, "own_half_life_ms": 0}})
        heard += gating.feed(shaken("e4", second, leads=True, hard=True))
        heard += gating.feed(shaken("board", second, leads=False, hard=True))
    assert active(heard) == [(1, "e4"), (0, "e4")]
