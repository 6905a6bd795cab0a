"""Which stretch of a long recording is worth a close look, and why: stated, so that nobody takes it for typical."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from somatone.tuning.compare import Tuned
from somatone.tuning.play import Played, Values
from somatone.tuning.report import usable_within
from somatone.tuning.scores import agreement, matched

LENGTHS_S = {"bvp": 15.0, "eda": 120.0, "temp": 600.0, "acc": 60.0}  # what a person can read on one page's width
OTHERS_S = 60.0
SAME_S = 0.05


@dataclass(frozen=True, slots=True)
class CloseUp:
    """A stretch in seconds since the start, and the reason in a few words."""

    start_s: float
    end_s: float
    why: str


def close_up(group: Tuned, whole_s: tuple[float, float]) -> CloseUp:
    """Where the tried settings change most; else where references disagree most; else where most happens."""
    played, before, seen = group.played, group.before, group.seen
    length_s = LENGTHS_S.get(group.signal, OTHERS_S)
    if whole_s[1] - whole_s[0] <= 1.5 * length_s:
        return CloseUp(*whole_s, "all of it")
    gates = [rule.name for rule in group.rules if rule.gate]
    changed = [_changed(played, before, gate) for gate in gates] if before else []
    differ = _differ(group, whole_s)
    happens = [played.starts_s(gate) for gate in gates]
    for events, why in (
        (changed, "where the tried settings change most"),
        (differ, "where the references agree least with the gate"),
        (happens, "where most happens"),
    ):
        marks_s = np.sort(np.concatenate(events)) if events else np.array([])
        marks_s = usable_within(marks_s, seen, whole_s)
        if len(marks_s):
            start_s = _densest(marks_s, length_s)
            start_s = min(max(start_s, whole_s[0]), whole_s[1] - length_s)
            return CloseUp(start_s, start_s + length_s, why)
    middle_s = (whole_s[0] + whole_s[1] - length_s) / 2
    return CloseUp(middle_s, middle_s + length_s, "the middle: nothing happens anywhere")


def _changed(played: Played, before: Played, gate: str) -> Values:
    """Openings that only one of both has."""
    tried_s, was_s = played.starts_s(gate), before.starts_s(gate)
    tried_has, was_has = matched(tried_s, was_s, SAME_S)
    return np.concatenate([tried_s[~tried_has], was_s[~was_has]])


def _differ(group: Tuned, whole_s: tuple[float, float]) -> list[Values]:
    """Events that only the gate or only a reference has."""
    out: list[Values] = []
    for detector, found_s in group.references.events.items():
        if found_s is None:
            continue
        ours_s = usable_within(group.played.starts_s(detector.rule), group.seen, whole_s)
        theirs_s = usable_within(found_s, group.seen, whole_s)
        score = agreement(ours_s, theirs_s, detector.tolerance_s)
        out += [ours_s[~score.ours_matched], theirs_s[~score.theirs_matched]]
    return out


def _densest(marks_s: Values, length_s: float) -> float:
    """Where the stretch of this length with most marks begins, the marks in its middle."""
    counts = np.searchsorted(marks_s, marks_s + length_s) - np.arange(len(marks_s))
    first = int(np.argmax(counts))
    last_s = marks_s[first + int(counts[first]) - 1]
    return float(marks_s[first] + last_s - length_s) / 2
