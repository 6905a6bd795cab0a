"""Offline rendering by the real scsynth: repeatable, never silent by mistake, never clipped."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

from somatone.errors import SomatoneError, SoundError
from somatone.records import Control, Note
from somatone.sinks.sound.score import RenderReport, render
from somatone.voices import load_voices

ALL = list(load_voices())
pytestmark = pytest.mark.skipif(__import__("shutil").which("scsynth") is None, reason="scsynth is not installed")


def piece(duration_s: float) -> list[Control | Note]:
    """Fifty controls a second and a heart beat: what a busy minute of a piece sends."""
    actions: list[Control | Note] = []
    for step in range(int(duration_s * 50)):
        at_s = step / 50
        where = 0.5 + 0.5 * math.sin(at_s / 3)
        voice = ("grains", "drone", "breath", "space")[step % 4]
        spec = list(load_voices()[voice].controls.values())[1 + step // 4 % 5]
        actions.append(Control(voice, spec.name, spec.map(where), at_s))
        if step % 45 == 0:
            actions.append(Note("pulse", at_s, {"level": 0.5 + 0.4 * where}))
    return actions


def test_two_renders_are_identical_and_another_seed_differs(library: Mapping[str, Path], tmp_path: Path) -> None:
    def one(seed: int) -> RenderReport:
        return render(piece(8), 8, tmp_path / f"{seed}.wav", ALL, library, seed)

    first, again, other = one(1), one(1), one(2)
    assert first.sha256 == again.sha256 != other.sha256
    samples, rate = soundfile.read(first.path, dtype="int32", always_2d=True)
    assert hashlib.sha256(samples.tobytes()).hexdigest() == first.sha256
    assert (rate, samples.shape[1], soundfile.info(first.path).subtype) == (48_000, 2, "PCM_24")
    assert first.seconds == pytest.approx(8, abs=0.01)
    assert first.peak == pytest.approx(float(np.abs(samples / 2**31).max()))


def test_a_minute_of_the_whole_piece(library: Mapping[str, Path], tmp_path: Path) -> None:
    shares: list[float] = []
    begun_s = time.monotonic()
    report = render(piece(60), 60, tmp_path / "minute.wav", ALL, library, 1, shares.append)
    elapsed_s = time.monotonic() - begun_s
    print(f"60 s rendered in {elapsed_s:.2f} s: rms {report.rms:.3f}, peak {report.peak:.3f}")
    assert 0.03 < report.rms < 0.3
    assert report.peak < 10 ** (-0.9 / 20)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_everything_at_its_loudest_stays_below_full_scale(library: Mapping[str, Path], tmp_path: Path) -> None:
    loud = [Control(v.name, c.name, c.maximum, 0.0) for v in load_voices().values() for c in v.controls.values()]
    beats = [Note("pulse", at_s / 10, {"level": 1.0, "decay": 2.0}) for at_s in range(60)]
    report = render([*loud, *beats], 6, tmp_path / "loud.wav", ALL, library, 1)
    assert 0.5 < report.peak <= 0.901


def test_it_starts_from_silence(library: Mapping[str, Path], tmp_path: Path) -> None:
    smooth = [Control("grains", "brightness", 2000.0, 0.0)]
    report = render(smooth, 1, tmp_path / "start.wav", ["grains", "drone", "breath", "space"], library, 1)
    samples = soundfile.read(report.path)[0]
    assert np.abs(samples[:480]).max() < 0.01
    assert np.abs(np.diff(samples[:9600], axis=0)).max() < 0.05


def test_actions_out_of_order_and_not_finite(library: Mapping[str, Path], tmp_path: Path) -> None:
    actions: list[Control | Note] = [
        Note("pulse", 1.5, {}),
        Note("pulse", 0.5, {}),
        Control("master", "level", math.nan, 0.6),
        Control("master", "level", 0.9, math.inf),
        Note("pulse", 99.0, {}),
    ]
    report = render(actions, 2.5, tmp_path / "order.wav", ["pulse"], {}, 1)
    assert (report.actions, report.dropped) == (2, 2)
    samples = np.abs(soundfile.read(report.path)[0]).max(axis=1)
    assert samples[:23_000].max() < 1e-4 < samples[24_000:34_000].max()
    assert samples[72_000:80_000].max() > 1e-2


@pytest.mark.parametrize(
    ("actions", "telling"),
    [
        ([Control("grains", "levl", 1.0, 0.0)], "did you mean 'level'"),
        ([Note("pulse", 0.0, {"azimuth": 1.0}), Note("drone", 0.0, {})], "takes no notes"),
        ([Control("master", "level", 0.0, 0.0)], "silent"),
    ],
)
def test_errors_are_one_sentence(
    library: Mapping[str, Path], tmp_path: Path, actions: list[Control | Note], telling: str
) -> None:
    with pytest.raises(SomatoneError, match=telling):
        render(actions, 2, tmp_path / "wrong.wav", ALL, library, 1)


def test_a_recording_that_is_none_is_an_error(tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"not audio at all" * 100)
    with pytest.raises(SoundError, match="bad"):
        render([], 2, tmp_path / "out.wav", ALL, {"bad": bad}, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.wav"]


def test_a_target_that_cannot_be_written_is_an_error(library: Mapping[str, Path], tmp_path: Path) -> None:
    with pytest.raises(SoundError, match="cannot be written"):
        render([], 2, tmp_path / "nowhere" / "out.wav", ALL, library, 1)
    with pytest.raises(SoundError, match="between 0 and"):
        render([], math.nan, tmp_path / "out.wav", ALL, library, 1)


def test_missing_tools_are_named_with_their_packages(
    library: Mapping[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SoundError, match="apt-get install -y supercollider-server"):
        render([], 2, tmp_path / "out.wav", ALL, library, 1)
