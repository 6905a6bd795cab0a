"""The rows of the table that `somatone tune` prints: one rule, one way of setting it."""

from __future__ import annotations

from collections.abc import Iterator

from somatone.records import Validity
from somatone.tuning.catalogue import Watched
from somatone.tuning.compare import References
from somatone.tuning.play import Played, Seen, Values
from somatone.tuning.references import BEAT_S
from somatone.tuning.scores import (
    agreement,
    coverage,
    gate_figures,
    level_figures,
    own_intervals,
)

STRENGTH_UNITS = {"bvp": "counts", "eda": "nS"}
Row = tuple[str, str]


def usable_within(times_s: Values, seen: Seen, stretch_s: tuple[float, float]) -> Values:
    """Those events that a rule could have said: inside the stretch, while the signal was to be trusted."""
    inside = times_s[(times_s >= stretch_s[0]) & (times_s < stretch_s[1])]
    return inside[seen.usable(inside)]


def rows(rule: Watched, played: Played, references: References, stretch_s: tuple[float, float]) -> Iterator[Row]:
    """(figure, value) of one rule, in the order in which a person asks."""
    seen = played.signals[rule.signal]
    if not rule.gate:
        yield from _level_rows(rule, played, stretch_s)
        return
    yield from _gate_rows(rule, played, seen, stretch_s)
    ours_s = usable_within(played.starts_s(rule.name), seen, stretch_s)
    for detector, found_s in references.of(rule.name):
        label = f"F1 with {detector.name} (±{_tolerance(detector.tolerance_s)})"
        if found_s is None:
            yield label, "it gave up"
            continue
        score = agreement(ours_s, usable_within(found_s, seen, stretch_s), detector.tolerance_s)
        yield label, f"{score.f1:.3f} (it has {score.theirs})"
    if rule.name == "pulse.beat" and (own := own_intervals(ours_s, references.own, stretch_s, BEAT_S)):
        yield "the E4's own beats that we have", f"{own.found:.1%} of {own.beats}"
        if own.difference_ms is not None:
            yield "its intervals differ by (median)", f"{own.difference_ms:.0f} ms"


def coverage_row(seen: Seen, stretch_s: tuple[float, float]) -> Row:
    """How much of the stretch had which validity; the same however the rules are set."""
    length_s = stretch_s[1] - stretch_s[0]
    shares = [(validity, coverage(seen, stretch_s, validity) / length_s) for validity in Validity]
    text = ", ".join(f"{validity} {share:.1%}" for validity, share in shares if share >= 0.0005)
    return "signal", text or "nothing"


def _gate_rows(rule: Watched, played: Played, seen: Seen, stretch_s: tuple[float, float]) -> Iterator[Row]:
    figures = gate_figures(played, rule.name, seen, stretch_s)
    yield "openings", str(figures.openings)
    yield "a minute, while usable", f"{figures.per_minute:.1f}"
    yield "open, while usable", f"{figures.duty:.1%}"
    if figures.shortest_s is not None:
        yield "shortest gate", f"{figures.shortest_s:.2f} s"
    if figures.strength is not None and rule.signal in STRENGTH_UNITS:
        yield "median strength", f"{figures.strength:.0f} {STRENGTH_UNITS[rule.signal]}"


def _level_rows(rule: Watched, played: Played, stretch_s: tuple[float, float]) -> Iterator[Row]:
    figures = level_figures(played, rule.name, stretch_s)
    if figures is None:
        yield "median", "the level never held"
        return
    yield "median", f"{figures.median:.2f}"
    yield "time at the low end", f"{figures.at_bottom:.1%}"
    yield "time at the high end", f"{figures.at_top:.1%}"


def _tolerance(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.0f} s"
