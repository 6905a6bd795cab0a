"""Metrics of images against their definitions, computed pair by pair and pixel by pixel."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from somatone.training.sample_metrics import OF_SAMPLES, Reference, sample_metrics
from somatone.training_metrics import METRICS

SIDE = 4
REFERENCE = Reference(np.random.default_rng(7).random((20, SIDE * SIDE)).astype(np.float32), np.arange(20) % 10)


def made(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).random((count, SIDE, SIDE)).astype(np.float32)


def entropy(images: np.ndarray) -> float:
    total = 0.0
    for y in range(SIDE):
        for x in range(SIDE):
            levels = [min(int(image[y, x] * 16), 15) for image in images]
            shares = [levels.count(level) / len(levels) for level in set(levels)]
            total -= sum(share * math.log2(share) for share in shares)
    return total / SIDE**2


def edge(images: np.ndarray) -> float:
    found = [abs(float(b - a)) for image in images for row in image for a, b in pairwise(row)]
    found += [abs(float(b - a)) for image in images for column in image.T for a, b in pairwise(column)]
    return sum(found) / len(found)


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(2, 9))
def test_every_metric_is_what_its_formula_says(seed: int, count: int) -> None:
    images = made(seed, count)
    found = sample_metrics(images, REFERENCE)
    flat = images.reshape(count, -1).astype(np.float64)
    correlations = [np.corrcoef(a, b)[0, 1] for a, b in combinations(flat, 2)]
    to_data = [[math.sqrt(float(((a - b) ** 2).mean())) for b in REFERENCE.images] for a in flat]
    nearest = [min(range(20), key=row.__getitem__) for row in to_data]
    assert found["entropy"] == pytest.approx(entropy(images), abs=1e-5)
    assert found["similarity"] == pytest.approx(float(np.mean(correlations)), abs=1e-5)
    assert found["rms"] == pytest.approx(math.sqrt(float((flat**2).mean())), abs=1e-5)
    assert found["edge"] == pytest.approx(edge(images), abs=1e-5)
    assert found["distance"] == pytest.approx(float(np.mean([min(row) for row in to_data])), abs=1e-4)
    assert found["digits"] == len({int(REFERENCE.labels[k]) for k in nearest})
    for name, value in found.items():
        assert METRICS[name].low <= value <= METRICS[name].high


def test_one_sample_for_ever_is_similar_and_has_no_entropy() -> None:
    found = sample_metrics(np.repeat(made(1, 1), 8, axis=0), REFERENCE)
    assert found["entropy"] == 0
    assert found["similarity"] == pytest.approx(1, abs=1e-5)
    assert found["digits"] == 1


def test_one_grey_for_ever_is_similar_to_nothing() -> None:
    found = sample_metrics(np.full((8, SIDE, SIDE), 0.5, np.float32))
    assert (found["entropy"], found["similarity"], found["edge"]) == (0, 0, 0)


def test_what_is_no_number_gives_none() -> None:
    images = made(1, 3)
    images[1, 2, 2] = np.nan
    assert all(math.isnan(sample_metrics(images, REFERENCE)[name]) for name in OF_SAMPLES)
