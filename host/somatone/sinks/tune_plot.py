"""Draws what a rule does with a signal: threshold, gates, validity and reference detectors, one signal a picture.

Above the whole recording (unless a stretch was asked for), below it a close-up: the signal with the gate, what the rule
compares with what, and who says an event when. A reference's constant lag is taken off, so that what stands in one
column is the same event; red is what only it, or only the gate, has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from somatone.errors import SomatoneError
from somatone.gating.fused import EVENTS
from somatone.records import Validity
from somatone.tuning.catalogue import Watched
from somatone.tuning.closeup import CloseUp
from somatone.tuning.compare import References, Tuned
from somatone.tuning.play import Played, Seen, Values
from somatone.tuning.references import BEAT_S, Detector
from somatone.tuning.report import usable_within
from somatone.tuning.scores import agreement, own_beats_s
from somatone.tuning.traces import Curve

SIGNALS = {
    "bvp": ("pulse, counts", 1.0),
    "eda": ("skin conductance, µS", 1e-3),
    "temp": ("skin temperature, °C", 0.01),
    "acc": ("acceleration, g", 1 / 64),
}
SHADES = {
    Validity.ABSENT: "#d05050",
    Validity.SETTLING: "#e0b040",
    Validity.MOVING: "#60a0d0",
    Validity.SATURATED: "#a050a0",
    Validity.STALE: "#808080",
}
GATE_COLOURS = ("#0a7a5a", "#8a5a00", "#5040a0")
SIGNAL_COLOUR, COMPARED_COLOUR, ALONE_COLOUR = "#404040", "#3060c0", "#d02020"
THRESHOLD_COLOURS = ("#d06000", "#e0a050", "#a03060", "#d080a0")
REFERENCE_COLOURS = ("#3060c0", "#c04080", "#909020", "#808080")
LEVEL_COLOURS = ("#d06000", "#5040a0")
BIN_S = 60.0
EDGE_S = 0.5  # lines go on to the panel's edge
JOLTING = ("bvp", "acc")
DRAWN = 3000  # more points than a page has columns are drawn as their least and greatest


@dataclass(frozen=True, slots=True)
class TunePicture:
    """What is to be drawn of one signal. `close_up` the same as `whole_s` leaves the overview away."""

    title: str
    tuned: Tuned
    whole_s: tuple[float, float]
    close_up: CloseUp
    tags_s: Sequence[float] = ()

    @property
    def rules(self) -> Sequence[Watched]:
        return self.tuned.rules

    @property
    def played(self) -> Played:
        return self.tuned.played

    @property
    def before(self) -> Played | None:
        return self.tuned.before

    @property
    def references(self) -> References:
        return self.tuned.references

    @property
    def seen(self) -> Seen:
        return self.tuned.seen

    @property
    def gates(self) -> list[str]:
        return [rule.name for rule in self.rules if rule.gate]

    @property
    def levels(self) -> list[str]:
        return [rule.name for rule in self.rules if not rule.gate]

    @property
    def overview(self) -> bool:
        return self.stretch_s != self.whole_s

    @property
    def ways(self) -> list[tuple[str, Played]]:
        """The settings that are drawn: what is tried, and the piece as it is where that differs."""
        return [("tried: ", self.played), ("as it is: ", self.before)] if self.before else [("", self.played)]

    @property
    def stretch_s(self) -> tuple[float, float]:
        return self.close_up.start_s, self.close_up.end_s


def draw_tuning(picture: TunePicture, out: Path) -> None:
    """Draw to `out` (PNG, PDF or SVG). Raises `SomatoneError` without matplotlib, or for an `out` it cannot write."""
    try:
        import matplotlib  # noqa: PLC0415
    except ImportError:
        raise SomatoneError("drawing needs matplotlib: install somatone with its [plot] extra.") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    ratios = (*_overview_ratios(picture), 4, 4, _raster_rows(picture) * 0.35 + 0.6)
    figure = pyplot.figure(figsize=(16, 2.4 + 0.85 * sum(ratios)), layout="constrained")
    axes = figure.subplots(len(ratios), 1, gridspec_kw={"height_ratios": ratios})
    figure.suptitle(picture.title, fontsize=12, x=0.01, ha="left")
    if picture.overview:
        _whole_signal(axes[0], picture)
        if picture.gates:
            _whole_rates(axes[1], picture)
        if picture.levels:
            _whole_levels(axes[-4], picture)
    _close_signal(axes[-3], picture)
    _compared(axes[-2], picture)
    _raster(axes[-1], picture)
    for axis in axes[-3:]:
        axis.set_xlim(picture.stretch_s)
        axis.grid(alpha=0.25, axis="x")
    axes[-1].set_xlabel("seconds since the start of the recording")
    try:
        figure.savefig(out, dpi=110)
    except OSError as error:
        raise SomatoneError(f"{out} cannot be written ({error.strerror}): choose another --plot file.") from None
    finally:
        pyplot.close(figure)


def _overview_ratios(picture: TunePicture) -> tuple[float, ...]:
    return (3.0, *(2.0,) * bool(picture.gates), *(1.5,) * bool(picture.levels)) if picture.overview else ()


def _legend(axis: Any, title: str) -> None:
    """Title and legend stand above the panel, so that neither covers data."""
    axis.set_title(title, loc="left", fontsize=10)
    handles, labels = axis.get_legend_handles_labels()
    if handles:
        axis.legend(
            handles,
            labels,
            loc="lower right",
            bbox_to_anchor=(1.0, 0.99),
            ncol=8,
            frameon=False,
            fontsize=9,
            borderpad=0.2,
        )


def _shade(axis: Any, seen: Seen, stretch_s: tuple[float, float], *, say: bool = True) -> None:
    named: set[Validity] = set() if say else set(Validity)
    for start_s, end_s, validity in seen.stretches:
        if validity in SHADES and end_s > stretch_s[0] and start_s < stretch_s[1]:
            label = None if validity in named else validity.value
            named.add(validity)
            axis.axvspan(start_s, end_s, color=SHADES[validity], alpha=0.3, linewidth=0, label=label)


def _whole_signal(axis: Any, picture: TunePicture) -> None:
    seen, close = picture.seen, picture.close_up
    name, scale = SIGNALS.get(seen.signal, (f"{seen.signal}, counts", 1.0))
    _shade(axis, seen, picture.whole_s)
    _line(axis, seen.times_s, seen.values * scale, SIGNAL_COLOUR)
    axis.set_ylim(_limits(seen.values[seen.usable(seen.times_s)] * scale, (0.5, 99.5)))
    axis.set_ylabel(name)
    axis.axvspan(close.start_s, close.end_s, color="#ff9000", alpha=0.8, linewidth=2, zorder=0, label="close-up below")
    axis.set_xlim(picture.whole_s)
    _legend(axis, "the whole recording")


def _line(axis: Any, times_s: Values, values: Values, colour: str) -> None:
    """A line, or where it has more points than columns the band between least and greatest."""
    if len(times_s) <= DRAWN:
        axis.plot(times_s, values, color=colour, linewidth=0.9)
        return
    step = len(times_s) // DRAWN + 1
    whole = len(times_s) // step * step
    parts = values[:whole].reshape(-1, step)
    axis.fill_between(times_s[:whole:step], parts.min(axis=1), parts.max(axis=1), color=colour, linewidth=0.3)


def _limits(values: Values, between: tuple[float, float], margin: float = 0.25) -> tuple[float, float]:
    """Room around what lies between these per cents: a few jolts would flatten an hour of signal."""
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(values, between))
    room = margin * (high - low) or 0.05 * abs(high) or 1.0
    return (low - room if low < 0 else max(low - room, -0.1 * room)), high + room


def _whole_rates(axis: Any, picture: TunePicture) -> None:
    """How often, or how long, minute by minute."""
    edges_s = np.arange(picture.whole_s[0], picture.whole_s[1] + BIN_S, BIN_S)
    for number, gate in enumerate(picture.gates):
        for detector, found_s, colour in _coloured(picture.references.of(gate)):
            values = _events_per_bin(usable_within(found_s, picture.seen, picture.whole_s), picture.seen, edges_s)
            axis.step(edges_s[:-1], values, where="post", color=colour, linewidth=0.9, label=detector.name)
        for prefix, played in picture.ways:
            style = {"color": GATE_COLOURS[number % 3], "linewidth": 1.8, "label": prefix + gate}
            style["linestyle"] = "--" if played is picture.before else "-"
            axis.step(edges_s[:-1], _per_bin(played, gate, picture.seen, edges_s), where="post", **style)
    axis.set_ylabel("events a minute" if set(picture.gates) & set(EVENTS) else "% of the minute open")
    axis.set_ylim(bottom=0)
    axis.set_xlim(picture.whole_s)
    axis.grid(alpha=0.25)
    _legend(axis, "minute by minute, of usable signal")


def _coloured(found: list[tuple[Detector, Values | None]]) -> Iterator[tuple[Detector, Values, str]]:
    """Those that found something to say, each with its colour."""
    for number, (detector, found_s) in enumerate(found):
        if found_s is not None:
            yield detector, found_s, REFERENCE_COLOURS[number % len(REFERENCE_COLOURS)]


def _whole_levels(axis: Any, picture: TunePicture) -> None:
    for prefix, played in picture.ways:
        for number, name in enumerate(picture.levels):
            said = played.levels.get(name, [])
            values = [value if holds else np.nan for _, value, holds in said]
            style = {"color": LEVEL_COLOURS[number % 2], "linewidth": 0.7, "label": prefix + name}
            style["linestyle"] = "--" if played is picture.before else "-"
            axis.step([at_s for at_s, _, _ in said], values, where="post", **style)
    axis.set_ylabel("level")
    axis.set_ylim(-0.03, 1.03)
    axis.set_xlim(picture.whole_s)
    axis.grid(alpha=0.25)
    _legend(axis, "levels, 0 at the wearer's own P5, 1 at P95")


def _per_bin(played: Played, gate: str, seen: Seen, edges_s: Values) -> Values:
    """Openings a usable minute, or for states the per cent that it is open; not a number where nothing is usable."""
    if gate in EVENTS:
        return _events_per_bin(played.starts_s(gate), seen, edges_s)
    usable_s = _usable_per_bin(seen, edges_s)
    spans = [(o.start_s, o.end_s if o.end_s is not None else edges_s[-1]) for o in played.openings.get(gate, [])]
    return 100 * _seconds_per_bin(spans, edges_s) / usable_s


def _events_per_bin(events_s: Values, seen: Seen, edges_s: Values) -> Values:
    counts = np.histogram(events_s, edges_s)[0]
    rates: Values = 60 * counts / _usable_per_bin(seen, edges_s)
    return rates


def _usable_per_bin(seen: Seen, edges_s: Values) -> Values:
    spans = [(start_s, end_s) for start_s, end_s, validity in seen.stretches if validity.usable]
    usable_s = _seconds_per_bin(spans, edges_s)
    return np.where(usable_s >= 0.1 * BIN_S, usable_s, np.nan)


def _seconds_per_bin(spans: Iterable[tuple[float, float]], edges_s: Values) -> Values:
    total = np.zeros(len(edges_s) - 1)
    for start_s, end_s in spans:
        total += np.clip(np.minimum(end_s, edges_s[1:]) - np.maximum(start_s, edges_s[:-1]), 0, None)
    return total


def _close_signal(axis: Any, picture: TunePicture) -> None:
    seen, stretch_s = picture.seen, picture.stretch_s
    name, scale = SIGNALS.get(seen.signal, (f"{seen.signal}, counts", 1.0))
    near = (seen.times_s >= stretch_s[0] - EDGE_S) & (seen.times_s <= stretch_s[1] + EDGE_S)
    times_s, values = seen.times_s[near], seen.values[near] * scale
    _shade(axis, seen, stretch_s)
    axis.plot(times_s, values, color=SIGNAL_COLOUR, linewidth=1.0)
    drawn = [values]
    names = [rule.name for rule in picture.rules]
    for number, (curve, line) in enumerate(seen.curves(names).items()):
        if curve.kind == "range":
            axis.plot(times_s, line[near] * scale, "--", color=THRESHOLD_COLOURS[number % 4], label=curve.label)
            drawn.append(line[near] * scale)
    for number, gate in enumerate(picture.gates):
        _gate_marks(axis, picture, gate, GATE_COLOURS[number % 3], (times_s, values))
    jolts = seen.signal in JOLTING
    axis.set_ylim(_limits(np.concatenate(drawn), (3, 97) if jolts else (0, 100), 0.5 if jolts else 0.12))
    axis.set_ylabel(name)
    why = picture.close_up.why
    _legend(axis, f"close-up {stretch_s[0]:.0f} to {stretch_s[1]:.0f} s: {why}")


def _gate_marks(axis: Any, picture: TunePicture, gate: str, colour: str, line: tuple[Values, Values]) -> None:
    """The gate as spans, and for gates of a moment a mark on the signal where it says the moment was."""
    openings = [
        o
        for o in picture.played.openings.get(gate, [])
        if o.start_s < picture.stretch_s[1] and (o.end_s is None or o.end_s > picture.stretch_s[0])
    ]
    for number, opening in enumerate(openings):
        end_s = opening.end_s if opening.end_s is not None else picture.stretch_s[1]
        axis.axvspan(
            opening.start_s, end_s, color=colour, alpha=0.18, linewidth=0, label=None if number else f"{gate} open"
        )
    if gate in EVENTS and openings and len(line[0]):
        at_s = np.array([o.start_s for o in openings])
        axis.plot(at_s, np.interp(at_s, *line), "o", color=colour, markersize=6, markeredgecolor="white", label=gate)


def _compared(axis: Any, picture: TunePicture) -> None:
    """What the rule compares, and with what."""
    seen, stretch_s = picture.seen, picture.stretch_s
    near = (seen.times_s >= stretch_s[0] - EDGE_S) & (seen.times_s <= stretch_s[1] + EDGE_S)
    lines = {c: v[near] for c, v in seen.curves([r.name for r in picture.rules]).items() if c.kind != "range"}
    if not lines:
        axis.text(0.5, 0.5, "this rule compares nothing with a threshold", transform=axis.transAxes, ha="center")
        axis.set_yticks([])
        return
    _shade(axis, seen, stretch_s, say=False)
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
    _legend(axis, "what the rule compares")


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


def _raster_rows(picture: TunePicture) -> int:
    references = sum(found_s is not None for gate in picture.gates for _, found_s in picture.references.of(gate))
    return max(1, len(picture.gates) * len(picture.ways) + references + bool(_own_beats(picture).size))


def _own_beats(picture: TunePicture) -> Values:
    """The E4's own beats in the close-up."""
    if "pulse.beat" not in picture.gates:
        return np.array([])
    beats_s = own_beats_s(picture.references.own)
    return beats_s[(beats_s >= picture.stretch_s[0]) & (beats_s < picture.stretch_s[1])]


def _raster(axis: Any, picture: TunePicture) -> None:
    """Who says it when, a row each."""
    rows: list[str] = []
    for number, gate in enumerate(picture.gates):
        for prefix, played in picture.ways:
            alpha = 0.45 if played is picture.before else 1.0
            _row_of_spans(axis, len(rows), played, gate, picture.stretch_s, GATE_COLOURS[number % 3], alpha)
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
    _legend(axis, "who says it when" + (" (red: only one of both has it)" if len(rows) > len(picture.gates) else ""))


def _row_of_spans(
    axis: Any, row: int, played: Played, gate: str, stretch_s: tuple[float, float], colour: str, alpha: float
) -> None:
    spans = [
        (o.start_s, (o.end_s if o.end_s is not None else stretch_s[1]) - o.start_s)
        for o in played.openings.get(gate, [])
        if o.start_s < stretch_s[1] and (o.end_s is None or o.end_s > stretch_s[0])
    ]
    axis.broken_barh(spans, (row - 0.3, 0.6), color=colour, alpha=alpha)


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
