"""A training run that learns nothing: metrics that wander from noise to order, and scikit-learn's digits behind noise.

For looking at the stage and for tests of it; the real run is `somatone.training`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from somatone.records import Chunk, Gate, Level, Picture, Validity
from somatone.sinks.page.feed import Item
from somatone.training_metrics import METRICS, ONE

Told = Iterator[tuple[float, Item]]

RATE_HZ = 8
SIDE = 28
COUNT = 64
WEARER = "run"
SOURCE = "fake"


@cache
def _digits() -> NDArray[np.float64]:
    small = load_digits().images[:400] / 16.0
    at = np.clip((np.arange(SIDE) + 0.5) * 8 / SIDE - 0.5, 0, 7)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, 7)
    part = at - low
    rows = small[:, low] * (1 - part)[None, :, None] + small[:, high] * part[None, :, None]
    whole: NDArray[np.float64] = rows[:, :, low] * (1 - part) + rows[:, :, high] * part
    return np.clip((whole - 0.25) * 1.7, 0, 1)


def fake_run(seconds: float, seed: int = 1, learns_s: float = 60.0, collapse_s: float = 1e9) -> Told:
    """Yield (time in s, record): chunks, levels, gates and pictures of a run that is in order after `learns_s`."""
    chance = random.Random(seed)
    noise = np.random.default_rng(seed)
    which = noise.integers(0, 400, COUNT)
    for frame in range(int(seconds * RATE_HZ)):
        at_s = frame / RATE_HZ
        order = min(at_s / learns_s, 1.0)
        collapsed = at_s >= collapse_s
        yield from _metrics(frame, at_s, order, chance, collapsed)
        if frame % 24 == 0:
            which[noise.integers(0, COUNT, 12)] = noise.integers(0, 400, 12)
        shown = np.full(COUNT, which[0]) if collapsed else which
        images = _digits()[shown] * order**0.7 + noise.random((COUNT, SIDE, SIDE)) * (1 - order) ** 1.2
        yield at_s, _picture("samples", SIDE, SIDE, images, at_s)
        wave = np.abs(np.sin(np.arange(128) * 0.37 + at_s) * noise.random(128))
        yield at_s, _picture("activations", 128, 1, wave, at_s)


def _metrics(frame: int, at_s: float, order: float, chance: random.Random, collapsed: bool) -> Told:
    for number, metric in enumerate(METRICS.values()):
        middle = metric.low + (metric.high - metric.low) * (0.5 + 0.3 * (0.5 - order) + 0.05 * chance.gauss(0, 1))
        counts = metric.counts(middle)
        yield at_s, Chunk(WEARER, metric.name, SOURCE, frame, (counts,), at_s, RATE_HZ, Validity.WORN)
        level = min(1.0, max(0.0, counts / ONE / metric.high))
        yield at_s, Level(WEARER, f"{metric.name}.level", level, at_s, Validity.WORN, SOURCE)
        rises = int((frame // 16 + number) % 7 == 0)
        if frame % 16 == 0:
            yield at_s, Gate(WEARER, f"{metric.name}.rise", rises, at_s, Validity.WORN, SOURCE)
    if frame % 56 == 50:
        yield at_s, Gate(WEARER, "loss_d.surprise", 1, at_s, Validity.WORN, SOURCE, 900)
    elif frame % 56 == 54:
        yield at_s, Gate(WEARER, "loss_d.surprise", 0, at_s, Validity.WORN, SOURCE)
    yield at_s, Gate(WEARER, "similarity.collapse", int(collapsed), at_s, Validity.WORN, SOURCE)


def _picture(name: str, width: int, height: int, values: NDArray[np.float64], at_s: float) -> Picture:
    pixels = (np.clip(values, 0, 1) * 255).astype(np.uint8).tobytes()
    return Picture(WEARER, name, width, height, pixels, at_s, Validity.WORN, SOURCE)
