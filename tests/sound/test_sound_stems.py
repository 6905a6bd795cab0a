"""Stems: they are what was mixed, sample by sample; every format of a render says the same."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter

from somatone.errors import SoundError
from somatone.records import Control, Note
from somatone.sinks.sound.score import RenderReport, render
from somatone.sinks.sound.stems import container
from somatone.sinks.sound.wiring import Wiring
from somatone.space.layouts import find_layout

VOICES = ["grains", "drone", "pulse", "space"]
LATE = 24  # samples by which the master's limiter looks ahead
needs_scsynth = pytest.mark.skipif(shutil.which("scsynth") is None, reason="scsynth is not installed")


def softly(out: Path, library: Mapping[str, Path], layout: str, stems: bool) -> RenderReport:
    """Below everything that the master would hold back, so that it is linear."""
    actions: list[Control | Note] = [Control(voice, "level", 0.3, 0.0) for voice in ("grains", "drone")]
    actions += [Control("master", "level", 1.0, 0.0), Note("pulse", 1.0, {"level": 0.5})]
    wiring = Wiring(find_layout(layout), ("filter",), ("grains",))
    return render(actions, 3, out, VOICES, library, 1, None, wiring, stems)


@needs_scsynth
@pytest.mark.parametrize("layout", ["stereo", "5.1"])
def test_stems_add_up_to_the_mix_and_change_nothing_in_it(
    library: Mapping[str, Path], tmp_path: Path, layout: str
) -> None:
    plain = softly(tmp_path / "plain.wav", library, layout, False)
    report = softly(tmp_path / "mix.flac", library, layout, True)
    assert report.sha256 == plain.sha256
    assert [path.name for path in report.stems] == [f"mix-{n}.wav" for n in ("drone", "pulse", "inserts", "space")]
    mix = soundfile.read(report.path, always_2d=True)[0]
    whole = np.sum([soundfile.read(path, always_2d=True)[0] for path in report.stems], axis=0)
    heard = lfilter([1, -1], [1, -0.995], whole, axis=0)  # the master takes away what does not move
    apart = mix[LATE:][24_000:] - heard[:-LATE][24_000:]
    assert np.square(apart).mean() < 1e-9 * np.square(mix).mean()
    before = [path.read_bytes() for path in report.stems]
    softly(tmp_path / "mix.flac", library, layout, True)
    assert [path.read_bytes() for path in report.stems] == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["plain.wav", "mix.flac", *(path.name for path in report.stems)]
    )


def test_a_format_that_cannot_hold_the_channels_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match="cannot hold 9 channels"):
        render([], 1, tmp_path / "a.flac", [], {}, 1, None, Wiring(find_layout([[40 * n, 0] for n in range(9)])))
    with pytest.raises(SoundError, match=r"\.wav or \.flac"):
        render([], 1, tmp_path / "a.mp3", [], {}, 1)


def test_big_files_get_big_sizes() -> None:
    assert container(48_000 * 3600, 2, 3) == "WAV"
    assert container(48_000 * 3600, 8, 3) == "RF64"
