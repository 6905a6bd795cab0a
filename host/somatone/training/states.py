"""By which gates the named state of a run is recognised, and what a recorded run's gates say.

One table. A state is what the project's own rules hear, with their defaults: gates that must have opened, gates that
must not, and where a metric must stand on average over the last `LAST_S` seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from somatone.gating.stage import Gating
from somatone.recorded import Session, session_clocks, session_items
from somatone.records import Chunk, Gate, Picture, Status
from somatone.timeline.timeline import Timeline
from somatone.training_metrics import METRICS, ONE

LAST_S = 20.0
NEAR = (
    0.155  # distance half-way between runs that learn (0.13 to 0.14) and that underfit (0.17 to 0.18; seeds 105 to 107)
)
COLLAPSES = ("entropy.collapse", "similarity.collapse", "digits.collapse")
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class State:
    """`opens` must open this many times at least, `never` not once; `last` are means in the metrics' own units."""

    opens: Mapping[str, int]
    never: tuple[str, ...] = ()
    last: Mapping[str, Range] = field(default_factory=dict)


STATES = {
    "learns": State({"distance.fall": 1}, COLLAPSES, {"distance": (0, NEAR), "digits": (5, 10)}),
    "collapses": State({"entropy.collapse": 1, "digits.collapse": 1}, last={"entropy": (0, 0.4), "digits": (0, 2.5)}),
    "underfits": State(
        {"distance.plateau": 1, "accuracy_generated.plateau": 1},
        COLLAPSES[:2],  # its first blur may be one digit to the nearest neighbour
        {"entropy": (1.0, 3.2), "distance": (NEAR, 0.35)},
    ),
    "noise": State(
        {"entropy.plateau": 1, "distance.plateau": 1, "accuracy_generated.plateau": 1},
        ("distance.fall", *COLLAPSES),
        {"entropy": (3.4, 4.0), "similarity": (-0.1, 0.1)},
    ),
    "oscillates": State({"loss_d.surprise": 3, "loss_g.surprise": 3}, ("loss_g.plateau", "loss_d.plateau", *COLLAPSES)),
}


@dataclass
class Heard:
    """What the gates and metrics of one run were."""

    openings: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    first_s: dict[str, float] = field(default_factory=dict)
    series: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    edges: list[tuple[float, str, int]] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    end_s: float = 0.0

    def mean(self, metric: str) -> float:
        """Mean over the last `LAST_S` seconds, in the metric's unit; NaN where it has none."""
        values = [value for at_s, value in self.series.get(metric, ()) if at_s >= self.end_s - LAST_S]
        return sum(values) / len(values) if values else float("nan")

    def missing(self, preset: str) -> list[str]:
        """What keeps this run from the preset's state, in words; nothing when it is reached."""
        state = STATES[preset]
        said = [
            f"{gate} opened {self.openings.get(gate, 0)} times, not {least}"
            for gate, least in state.opens.items()
            if self.openings.get(gate, 0) < least
        ]
        said += [f"{gate} opened" for gate in state.never if self.openings.get(gate)]
        for metric, (low, high) in state.last.items():
            if not low <= self.mean(metric) <= high:
                said.append(f"{metric} is {self.mean(metric):.2f} at the end, not {low:g} to {high:g}")
        return said

    def verdict(self, preset: str) -> str:
        missing = self.missing(preset)
        if missing:
            return f"not {preset}: " + "; ".join(missing)
        first = ", ".join(f"{gate} at {self.first_s[gate]:.0f} s" for gate in STATES[preset].opens)
        return f"it {preset} ({first})" if preset != "noise" else f"it is noise ({first})"


def hear(session: Session) -> Heard:
    """Run timeline and gates over a recorded run."""
    heard, timeline, gating = Heard(), Timeline(session_clocks(session)), Gating()
    for time_s, item in session_items(session):
        heard.end_s = time_s
        if isinstance(item, Picture):
            heard.pictures.append(item)
        elif not isinstance(item, Status):
            for chunk in timeline.feed(item):
                if isinstance(chunk, Chunk) and chunk.signal in METRICS:
                    _take(heard, chunk, gating)
    return heard


def _take(heard: Heard, chunk: Chunk, gating: Gating) -> None:
    heard.series[chunk.signal] += [
        (chunk.start_s + k / chunk.rate_hz, count / ONE) for k, count in enumerate(chunk.samples)
    ]
    for event in gating.feed(chunk):
        if isinstance(event, Gate):
            heard.edges.append((event.at_s, event.name, event.value))
            if event.value:
                heard.openings[event.name] += 1
                heard.first_s.setdefault(event.name, event.at_s)
