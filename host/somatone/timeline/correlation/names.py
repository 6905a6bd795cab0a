"""Names of the streams, of their pairs, and of what is said about them; pieces are checked against these tables."""

from __future__ import annotations

from itertools import combinations_with_replacement

from somatone.training_metrics import METRICS

BODY_STREAMS = (
    "eda",
    "eda.onset",
    "motion",
    "motion.active",
    "temp",
    "pulse.rate",
    "pulse.strength",
    "breath.rate",
    "mic",
)
MADE_FROM = {"breath": ("pulse", "mic")}  # breath is heard in either


def root_of(name: str) -> str:
    """The signal that a stream is made from."""
    return name.partition(".")[0]


def related(first: str, second: str) -> bool:
    """Whether two streams of one wearer are made from the same samples, and so cannot help to agree."""
    a, b = root_of(first), root_of(second)
    return a == b or b in MADE_FROM.get(a, ()) or a in MADE_FROM.get(b, ())


def pair_name(first: str, second: str) -> str:
    """The pair "eda+temp", without its wearers."""
    return "+".join(sorted((first, second)))


CORRELATION_GATES = {
    "correlation.found": "two streams move together by more than chance would in one of a hundred",
}

CORRELATION_LEVELS = {
    "correlation.likely": "how strongly the strongest pair that may be expected moves together, 0 while chance could",
    "correlation.unlikely": "surprise of the strangest pair: 0.5 is chance's one in a hundred, 1 one in ten thousand",
    "correlation.share": "share of all pairs that move together",
    "correlation.lag": "who moves first in the strongest pair: 0 its first stream by 20 s, 0.5 both, 1 its second",
} | {
    f"correlation.{pair_name(a, b)}": f"how strongly {a} and {b} move together, 0 while chance could"
    for a, b in combinations_with_replacement((*BODY_STREAMS, *METRICS), 2)
}
