"""How far two series of events agree, and the figures of one rule over a stretch of a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from somatone.records import Validity
from somatone.tuning.play import Opening, Played, Seen, Values

SAME_BEAT_S = 0.1
FEW = 5
END = 0.02  # of a level's range: so near to an end it stands at it


@dataclass(frozen=True, slots=True)
class Agreement:
    """`f1` of two series after the constant `lag_s` of the second is taken off; `matched` says which were common."""

    f1: float
    lag_s: float
    ours: int
    theirs: int
    ours_matched: NDArray[np.bool_]
    theirs_matched: NDArray[np.bool_]


def agreement(ours_s: Values, theirs_s: Values, tolerance_s: float) -> Agreement:
    """F1 at +-`tolerance_s`, each event matched once. Both sorted; 1.0 where both are empty."""
    lag_s = usual_lag_s(ours_s, theirs_s, 2 * tolerance_s)
    ours_matched, theirs_matched = matched(ours_s, theirs_s - lag_s, tolerance_s)
    total = len(ours_s) + len(theirs_s)
    f1 = 2 * int(ours_matched.sum()) / total if total else 1.0
    return Agreement(f1, lag_s, len(ours_s), len(theirs_s), ours_matched, theirs_matched)


def usual_lag_s(ours_s: Values, theirs_s: Values, within_s: float) -> float:
    """How much later theirs usually come: the median difference of nearest events `within_s`; of a few it is chance."""
    if not len(ours_s) or not len(theirs_s):
        return 0.0
    after = np.searchsorted(theirs_s, ours_s).clip(1, max(len(theirs_s) - 1, 1))
    candidates = np.stack([theirs_s[after - 1], theirs_s[np.minimum(after, len(theirs_s) - 1)]]) - ours_s
    nearest = np.where(np.abs(candidates[0]) <= np.abs(candidates[1]), candidates[0], candidates[1])
    near = nearest[np.abs(nearest) <= within_s]
    return float(np.median(near)) if len(near) >= FEW else 0.0


def matched(a_s: Values, b_s: Values, tolerance_s: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which events of two sorted series have a partner; both are walked once, so no partner is used twice."""
    a_has, b_has = np.zeros(len(a_s), dtype=bool), np.zeros(len(b_s), dtype=bool)
    i = k = 0
    while i < len(a_s) and k < len(b_s):
        if abs(a_s[i] - b_s[k]) <= tolerance_s:
            a_has[i] = b_has[k] = True
            i += 1
            k += 1
        elif a_s[i] < b_s[k]:
            i += 1
        else:
            k += 1
    return a_has, b_has


@dataclass(frozen=True, slots=True)
class GateFigures:
    """A gate over a stretch. Rates and duty are of the time in which the gate could open."""

    openings: int
    per_minute: float
    duty: float
    shortest_s: float | None  # of those that the rule itself closed
    strength: float | None  # median, in the rule's own unit


def inside(openings: Sequence[Opening], stretch_s: tuple[float, float]) -> list[Opening]:
    """The openings that began in the stretch."""
    return [opening for opening in openings if stretch_s[0] <= opening.start_s < stretch_s[1]]


def gate_figures(played: Played, gate: str, seen: Seen, stretch_s: tuple[float, float]) -> GateFigures:
    openings = inside(played.openings.get(gate, []), stretch_s)
    usable_s = sum(coverage(seen, stretch_s, validity) for validity in Validity if validity.usable)
    lengths_s = [
        opening.end_s - opening.start_s for opening in openings if opening.end_s is not None and not opening.cut
    ]
    # What is open at the end of the stretch, or began before it, counts with what lies inside.
    open_s = sum(
        max(0.0, min(o.end_s if o.end_s is not None else stretch_s[1], stretch_s[1]) - max(o.start_s, stretch_s[0]))
        for o in played.openings.get(gate, [])
    )
    strengths = [opening.strength for opening in openings if opening.strength]
    return GateFigures(
        len(openings),
        60 * len(openings) / usable_s if usable_s else 0.0,
        min(open_s / usable_s, 1.0) if usable_s else 0.0,
        min(lengths_s, default=None),
        float(np.median(strengths)) if strengths else None,
    )


