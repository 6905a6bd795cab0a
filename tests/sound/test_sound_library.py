"""The embedded library: deterministic, six different recordings, made once and whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

from somatone.errors import SomatoneError
from somatone.library import ensure_library
from somatone.library.synthesise import RECIPES, synthesise


def test_recordings_are_as_promised(library: Mapping[str, Path]) -> None:
    assert list(library) == list(RECIPES)
    spectra = []
    for name, path in library.items():
        samples, rate = soundfile.read(path)
        assert rate == 48_000
        assert samples.ndim == 1
        assert 5 <= len(samples) / rate <= 15, name
        assert abs(samples.mean()) < 1e-3
        assert 0.75 < np.abs(samples).max() < 0.85
        # The join from end to start is no louder than the loudest step inside.
        assert abs(samples[0] - samples[-1]) <= np.abs(np.diff(samples)).max()
        bands = np.add.reduceat(np.square(np.abs(np.fft.rfft(samples))), [100, 1000, 3000, 8000, 20000, 40000])
        envelope = np.sqrt(np.square(samples[: len(samples) // 960 * 960]).reshape(-1, 960).mean(axis=1))
        spectra.append([*np.log10(bands / bands.sum() + 1e-6), envelope.std() / envelope.mean()])
    for index, one in enumerate(spectra):
        for other in spectra[:index]:
            assert np.linalg.norm(np.subtract(one, other)) > 0.3


def test_the_same_samples_every_time() -> None:
    assert np.array_equal(synthesise("keyboard"), synthesise("keyboard"))


def test_it_is_made_once_and_mended(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    paths = ensure_library(tmp_path / "a", lambda share, name: told.append((share, name)))
    assert [name for _, name in told] == [*RECIPES, ""]
    made = {path: path.stat().st_mtime_ns for path in paths.values()}
    ensure_library(tmp_path / "a", lambda share, name: pytest.fail("made twice"))
    assert made == {path: path.stat().st_mtime_ns for path in paths.values()}
    paths["metal"].write_bytes(b"cut short")
    mended = ensure_library(tmp_path / "a")
    assert soundfile.info(mended["metal"]).frames > 48_000
    assert not list((tmp_path / "a").glob(".*"))


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SomatoneError, match="cannot be written"):
        ensure_library(tmp_path / "file" / "library")
