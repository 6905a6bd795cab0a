"""The panels of a close-up: the signal with its gates, what the rule compares with what, and who says an event when.

A reference's constant lag is taken off, so that what stands in one column is the same event; red is what only it, or
only the gate, has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from somatone.sinks.tune_picture import (
    ALONE_COLOUR,
    COMPARED_COLOUR,
    JOLTING,
    SIGNAL_COLOUR,
    SIGNALS,
    THRESHOLD_COLOURS,
    TunePicture,
    colour_of,
    legend,
    limits,
    shade,
    spans,
)
from somatone.tuning.play import Values
from somatone.tuning.references import BEAT_S
from somatone.tuning.report import usable_within
from somatone.tuning.scores import agreement, own_beats_s
from somatone.tuning.traces import Curve


def close_signal(axis: Any, picture: TunePicture) -> None:
    seen, stretch_s = picture.seen, picture.stretch_s
    name, scale = SIGNALS.get(seen.signal, (f"{seen.signal}, counts", 1.0))
    near = (seen.times_s >= stretch_s[0]) & (seen.times_s <= stretch_s[1])
    times_s, values = seen.times_s[near], seen.values[near] * scale
    shade(axis, seen, stretch_s)
    axis.plot(times_s, values, color=SIGNAL_COLOUR, linewidth=1.0)
    drawn = [values]
    names = [rule.name for rule in picture.rules]
    for number, (curve, line) in enumerate(seen.curves(names).items()):
        if curve.kind == "range":
            axis.plot(times_s, line[near] * scale, "--", color=THRESHOLD_COLOURS[number % 4], label=curve.label)
            drawn.append(line[near] * scale)
    for gate in picture.moments or picture.states[:2]:  # more than two would only cover each other: see the last panel
        _gate_marks(axis, picture, gate, (times_s, values))
    jolts = seen.signal in JOLTING
    axis.set_ylim(limits(np.concatenate(drawn), (3, 97) if jolts else (0, 100), 0.5 if jolts else 0.12))
    axis.set_ylabel(name)
    why = picture.close_up.why
    legend(axis, f"close-up {stretch_s[0]:.0f} to {stretch_s[1]:.0f} s: {why}")


def _gate_marks(axis: Any, picture: TunePicture, gate: str, line: tuple[Values, Values]) -> None:
    """The gate as spans, and for gates of a moment a mark on the signal where it says the moment was."""
    colour = colour_of(picture, gate)
    found = spans(picture.played, gate, picture.stretch_s)
    for number, (start_s, length_s) in enumerate(found):
        label = None if number else f"{gate} open"
        axis.axvspan(start_s, start_s + length_s, color=colour, alpha=0.18, linewidth=0, label=label)
    if gate in picture.moments and found and len(line[0]):
        at_s = np.array([start_s for start_s, _ in found])
        axis.plot(at_s, np.interp(at_s, *line), "o", color=colour, markersize=6, markeredgecolor="white", label=gate)


def compared(axis: Any, picture: TunePicture) -> None:
    """What the rule compares, and with what."""
    seen, stretch_s = picture.seen, picture.stretch_s
    near = (seen.times_s >= stretch_s[0]) & (seen.times_s <= stretch_s[1])
    lines = {c: v[near] for c, v in seen.curves([r.name for r in picture.rules]).items() if c.kind != "range"}
    if not lines:
        axis.text(0.5, 0.5, "what this rule compares is not drawn", transform=axis.transAxes, ha="center")
        axis.set_yticks([])
        return
    shade(axis, seen, stretch_s, say=False)
    thresholds = 0
    for curve, values in lines.items():
        if curve.kind == "compared":
            axis.plot(seen.times_s[near], values, color=COMPARED_COLOUR, linewidth=1.2, label=curve.label)
        else:
            style = {"color": THRESHOLD_COLOURS[thresholds % 4], "linewidth": 1.3}
            axis.plot(seen.times_s[near], values, "--", label=curve.label, **style)
            thresholds += 1
    axis.set_ylim(_compared_limits(lines))
    axis.set_ylabel(next(iter(lines)).unit)
    legend(axis, "what the rule compares")


def _compared_limits(lines: Mapping[Curve, Values]) -> tuple[float, float]:
    """All of what is compared, and the thresholds within its reach; what stands far off may leave the panel."""
    compared = np.concatenate([values for curve, values in lines.items() if curve.kind == "compared"] or [np.zeros(1)])
    low, high = (float(v) for v in np.percentile(compared, (0.2, 99.8)))
    for curve, values in lines.items():
        usual = float(np.nanmedian(values)) if np.isfinite(values).any() else 0.0
        if curve.kind == "threshold" and abs(usual) <= 3 * max(abs(low), abs(high), 1.0):
            low, high = min(low, usual), max(high, usual)
    low = min(low, 0.0)
    room = 0.15 * (high - low) or 1.0
    return low - (room if low < 0 else 0.3 * room), high + room


def raster_rows(picture: TunePicture) -> int:
    references = sum(found_s is not None for gate in picture.gates for _, found_s in picture.references.of(gate))
    return max(1, len(picture.gates) * len(picture.ways) + references + bool(_own_beats(picture).size))


def _own_beats(picture: TunePicture) -> Values:
    """The E4's own beats in the close-up."""
    if "pulse.beat" not in picture.gates:
        return np.array([])
    beats_s = own_beats_s(picture.references.own)
    return beats_s[(beats_s >= picture.stretch_s[0]) & (beats_s < picture.stretch_s[1])]


