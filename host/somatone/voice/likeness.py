"""How near a voice comes to what it heard, and how bland it is: two figures over pairs of recordings.

`distance_db` is the log spectral distance: RMS difference of band levels over bands and frames where the original
sounds. `variety` is how far the outputs' mean spectra lie from each other, divided by how far the inputs' do: below 1
the voice makes different things alike, which is what bland means here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from somatone.library.measures import Samples
from somatone.library.spectrum import BandLevels

HEARD_DB = 50.0  # below the loudest frame this much is silence


@dataclass(frozen=True, slots=True)
class Likeness:
    distance_db: float
    variety: float


def likeness(originals: Sequence[Samples], made: Sequence[Samples], rate_hz: int) -> Likeness:
    """Compare two sounds of equal length each."""
    distances, before, after = [], [], []
    for one, other in zip(originals, made, strict=True):
        original, output = _levels(one, rate_hz), _levels(other, rate_hz)
        loud = original.max(axis=1)
        heard = loud > max(float(loud.max()) - HEARD_DB, -80.0)
        distances.append(np.square(original[heard] - output[heard]).mean(axis=1))
        before.append(original[heard].mean(axis=0))
        after.append(output[heard].mean(axis=0))
    inputs, outputs = _apart(np.array(before)), _apart(np.array(after))
    return Likeness(float(np.sqrt(np.concatenate(distances).mean())), outputs / inputs if inputs else 1.0)


def _levels(sound: Samples, rate_hz: int) -> npt.NDArray[np.float32]:
    levels = BandLevels(rate_hz)
    rows = np.concatenate([levels.feed(np.asarray(sound, np.float32)), levels.finish()])
    return np.asarray(np.maximum(rows, -90.0), np.float32)


def _apart(spectra: npt.NDArray[np.float64]) -> float:
    """Mean distance of the shapes of all pairs in dB; how loud they are does not count."""
    shapes = spectra - spectra.mean(axis=1, keepdims=True)
    pairs = [np.sqrt(np.square(a - b).mean()) for k, a in enumerate(shapes) for b in shapes[:k]]
    return float(np.mean(pairs)) if pairs else 0.0
