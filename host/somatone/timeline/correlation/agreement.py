"""How far two streams agreed in the window, by lag: the inner loop, all in bit strings.

For every lag: `both`, in how many of the window's seconds both spoke, and `opposed`, in how many of these one said up
and the other down. `net` = both - 2 * opposed; r = net / both; the power net**2 / both would be near 1 for white
streams that have nothing to do with each other. It needs no mean, no variance and no mask of what is valid: where a
stream is invalid it does not speak.
Bounds: |net| <= both <= 300, power in Q8 <= 2**17.
"""

from __future__ import annotations

from typing import NamedTuple

from somatone.timeline.correlation.history import History

WINDOW = 300  # s: at 60 s chance alone makes |r| > 0.5 in a sixth of the windows (signals.md, 6)
# Seconds by which the second stream leads the first; steps that the width of the 5 s difference can bridge.
LAGS = (-20, -16, -12, -8, -5, -3, -2, -1, 0, 1, 2, 3, 5, 8, 12, 16, 20)
LONGEST_LAG = LAGS[-1]
LEAST_BOTH = 24  # fewer common seconds say nothing
_SLIDES = tuple(lag + LONGEST_LAG for lag in LAGS)
_WINDOW_BITS = (1 << WINDOW) - 1
_REACH_BITS = (1 << (WINDOW + LONGEST_LAG)) - 1

Counts = tuple[int, int]  # both, opposed


class Best(NamedTuple):
    """The lag with the most power; `total_q8` sums the power of the `lags` lags that had enough to say."""

    power_q8: int
    lag: int
    net: int
    both: int
    total_q8: int
    lags: int


def by_lag(first: History, second: History, shift: int = 0) -> list[Counts]:
    """(both, opposed) at every lag of `LAGS`; the second stream is taken `shift` seconds earlier (a surrogate)."""
    # Bit k + 20 of one is second k of the first stream; the other slides along it from 20 s later to 20 s earlier.
    spoke = (first.spoke & _WINDOW_BITS) << LONGEST_LAG
    up = (first.up & _WINDOW_BITS) << LONGEST_LAG
    other_spoke = (second.spoke >> shift & _REACH_BITS) << 2 * LONGEST_LAG
    other_up = (second.up >> shift & _REACH_BITS) << 2 * LONGEST_LAG
    return [
        (
            (common := spoke & other_spoke >> slide).bit_count(),
            (common & (up ^ other_up >> slide)).bit_count(),
        )
        for slide in _SLIDES
    ]


def best_of(counts: list[Counts]) -> Best:
    """The strongest lag; between equals the first in the list."""
    best_q8 = best_k = total_q8 = lags = 0
    for k, (both, opposed) in enumerate(counts):
        if both < LEAST_BOTH:
            continue
        net = both - 2 * opposed
        power_q8 = (net * net << 8) // both
        total_q8 += power_q8
        lags += 1
        if power_q8 > best_q8:
            best_q8, best_k = power_q8, k
    both, opposed = counts[best_k]
    return Best(best_q8, LAGS[best_k], both - 2 * opposed, both, total_q8, lags)
