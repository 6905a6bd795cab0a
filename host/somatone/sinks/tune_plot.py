"""Draws what a rule does with a signal: threshold, gates, validity and reference detectors, one signal a picture.

Above the whole recording (unless a stretch was asked for), below it a close-up (`tune_close_up.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from somatone.errors import SomatoneError
from somatone.sinks.tune_close_up import close_signal, compared, raster, raster_rows
from somatone.sinks.tune_picture import (
    BIN_S,
    DRAWN,
    LEVEL_COLOURS,
    REFERENCE_COLOURS,
    SIGNAL_COLOUR,
    SIGNALS,
    TunePicture,
    colour_of,
    legend,
    limits,
    shade,
    spans,
)
from somatone.tuning.play import Seen, Values
from somatone.tuning.references import Detector
from somatone.tuning.report import usable_within


def draw_tuning(picture: TunePicture, out: Path) -> None:
    """Draw to `out` (PNG, PDF or SVG). Raises `SomatoneError` without matplotlib, or for an `out` it cannot write."""
    try:
        import matplotlib  # noqa: PLC0415
    except ImportError:
        raise SomatoneError("drawing needs matplotlib: install somatone with its [plot] extra.") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    ratios = (*_overview_ratios(picture), 4, 4, raster_rows(picture) * 0.35 + 0.6)
    figure = pyplot.figure(figsize=(16, 2.4 + 0.85 * sum(ratios)), layout="constrained")
    axes = figure.subplots(len(ratios), 1, gridspec_kw={"height_ratios": ratios})
    figure.suptitle(picture.title, fontsize=12, x=0.01, ha="left")
    if picture.overview:
        _whole_signal(axes[0], picture)
        if picture.moments:
            _whole_rates(axes[1], picture)
        if picture.states:
            _whole_states(axes[-5 if picture.levels else -4], picture)
        if picture.levels:
            _whole_levels(axes[-4], picture)
    close_signal(axes[-3], picture)
    compared(axes[-2], picture)
    raster(axes[-1], picture)
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
    return (
        (3.0, *(2.0,) * bool(picture.moments), *_state_ratio(picture), *(1.5,) * bool(picture.levels))
        if picture.overview
        else ()
    )


def _whole_signal(axis: Any, picture: TunePicture) -> None:
    seen, close = picture.seen, picture.close_up
    name, scale = SIGNALS.get(seen.signal, (f"{seen.signal}, counts", 1.0))
    shade(axis, seen, picture.whole_s)
    _line(axis, seen.times_s, seen.values * scale, SIGNAL_COLOUR)
    axis.set_ylim(limits(seen.values[seen.usable(seen.times_s)] * scale, (0.5, 99.5)))
    axis.set_ylabel(name)
    axis.axvspan(close.start_s, close.end_s, color="#ff9000", alpha=0.8, linewidth=2, zorder=0, label="close-up below")
    for number, tag_s in enumerate(picture.tags_s):
        axis.axvline(tag_s, color="#3060c0", linewidth=1.0, linestyle=":", label=None if number else "tag")
    axis.set_xlim(picture.whole_s)
    legend(axis, "the whole recording")


def _line(axis: Any, times_s: Values, values: Values, colour: str) -> None:
    """A line, or where it has more points than columns the band between least and greatest."""
    if len(times_s) <= DRAWN:
        axis.plot(times_s, values, color=colour, linewidth=0.9)
        return
    step = len(times_s) // DRAWN + 1
    whole = len(times_s) // step * step
    parts = values[:whole].reshape(-1, step)
    axis.fill_between(times_s[:whole:step], parts.min(axis=1), parts.max(axis=1), color=colour, linewidth=0.3)


def _whole_rates(axis: Any, picture: TunePicture) -> None:
    """How often, or how long, minute by minute."""
    edges_s = np.arange(picture.whole_s[0], picture.whole_s[1] + BIN_S, BIN_S)
    for gate in picture.moments:
        for detector, found_s, colour in _coloured(picture.references.of(gate)):
            values = _events_per_bin(usable_within(found_s, picture.seen, picture.whole_s), picture.seen, edges_s)
            axis.step(edges_s[:-1], values, where="post", color=colour, linewidth=0.9, label=detector.name)
        for prefix, played in picture.ways:
            style = {"color": colour_of(picture, gate), "linewidth": 1.8, "label": prefix + gate}
            style["linestyle"] = "--" if played is picture.before else "-"
            axis.step(
                edges_s[:-1], _events_per_bin(played.starts_s(gate), picture.seen, edges_s), where="post", **style
            )
    axis.set_ylabel("events a minute")
    axis.set_ylim(bottom=0)
    axis.set_xlim(picture.whole_s)
    axis.grid(alpha=0.25)
    legend(axis, "minute by minute, of usable signal")


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
    legend(axis, "levels, 0 at the wearer's own P5, 1 at P95")


def _state_ratio(picture: TunePicture) -> tuple[float, ...]:
    return (0.5 + 0.35 * len(picture.states) * len(picture.ways),) * bool(picture.states)


def _whole_states(axis: Any, picture: TunePicture) -> None:
    """When each state held, a row each."""
    rows: list[str] = []
    shade(axis, picture.seen, picture.whole_s, say=False)
    for gate in picture.states:
        for prefix, played in picture.ways:
            alpha = 0.45 if played is picture.before else 1.0
            found = spans(played, gate, picture.whole_s)
            axis.broken_barh(found, (len(rows) - 0.35, 0.7), color=colour_of(picture, gate), alpha=alpha, linewidth=0)
            rows.append(prefix + gate)
    axis.set_yticks(range(len(rows)), rows)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_xlim(picture.whole_s)
    legend(axis, "which state when")


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