def raster(axis: Any, picture: TunePicture) -> None:
    """Who says it when, a row each."""
    rows: list[str] = []
    for gate in picture.gates:
        for prefix, played in picture.ways:
            alpha = 0.45 if played is picture.before else 1.0
            found = spans(played, gate, picture.stretch_s)
            axis.broken_barh(found, (len(rows) - 0.3, 0.6), color=colour_of(picture, gate), alpha=alpha)
            rows.append(prefix + gate)
        for detector, found_s in picture.references.of(gate):
            if found_s is not None:
                rows.append(
                    detector.name + _row_of_events(axis, len(rows), picture, gate, found_s, detector.tolerance_s)
                )
    if _own_beats(picture).size:
        every_s = own_beats_s(picture.references.own)
        rows.append(
            "the E4's own" + _row_of_events(axis, len(rows), picture, "pulse.beat", every_s, BEAT_S, rings=False)
        )
    axis.set_yticks(range(len(rows)), rows)
    axis.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    legend(axis, "who says it when" + (" (red: only one of both has it)" if len(rows) > len(picture.gates) else ""))


def _row_of_events(
    axis: Any, row: int, picture: TunePicture, gate: str, found_s: Values, tolerance_s: float, *, rings: bool = True
) -> str:
    """Ticks of a reference, red where the gate has none; rings where only the gate has one. Returns the lag, said.

    The E4 itself says only what it is sure of, so there its silence is no disagreement: no rings.
    """
    ours_s = usable_within(picture.played.starts_s(gate), picture.seen, picture.whole_s)
    theirs_s = usable_within(found_s, picture.seen, picture.whole_s)
    score = agreement(ours_s, theirs_s, tolerance_s)
    shown_s = theirs_s - score.lag_s
    for matched, colour in ((True, SIGNAL_COLOUR), (False, ALONE_COLOUR)):
        some = shown_s[score.theirs_matched == matched]
        axis.plot(some, np.full(len(some), row), "|", color=colour, markersize=11, markeredgewidth=2.2)
    alone = ours_s[~score.ours_matched & rings]
    axis.plot(alone, np.full(len(alone), row), "o", markerfacecolor="none", color=ALONE_COLOUR, markersize=7)
    return f" ({-1000 * score.lag_s:+.0f} ms)"
