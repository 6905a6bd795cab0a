"""The synthesised library, and a way to render actions and get the samples."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from somatone.library import ensure_library
from somatone.records import Control, Note
from somatone.sinks.sound.score import render
from somatone.sinks.sound.wiring import Wiring
from somatone.space.layouts import Given, find_layout

Samples = npt.NDArray[np.float64]
Hear = Callable[..., Samples]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return ensure_library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="session")
def needs_scsynth() -> None:
    if shutil.which("scsynth") is None:
        pytest.skip("scsynth is not installed: nothing can be rendered")


@pytest.fixture
def hear(library: Mapping[str, Path], tmp_path: Path) -> Hear:
    if shutil.which("scsynth") is None:
        pytest.skip("scsynth is not installed: nothing can be rendered")

    def render_samples(
        actions: Iterable[Control | Note],
        duration_s: float,
        voices: Sequence[str],
        layout: Given = "stereo",
        inserts: tuple[str, ...] = (),
        through: tuple[str, ...] = (),
    ) -> Samples:
        wiring = Wiring(find_layout(layout), inserts, through)
        report = render(actions, duration_s, tmp_path / "heard.wav", voices, library, seed=1, wiring=wiring)
        samples: Samples = soundfile.read(report.path, always_2d=True)[0]
        return samples

    return render_samples
