"""The machine voice: exported models with known behaviour, wrong models, training that resumes. Needs torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bench.made_gestures import make_recording
from somatone.voice.model import VoiceModel
from somatone.voice.render import Bend, parse_bias, render_file, rendered
from somatone.voice.torch_extra import VoiceError

pytest.importorskip("torch", reason="the extra [rave] is not installed: torch is missing")
import torch

RATIO = 256


class Folding(torch.nn.Module):
    """Latents are the samples themselves, RATIO to a frame, and back at half the level: what comes out is known."""

    def __init__(self, ratio: int, rate_hz: int) -> None:
        super().__init__()
        self.sr = rate_hz
        self.ratio = ratio
        shapes = {"encode": (1, 1, ratio, ratio), "decode": (ratio, ratio, 1, 1), "forward": (1, 1, 1, 1)}
        for name, shape in shapes.items():
            self.register_buffer(f"{name}_params", torch.tensor(shape))

    @torch.jit.export
    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(x.shape[0], -1, self.ratio).transpose(1, 2)

    @torch.jit.export
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return 0.5 * z.transpose(1, 2).reshape(z.shape[0], 1, -1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decode(self.encode(x))


class Delaying(Folding):
    """The same, one frame later: it keeps the frame before, as a streaming export does."""

    def __init__(self, ratio: int, rate_hz: int) -> None:
        super().__init__(ratio, rate_hz)
        self.register_buffer("pad", torch.zeros(1, 1, ratio))

    @torch.jit.export
    def encode(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.cat([self.pad, x], 2)
        self.pad.copy_(x[:, :, -self.ratio :])
        return x[:, :, : -self.ratio].reshape(x.shape[0], -1, self.ratio).transpose(1, 2)


def saved(module: Any, path: Path) -> Path:
    torch.jit.script(module.eval()).save(str(path))
    return path


@pytest.fixture
def sound(tmp_path: Path) -> tuple[Path, np.ndarray]:
    samples = (0.5 * np.random.default_rng(4).standard_normal(48_000 * 10)).clip(-1, 1).astype(np.float32)
    path = tmp_path / "in.wav"
    soundfile.write(path, samples[:-37], 48_000, subtype="FLOAT")
    return path, samples[:-37]


@pytest.mark.parametrize("kind", [Folding, Delaying])
def test_a_long_file_has_no_seams(kind: type[Folding], tmp_path: Path, sound: tuple[Path, np.ndarray]) -> None:
    model = VoiceModel(saved(kind(RATIO, 48_000), tmp_path / "m.ts"))
    assert (model.rate_hz, model.latents, model.streaming) == (48_000, RATIO, kind is Delaying)
    path, samples = sound
    for out in ("a.wav", "b.wav"):  # the second is not to hear the first
        render_file(model, path, tmp_path / out, Bend())
        made, rate_hz = soundfile.read(tmp_path / out, dtype="float32")
        assert rate_hz == 48_000 and len(made) == len(samples)
        late = RATIO if kind is Delaying else 0
        assert np.abs(made[late:] - 0.5 * samples[: len(samples) - late]).max() < 1e-5
        assert not np.any(made[:late])


def test_latents_can_be_bent_and_repeated(tmp_path: Path, sound: tuple[Path, np.ndarray]) -> None:
    model = VoiceModel(saved(Folding(RATIO, 48_000), tmp_path / "m.ts"))
    bend = Bend(bias=parse_bias(("3=0.2",), model.latents))
    made = np.concatenate(list(rendered(model, iter([np.zeros(RATIO * 100, np.float32)]), bend)))
    assert np.allclose(made[3::RATIO], 0.1, atol=1e-6) and np.count_nonzero(made) == 100
    noisy = Bend(noise=0.1, seed=5)
    for out in ("a.wav", "b.wav"):
        render_file(model, sound[0], tmp_path / out, noisy)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    with pytest.raises(VoiceError, match="LATENT=VALUE"):
        parse_bias(("loud",), 4)
    with pytest.raises(VoiceError, match="latents 0 to 3"):
        parse_bias(("4=1",), 4)


def test_another_rate_is_resampled(tmp_path: Path) -> None:
    model = VoiceModel(saved(Folding(RATIO, 44_100), tmp_path / "m.ts"))
    time = np.arange(48_000 * 2) / 48_000
    soundfile.write(tmp_path / "in.flac", 0.8 * np.sin(2 * np.pi * 441 * time), 48_000)
    render_file(model, tmp_path / "in.flac", tmp_path / "out.wav", Bend())
    made, rate_hz = soundfile.read(tmp_path / "out.wav")
    assert rate_hz == 44_100 and len(made) == 88_200
    middle = made[10_000:80_000]
    expected = 0.4 * np.sin(2 * np.pi * 441 * (np.arange(10_000, 80_000) / 44_100))
    assert np.abs(middle - expected).max() < 1e-3


def _without(name: str) -> Callable[[], Any]:
    def make() -> Any:
        module = Folding(RATIO, 48_000)
        delattr(module, name)
        return module

    return make


def _false_ratio() -> Any:
    module = Folding(RATIO, 48_000)
    module.encode_params = torch.tensor((1, 1, RATIO, RATIO // 2))
    return module


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_without("encode_params"), "does not declare the ratios of 'encode'"),
        (_without("sr"), "does not say its sample rate"),
        (_false_ratio, "declares 256 latents every 128 samples"),
        (lambda: torch.nn.Linear(2, 2), "has no method 'encode'"),
        (lambda: Folding(RATIO, 3), "sample rate of 3 Hz"),
    ],
)
def test_a_wrong_model_is_one_sentence(make: Callable[[], Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match=said):
        VoiceModel(saved(make(), tmp_path / "wrong.ts"))


def test_no_model_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.ts").write_text("no model")
    with pytest.raises(VoiceError, match="is no TorchScript model"):
        VoiceModel(tmp_path / "text.ts")
    with pytest.raises(VoiceError, match="does not exist"):
        VoiceModel(tmp_path / "none.ts")
    with pytest.raises(VoiceError, match="was trained at 48000 Hz"):
        VoiceModel(saved(Folding(RATIO, 48_000), tmp_path / "m.ts"), 44_100)


def test_the_real_exporter_writes_what_is_read(tmp_path: Path, sound: tuple[Path, np.ndarray]) -> None:
    nn_tilde = pytest.importorskip("nn_tilde", reason="nn-tilde is not installed: it asks for another torch")

    class Exported(nn_tilde.Module):  # type: ignore[name-defined, misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__(sr=48_000)
            self.register_method("encode", 1, 1, 4, 512)
            self.register_method("decode", 4, 512, 1, 1)
            self.register_method("forward", 1, 1, 1, 1)

        @torch.jit.export
        def encode(self, x: torch.Tensor) -> torch.Tensor:
            return x.reshape(x.shape[0], -1, 512).transpose(1, 2)[:, :4]

        @torch.jit.export
        def decode(self, z: torch.Tensor) -> torch.Tensor:
            return z.repeat_interleave(128, 1).transpose(1, 2).reshape(z.shape[0], 1, -1)

        @torch.jit.export
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.decode(self.encode(x))

    Exported().export_to_ts(str(tmp_path / "real.ts"))
    model = VoiceModel(tmp_path / "real.ts")
    assert (model.rate_hz, model.latents, model.frame) == (48_000, 4, 512)
    render_file(model, sound[0], tmp_path / "out.wav", Bend())
    assert soundfile.info(tmp_path / "out.wav").frames == len(sound[1])


def test_training_learns_resumes_and_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from somatone.voice import train as training  # noqa: PLC0415 - needs torch

    monkeypatch.setattr(training, "STEPS_IN_EPOCH", 8)
    make_recording(tmp_path / "in.wav", 801, 8)
    sound, _ = soundfile.read(tmp_path / "in.wav", dtype="float32")
    epochs: list[training.Epoch] = []

    class Stopped(Exception):
        pass

    def stop_at_two(epoch: training.Epoch) -> None:
        epochs.append(epoch)
        if epoch.number == 2:
            raise Stopped

    with pytest.raises(Stopped):
        training.train([sound], tmp_path / "v.ts", 60.0, 1, stop_at_two)
    with pytest.raises(VoiceError, match="seed 1"):
        training.train([sound], tmp_path / "v.ts", 60.0, 2)
    last = training.train([sound], tmp_path / "v.ts", 1e-9, 1)
    assert last.number == 2 and last.distance_db < epochs[0].distance_db
    model = VoiceModel(tmp_path / "v.ts")
    assert model.streaming and model.frame == 512
    values = torch.from_numpy(sound[: 512 * 40])[None, None]
    whole = model.call("encode", values)
    model.reset()
    parts = [model.call("encode", values[:, :, k : k + 512 * 8]) for k in range(0, 512 * 40, 512 * 8)]
    assert torch.allclose(torch.cat(parts, 2), whole, atol=1e-5)
    made = np.concatenate(list(rendered(model, iter([sound]), Bend())))
    assert np.isfinite(made).all() and 0.001 < float(np.std(made)) < 1.0


def test_without_torch_it_is_one_sentence(tmp_path: Path) -> None:
    code = "import sys; sys.modules['torch'] = None; from somatone.__main__ import entry; entry()"
    (tmp_path / "m.ts").write_text("x")
    make_recording(tmp_path / "in.wav", 802, 3)
    done = subprocess.run(
        [sys.executable, "-c", code, "voice", "render", str(tmp_path / "m.ts"), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1 and "[rave] extra" in done.stderr and "Traceback" not in done.stderr
