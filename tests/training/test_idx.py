"""MNIST's files: right ones are read, wrong ones are one sentence each."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from somatone.errors import SomatoneError
from somatone.training.data import load_digits, resized
from somatone.training.idx import read_idx
from somatone.training.presets import SIDE

COUNT = 700


def idx(array: np.ndarray) -> bytes:
    head = bytes((0, 0, 8, array.ndim)) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return head + array.astype(np.uint8).tobytes()


IMAGES = np.random.default_rng(1).integers(0, 256, (COUNT, 28, 28))
LABELS = np.arange(COUNT) % 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(IMAGES))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(LABELS)))
    return tmp_path


def test_a_folder_is_read_gzip_or_not(folder: Path) -> None:
    digits = load_digits(folder)
    assert digits.images.shape == (COUNT, SIDE, SIDE)
    assert 0 <= digits.images.min() <= digits.images.max() <= 1
    assert digits.labels.tolist() == LABELS.tolist()


def images(folder: Path) -> Path:
    return folder / "train-images-idx3-ubyte"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (idx(IMAGES)[:-1], "cut off (548799 of 548800 bytes"),
        (idx(IMAGES) + b"\0", "longer than it says"),
        (idx(IMAGES)[:9], "cut off in its head"),
        (idx(LABELS), "no IDX file of images (it begins with 00 00 08 01"),
        (b"", "it begins with nothing"),
        (b"<html>", "it begins with 3c 68 74 6d"),
        (gzip.compress(idx(IMAGES))[:1000], "gzip cannot unpack it"),
        (idx(IMAGES[:0]), "is empty"),
        (idx(IMAGES[:650]), "650 images and train-labels-idx1-ubyte.gz 700 labels"),
    ],
)
def test_a_wrong_file_is_one_sentence(folder: Path, data: bytes, said: str) -> None:
    images(folder).write_bytes(data)
    with pytest.raises(SomatoneError) as caught:
        load_digits(folder)
    assert said in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_a_label_beyond_nine_and_a_missing_file_are_said(folder: Path) -> None:
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(LABELS + 1)))
    with pytest.raises(SomatoneError, match="label 10"):
        load_digits(folder)
    images(folder).unlink()
    with pytest.raises(SomatoneError, match="holds no train-images"):
        load_digits(folder)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_rubbish_raises_only_our_own_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(data)
    try:
        read_idx(path, 1)
    except SomatoneError:
        return
    assert data.startswith(bytes((0, 0, 8, 1))) or data.startswith(b"\x1f\x8b")


def test_resizing_keeps_a_flat_image_flat() -> None:
    assert np.allclose(resized(np.full((2, 28, 28), 0.25)), 0.25)
    assert np.allclose(resized(np.full((2, 8, 8), 0.75)), 0.75)
