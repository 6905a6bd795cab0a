"""`somatone speakers`: every output speaks once, alone, and as many tones as its number."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from somatone.commands.speakers import NOISE_S, STEP_S, SpeakersOptions, speakers_command, walk
from somatone.space.layouts import find_layout


def test_the_walk_visits_every_output_in_order_and_can_go_on() -> None:
    layout = find_layout("5.1")
    once = list(walk(layout, 1))
    assert [output for _, output in once] == [1, 2, 3, 4, 5, 6]
    for (at_s, output), (next_s, _) in pairwise(once):
        assert next_s - at_s > NOISE_S + STEP_S * output  # it has finished speaking
    endless = walk(layout, 0)
    assert [next(endless)[1] for _ in range(8)] == [1, 2, 3, 4, 5, 6, 1, 2]


@pytest.mark.skipif(shutil.which("scsynth") is None, reason="scsynth is not installed")
def test_each_output_speaks_alone_and_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    speakers_command(SpeakersOptions("quad", render=tmp_path / "walk.wav"))
    assert "back right" in capsys.readouterr().out
    samples, rate_hz = soundfile.read(tmp_path / "walk.wav", always_2d=True)
    for at_s, output in walk(find_layout("quad"), 1):
        spoken = samples[round(at_s * rate_hz) : round((at_s + NOISE_S + STEP_S * output) * rate_hz)]
        energy = np.square(spoken).sum(axis=0)
        assert energy[output - 1] > 0.9999 * energy.sum()
        tones = np.abs(spoken[round(NOISE_S * rate_hz) - 480 :, output - 1])
        loud = tones[: len(tones) // 480 * 480].reshape(-1, 480).max(axis=1) > 0.02
        assert np.count_nonzero(np.diff(loud.astype(int)) == 1) + int(loud[0]) == output
