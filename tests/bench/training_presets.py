"""Five presets from three seeds: does each reach its named state by the gates' own word, and are they told apart?

The seeds are not those that the presets and their states were tuned on (100 to 109). Apart is measured on the means of
the last 20 s: metric by metric, the variance between presets over the variance within them, and of two presets the gap
between their nearest seeds over the larger spread (max - min) of the three seeds within a preset. What the generators
made at the end is drawn to build/training_presets.png, a row a preset, sixteen samples a seed.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.figures import Figure
from bench.sound_plot import BUILD
from somatone.recorded import open_session
from somatone.training.launch import Order, can_train
from somatone.training.presets import PRESETS, RATE_HZ
from somatone.training.record import record_run
from somatone.training.states import STATES, Heard, hear
from somatone.training_metrics import METRICS

SEEDS = (14, 15, 16)


def training_presets() -> Iterator[Figure]:
    """One line a run, then how far the presets lie apart. SOMATONE_TRAINING_RUNS keeps the recordings in a folder."""
    if not can_train():
        yield Figure("presets", "15 of 15", "not measured: jax, optax or scikit-learn is not installed")
        return
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(os.environ.get("SOMATONE_TRAINING_RUNS") or spare)
        heard: dict[str, list[Heard]] = {}
        for preset in PRESETS:
            heard[preset] = [_trained(folder, preset, seed) for seed in SEEDS]
            for seed, run in zip(SEEDS, heard[preset], strict=True):
                words = run.missing(preset)
                yield Figure(f"{preset}, seed {seed}", "reached", "; ".join(words) or f"reached: {_why(preset, run)}")
        reached = sum(not run.missing(preset) for preset, runs in heard.items() for run in runs)
        count = len(PRESETS) * len(SEEDS)
        yield Figure("runs that reach their preset's state", f"{count} of {count}", f"{reached} of {count}")
        for name in METRICS:
            yield Figure(f"{name}: variance between presets over within", "> 1", f"{_ratio(heard, name):.0f}")
        _draw(heard)
        for one, other in combinations(PRESETS, 2):
            metric, ratio = _apart(heard[one], heard[other])
            yield Figure(f"{one} and {other}: gap between them", "> 1 seed spread", f"{ratio:.1f} spreads, in {metric}")


def _trained(folder: Path, preset: str, seed: int) -> Heard:
    out = folder / f"{preset}-{seed}.mcap"
    if not out.exists():
        order = Order(preset, seed, RATE_HZ, 0.0, round(PRESETS[preset].run_s * RATE_HZ), at_once=True, nice=1)
        asyncio.run(record_run(order, out, lambda share: None))
    return hear(open_session(out))


def _why(preset: str, run: Heard) -> str:
    gates = ", ".join(f"{gate} {run.openings[gate]} x" for gate in STATES[preset].opens)
    return gates + "".join(f", {metric} {run.mean(metric):.2f}" for metric in STATES[preset].last)


def _ratio(heard: Mapping[str, Sequence[Heard]], metric: str) -> float:
    """Variance of the presets' means over the mean of the variances of their seeds."""
    means = np.array([[run.mean(metric) for run in runs] for runs in heard.values()])
    return float(means.mean(axis=1).var(ddof=1) / max(means.var(axis=1, ddof=1).mean(), 1e-12))


def _draw(heard: Mapping[str, Sequence[Heard]]) -> None:
    """The last pictures of all runs."""
    from matplotlib import image  # noqa: PLC0415 - drawing needs matplotlib

    rows = [np.concatenate([_samples(run) for run in runs], axis=1) for runs in heard.values()]
    BUILD.mkdir(exist_ok=True)
    sheet = np.kron(np.concatenate(rows), np.ones((3, 3), np.uint8))
    image.imsave(BUILD / "training_presets.png", sheet, cmap="gray", vmin=0, vmax=255)


def _samples(run: Heard) -> npt.NDArray[np.uint8]:
    """Sixteen samples in two rows, with a border."""
    last = next(picture for picture in reversed(run.pictures) if picture.name == "samples")
    images = np.frombuffer(last.pixels, np.uint8).reshape(-1, last.height, last.width)[:16]
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1)), constant_values=128)
    grid = framed.reshape(2, 8, last.height + 2, last.width + 2).swapaxes(1, 2).reshape(2 * last.height + 4, -1)
    return np.pad(grid, 4, constant_values=128)


def _apart(one: list[Heard], other: list[Heard]) -> tuple[str, float]:
    """The metric in which two presets differ most, and by how many spreads of their seeds."""
    found: dict[str, float] = {}
    for name, metric in METRICS.items():
        a, b = [run.mean(name) for run in one], [run.mean(name) for run in other]
        spread = max(max(a) - min(a), max(b) - min(b), metric.fine)
        found[name] = max(0.0, min(a) - max(b), min(b) - max(a)) / spread
    best = max(found, key=found.__getitem__)
    return best, found[best]
