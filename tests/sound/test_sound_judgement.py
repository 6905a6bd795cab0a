"""One control between the machine's rendering and what a person chose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from somatone.library.selection import Recordings
from somatone.records import Control
from somatone.sinks.sound.score import render

RATE_HZ = 48_000
HUMAN_HZ, MACHINE_HZ = 300.0, 2000.0


def tone(path: Path, pitch_hz: float) -> Path:
    seconds = np.arange(2 * RATE_HZ) / RATE_HZ
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * pitch_hz * seconds), RATE_HZ)
    return path


def power_near(samples: np.ndarray, pitch_hz: float) -> float:
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    return float(power[np.abs(frequencies - pitch_hz) < 150].sum())


@pytest.mark.parametrize(("judgement", "low", "high"), [(1.0, 0.0, 1e-4), (0.5, 0.25, 0.75), (0.0, 0.9999, 1.0)])
def test_judgement_is_the_share_of_what_a_person_chose(
    tmp_path: Path, judgement: float, low: float, high: float
) -> None:
    pytest.importorskip("supriya")
    library = Recordings({name: tone(tmp_path / f"{name}.wav", HUMAN_HZ) for name in ("a", "b", "c")})
    library |= {f"{name} (machine)": tone(tmp_path / f"{name}m.wav", MACHINE_HZ) for name in ("a", "b", "c")}
    library.twins = 3
    settings = {"judgement": judgement, "density": 60.0, "spread": 0.0, "size": 0.2, "source": 0.5}
    actions = [Control("grains", name, value, 0.0) for name, value in settings.items()]
    out = tmp_path / "out.wav"
    render(actions, 6.0, out, ["grains"], library, 1)
    samples, _ = soundfile.read(out)
    mono = samples[2 * RATE_HZ :].mean(axis=1)
    machine, human = power_near(mono, MACHINE_HZ), power_near(mono, HUMAN_HZ)
    assert low <= machine / (machine + human) <= high
