"""Where gestures lie in relation to one another: robustly scaled measures, novelty, two dimensions, a spread choice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from somatone.library.catalogue import Gesture

NEIGHBOURS = 8
BLOCK = 512
FARTHEST = 6.0  # robust standard deviations: beyond them a single strange number would rule the whole space

Points = npt.NDArray[np.float64]


def points(gestures: Sequence[Gesture]) -> Points:
    """One row a gesture: log duration, loudness, log brightness, noisiness, pitchedness, log pitch where there is one.

    Each is centred on its median and divided by its interquartile range (as a standard deviation), and clipped.
    """
    rows = np.array(
        [
            (
                np.log2(max(g.duration_s, 0.01)),
                g.loudness_db,
                np.log2(max(g.brightness_hz, 20.0)),
                np.log10(g.noisiness + 1e-4),
                g.pitchedness,
                np.log2(g.pitch_hz) if g.pitch_hz else np.nan,
            )
            for g in gestures
        ],
        np.float64,
    ).reshape(-1, 6)
    if not len(rows):
        return rows
    if np.isnan(rows[:, 5]).all():
        rows[:, 5] = 0.0
    low, middle, high = np.nanpercentile(rows, (25, 50, 75), axis=0)
    spread = np.where(high - low > 1e-9, (high - low) / 1.349, 1.0)
    scaled = np.nan_to_num((rows - middle) / spread)
    return np.asarray(np.clip(scaled, -FARTHEST, FARTHEST))  # without a pitch: the usual one


def novelty(where: Points) -> Points:
    """Mean distance to the nearest neighbours, divided by its median: 1 is usual, 3 is far from everything else."""
    count = min(NEIGHBOURS, len(where) - 1)
    if count < 1:
        return np.ones(len(where))
    squares = np.square(where).sum(axis=1)
    far = np.empty(len(where))
    for start in range(0, len(where), BLOCK):
        block = where[start : start + BLOCK]
        apart = np.maximum(squares[start : start + BLOCK, None] + squares - 2 * block @ where.T, 0)
        nearest = np.partition(apart, count, axis=1)[:, : count + 1]
        far[start : start + BLOCK] = np.sqrt(nearest).sum(axis=1) / count  # itself is at distance 0
    middle = float(np.median(far))
    return far / middle if middle > 0 else np.ones(len(where))


def plane(where: Points) -> tuple[Points, Points, tuple[float, float]]:
    """Principal components: places (n x 2), directions (2 x features), and the share of the variance each shows."""
    centred = where - where.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    directions = (
        directions * np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)])[:, None]
    )
    shares = np.square(sizes) / max(float(np.square(sizes).sum()), 1e-12)
    return centred @ directions[:2].T, directions[:2], (float(shares[0]), float(shares[1]))


def farthest(where: Points, count: int, first: int) -> list[int]:
    """`count` rows that lie as far from each other as can be (greedily), beginning with the row `first`."""
    chosen = [first]
    apart = np.square(where - where[first]).sum(axis=1)
    while len(chosen) < min(count, len(where)):
        apart[chosen[-1]] = -1
        chosen.append(int(apart.argmax()))
        apart = np.minimum(apart, np.square(where - where[chosen[-1]]).sum(axis=1))
        apart[chosen] = -1
    return chosen
