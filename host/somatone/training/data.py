"""The digits that a run learns from: scikit-learn's, which come with it, or MNIST's IDX files where a folder is given.

Images come out as (count, SIDE, SIDE) numbers from 0 to 1. The 8 x 8 digits are enlarged, MNIST's 28 x 28 reduced, so
that all presets train the same networks on either.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somatone.errors import SomatoneError
from somatone.training.idx import read_idx
from somatone.training.presets import SIDE
from somatone.training.sample_metrics import Floats, Reference

REFERENCE = 600  # of the data that samples are compared with: a frame's metrics cost a millisecond
IMAGES = ("train-images-idx3-ubyte", "train-images.idx3-ubyte")  # as the files are called where they are found
LABELS = ("train-labels-idx1-ubyte", "train-labels.idx1-ubyte")


@dataclass(frozen=True)
class Digits:
    """Images (count, SIDE, SIDE), labels 0..9, and what they are called."""

    name: str
    images: Floats
    labels: NDArray[np.int64]

    def reference(self) -> Reference:
        """The first of them, in the order of the file: what `distance` and `digits` compare with."""
        return Reference(self.images[:REFERENCE].reshape(-1, SIDE * SIDE), self.labels[:REFERENCE])


def load_digits(folder: Path | None = None) -> Digits:
    """Digits of a folder with IDX files, or scikit-learn's. Raises `SomatoneError`, one sentence."""
    if folder:
        return _mnist(folder)
    try:
        from sklearn import datasets  # noqa: PLC0415 - only a training process needs it
    except ImportError:
        raise SomatoneError("The digits come with scikit-learn: install somatone[training].") from None
    bunch = datasets.load_digits()
    return Digits("digits", resized(bunch.images / 16), bunch.target.astype(np.int64))


def _mnist(folder: Path) -> Digits:
    images_path, labels_path = _found(folder, IMAGES), _found(folder, LABELS)
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if len(images) != len(labels):
        raise SomatoneError(
            f"{images_path.name} has {len(images)} images and {labels_path.name} {len(labels)} labels: "
            f"take both from the same download."
        )
    if len(images) < REFERENCE:
        raise SomatoneError(f"{images_path} has {len(images)} images: at least {REFERENCE} are needed to train.")
    if labels.max() > 9:
        raise SomatoneError(f"{labels_path} has the label {labels.max()}: only digits 0 to 9 are known.")
    return Digits("mnist", resized(images / 255), labels.astype(np.int64))


def _found(folder: Path, names: tuple[str, ...]) -> Path:
    for path in (folder / (name + end) for name in names for end in ("", ".gz")):
        if path.is_file():
            return path
    raise SomatoneError(f"{folder} holds no {names[0]} (nor {names[0]}.gz): give the folder of MNIST's IDX files.")


def resized(images: NDArray[np.float64]) -> Floats:
    """Any square images as SIDE x SIDE, linearly interpolated at the centres of the new pixels."""
    for axis in (1, 2):
        size = images.shape[axis]
        at = np.clip((np.arange(SIDE) + 0.5) * size / SIDE - 0.5, 0, size - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, size - 1)
        share = (at - low).reshape((-1,) + (1,) * (2 - axis))
        images = images.take(low, axis) * (1 - share) + images.take(high, axis) * share
    return images.astype(np.float32)
