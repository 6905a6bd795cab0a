"""What the images of one batch say, as `training_metrics` defines it: once, for whoever has images.

Images are numbers from 0 (black) to 1 (white). Surprise: a sample without any contrast has no correlation with
anything; it counts as 0 in the mean, so a generator that paints one grey for ever is not called similar.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from somatone.training_metrics import METRICS

Floats = NDArray[np.float32]

GREY_LEVELS = 16
FLAT = 1e-6  # standard deviation below which a sample has no contrast
OF_SAMPLES = ("entropy", "similarity", "rms", "edge", "distance", "digits")
assert set(OF_SAMPLES) <= set(METRICS)


@dataclass(frozen=True)
class Reference:
    """The data that samples are compared with: `images` (count, pixels), `labels` (count) 0..9."""

    images: Floats
    labels: NDArray[np.int64]

    @cached_property
    def _squares(self) -> Floats:
        squares: Floats = (self.images**2).sum(1)
        return squares

    def nearest(self, samples: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """Of each sample (count, pixels): root mean square difference to the nearest datum, and that one's label."""
        squares = (samples**2).sum(1)[:, None] + self._squares - 2 * samples @ self.images.T
        which = squares.argmin(1)
        least = np.maximum(squares[np.arange(len(samples)), which], 0)
        return np.sqrt(least / samples.shape[1]).astype(np.float32), self.labels[which]


def entropy_bits(flat: Floats) -> float:
    """Mean over the pixels of the entropy of their 16 grey levels in the batch; (count, pixels) -> bits."""
    count, pixels = flat.shape
    levels = np.clip((flat * GREY_LEVELS).astype(np.int64), 0, GREY_LEVELS - 1)
    cells = np.bincount((levels + GREY_LEVELS * np.arange(pixels)).ravel(), minlength=GREY_LEVELS * pixels)
    shares = cells[cells > 0] / count
    return float(-(shares * np.log2(shares)).sum() / pixels)


def similarity(flat: Floats) -> float:
    """Mean Pearson correlation over all pairs of samples; (count, pixels), at least two of them."""
    centred = flat - flat.mean(1, keepdims=True)
    size = np.sqrt((centred**2).sum(1, keepdims=True))
    unit = np.where(size > FLAT * np.sqrt(flat.shape[1]), centred / np.maximum(size, FLAT), 0)
    count = len(flat)
    return float(((unit.sum(0) ** 2).sum() - (unit**2).sum()) / (count * (count - 1)))


def edge(images: Floats) -> float:
    """Mean absolute difference of neighbouring pixels; (count, height, width)."""
    across, down = np.abs(np.diff(images, axis=2)), np.abs(np.diff(images, axis=1))
    return float((across.sum() + down.sum()) / (across.size + down.size))


def sample_metrics(images: Floats, reference: Reference | None = None) -> dict[str, float]:
    """Those of `training_metrics` that images alone give; (count, height, width), at least two images.

    Without a `reference` there is neither `distance` nor `digits`. Images that are no numbers give NaN.
    """
    if not np.isfinite(images).all():
        return dict.fromkeys(OF_SAMPLES if reference else OF_SAMPLES[:4], float("nan"))
    flat = images.reshape(len(images), -1)
    found = {
        "entropy": entropy_bits(flat),
        "similarity": similarity(flat),
        "rms": float(np.sqrt((flat**2).mean())),
        "edge": edge(images),
    }
    if reference:
        distances, labels = reference.nearest(flat)
        found |= {"distance": float(distances.mean()), "digits": float(len(np.unique(labels)))}
    return found