def coverage(seen: Seen, stretch_s: tuple[float, float], validity: Validity) -> float:
    """Seconds of the stretch with this validity."""
    return sum(
        max(0.0, min(end_s, stretch_s[1]) - max(start_s, stretch_s[0]))
        for start_s, end_s, kind in seen.stretches
        if kind is validity
    )


@dataclass(frozen=True, slots=True)
class LevelFigures:
    """A level over a stretch, by the time that each value held."""

    median: float
    at_bottom: float
    at_top: float


def level_figures(played: Played, level: str, stretch_s: tuple[float, float]) -> LevelFigures | None:
    """None where the level never held."""
    said = [entry for entry in played.levels.get(level, []) if entry[0] < stretch_s[1]]
    if not said:
        return None
    starts_s = np.array([at_s for at_s, _, _ in said])
    values = np.array([value for _, value, _ in said])
    holds = np.array([usable for _, _, usable in said])
    ends_s = np.append(starts_s[1:], stretch_s[1])
    weights = np.clip(ends_s - np.maximum(starts_s, stretch_s[0]), 0.0, None) * holds
    total = float(weights.sum())
    if not total:
        return None
    order = np.argsort(values)
    middle = int(np.searchsorted(np.cumsum(weights[order]), total / 2))
    return LevelFigures(
        float(values[order][min(middle, len(order) - 1)]),
        float(weights[values < END].sum()) / total,
        float(weights[values > 1 - END].sum()) / total,
    )


@dataclass(frozen=True, slots=True)
class OwnIntervals:
    """The E4's own beats (both ends of its intervals): how many, the share we have too, and how intervals differ."""

    beats: int
    found: float
    difference_ms: float | None


def own_beats_s(ibi: Sequence[tuple[float, float]]) -> Values:
    """The beats at both ends of the E4's intervals, each once: where intervals meet, their ends differ by rounding."""
    ends = np.sort(np.array([beat_s for at_s, length_s in ibi for beat_s in (at_s - length_s, at_s)]))
    return ends[np.diff(ends, prepend=-np.inf) > SAME_BEAT_S]


def own_intervals(
    ours_s: Values, ibi: Sequence[tuple[float, float]], stretch_s: tuple[float, float], tolerance_s: float
) -> OwnIntervals | None:
    """The E4 says only intervals it is sure of, so the share of its beats that we have is what can be said."""
    said = np.array(
        [(at_s, length_s) for at_s, length_s in ibi if stretch_s[0] <= at_s - length_s and at_s < stretch_s[1]]
    )
    if not len(said) or not len(ours_s):
        return None
    beats_s = own_beats_s(ibi)
    beats_s = beats_s[(beats_s >= stretch_s[0]) & (beats_s < stretch_s[1])]
    lag_s = usual_lag_s(ours_s, beats_s, 2 * tolerance_s)
    _, has = matched(ours_s, beats_s - lag_s, tolerance_s)
    both = [_interval(ours_s, at_s - lag_s, length_s, tolerance_s) for at_s, length_s in said]
    differences = [abs(ours - length_s) for ours, (_, length_s) in zip(both, said, strict=True) if ours is not None]
    return OwnIntervals(len(beats_s), float(has.mean()), 1000 * float(np.median(differences)) if differences else None)


def _interval(ours_s: Values, end_s: float, length_s: float, tolerance_s: float) -> float | None:
    """Our interval between the beats nearest to both ends of theirs, None where either is missing."""
    ends = [float(ours_s[np.abs(ours_s - at_s).argmin()]) for at_s in (end_s - length_s, end_s)]
    if abs(ends[0] - end_s + length_s) > tolerance_s or abs(ends[1] - end_s) > tolerance_s:
        return None
    return ends[1] - ends[0]
