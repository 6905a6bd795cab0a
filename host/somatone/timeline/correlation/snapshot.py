"""All pairs as they stand at one moment, as plain records: for a page, for OSC, for a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from somatone.timeline.correlation.agreement import LAGS, LEAST_BOTH, WINDOW
from somatone.timeline.correlation.null import Family
from somatone.timeline.correlation.pair import Pair


class PairView(msgspec.Struct, frozen=True):
    """One pair. `lag_s` above 0 says that the second stream moves first; `null_r` is what chance passes in 1 %."""

    first: tuple[str, str]  # wearer, stream
    second: tuple[str, str]
    verdict: str
    expected: bool
    lag_s: int
    r: float
    null_r: float
    surprise_bits: float
    r_by_lag: tuple[float, ...]  # at the lags of the snapshot


class Snapshot(msgspec.Struct, frozen=True):
    """Every pair at `at_s`, seconds on the path's clock, over the last `window_s`."""

    at_s: float
    window_s: int
    lags_s: tuple[int, ...]
    pairs: tuple[PairView, ...]


def snapshot_of(at_s: float, pairs: Sequence[Pair], family: Family) -> Snapshot:
    """Views of all pairs; the surprise of a broken pair is that it broke."""
    known = sum(pair.known for pair in pairs)
    return Snapshot(at_s, WINDOW, LAGS, tuple(_view(pair, family, known) for pair in pairs))


def _view(pair: Pair, family: Family, known: int) -> PairView:
    bits = null_r = 0.0
    if pair.known and pair.best:
        bits = max(family.bits(pair.score_q8, known), pair.broken_bits())
        score = family.threshold_q8(known) / 256
        null_r = min(math.sqrt(score * pair.inflation.value_q16 / 65536 / pair.best.both), 1.0)
    return PairView(
        pair.first_key,
        pair.second_key,
        pair.verdict().value,
        pair.expected,
        pair.best.lag if pair.best else 0,
        pair.r,
        null_r,
        bits,
        tuple((both - 2 * opposed) / both if both >= LEAST_BOTH else 0.0 for both, opposed in pair.counts),
    )
