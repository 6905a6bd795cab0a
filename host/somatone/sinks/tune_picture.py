"""What is to be drawn of one signal that is tuned, and what all panels share: shades, legends, limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from somatone.gating.fused import EVENTS
from somatone.records import Validity
from somatone.tuning.catalogue import Watched
from somatone.tuning.closeup import CloseUp
from somatone.tuning.compare import References, Tuned
from somatone.tuning.play import Played, Seen, Values

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
GATE_COLOURS = ("#0a7a5a", "#8a5a00", "#5040a0", "#b03070", "#307090", "#606060")
SIGNAL_COLOUR, COMPARED_COLOUR, ALONE_COLOUR = "#404040", "#3060c0", "#d02020"
THRESHOLD_COLOURS = ("#d06000", "#e0a050", "#a03060", "#d080a0")
REFERENCE_COLOURS = ("#3060c0", "#c04080", "#909020", "#808080")
LEVEL_COLOURS = ("#d06000", "#5040a0")
BIN_S = 60.0
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
    def moments(self) -> list[str]:
        """Gates of a moment: they are counted and marked; the others are states, drawn as stretches."""
        return [gate for gate in self.gates if gate in EVENTS]

    @property
    def states(self) -> list[str]:
        return [gate for gate in self.gates if gate not in EVENTS]

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


def legend(axis: Any, title: str) -> None:
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


def shade(axis: Any, seen: Seen, stretch_s: tuple[float, float], *, say: bool = True) -> None:
    named: set[Validity] = set() if say else set(Validity)
    for start_s, end_s, validity in seen.stretches:
        if validity in SHADES and end_s > stretch_s[0] and start_s < stretch_s[1]:
            label = None if validity in named else validity.value
            named.add(validity)
            axis.axvspan(start_s, end_s, color=SHADES[validity], alpha=0.3, linewidth=0, label=label)


def limits(values: Values, between: tuple[float, float], margin: float = 0.25) -> tuple[float, float]:
    """Room around what lies between these per cents: a few jolts would flatten an hour of signal."""
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(values, between))
    room = margin * (high - low) or 0.05 * abs(high) or 1.0
    return (low - room if low < 0 else max(low - room, -0.1 * room)), high + room


def colour_of(picture: TunePicture, gate: str) -> str:
    return GATE_COLOURS[picture.gates.index(gate) % len(GATE_COLOURS)]


def spans(played: Played, gate: str, stretch_s: tuple[float, float]) -> list[tuple[float, float]]:
    """(start, length) of the gate's openings that touch the stretch, for matplotlib."""
    return [
        (o.start_s, (o.end_s if o.end_s is not None else stretch_s[1]) - o.start_s)
        for o in played.openings.get(gate, [])
        if o.start_s < stretch_s[1] and (o.end_s is None or o.end_s > stretch_s[0])
    ]
