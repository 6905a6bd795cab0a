"""Trains the small voice on a library and writes it as a model that `voice render`, nn~ and RAVE's own tools can load.

Loss: the mean distance of band levels plus the usual pull of the latents towards a normal distribution. Checkpoint
after each epoch, written whole or not at all: a stopped training goes on where it was, with the same random numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from somatone.library.measures import Samples
from somatone.voice.torch_extra import VoiceError, import_torch

BATCH, FRAMES = 16, 48
STEPS_IN_EPOCH = 60
RATE = 2e-3
PULL = 2e-3  # weight of the pull towards the normal distribution
LEAST_S = 3.0
Tensor = Any


@dataclass(frozen=True, slots=True)
class Epoch:
    """Where training is: mean distance of levels in dB, and the pull in nats a frame."""

    number: int
    distance_db: float
    pull: float
    share: float


def train(
    sounds: Sequence[Samples], out: Path, minutes: float, seed: int, progress: Callable[[Epoch], None] = lambda e: None
) -> Epoch:
    """Train on sounds (mono, 48 kHz) for about `minutes` in all, resumed or not, and write `out`. Raises VoiceError."""
    torch = import_torch()
    from somatone.voice import network  # noqa: PLC0415 - it needs torch to be imported at all

    torch.manual_seed(seed)
    model = network.SmallVoice()
    levels = _levels(model, sounds)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    checkpoint = out.with_suffix(".checkpoint")
    spent_s, epoch = _resume(checkpoint, model, optimiser, seed)
    while spent_s < minutes * 60 or epoch.number == 0:
        begun_s = time.monotonic()
        distance_db, pull = _one_epoch(model, optimiser, levels)
        spent_s += time.monotonic() - begun_s
        epoch = Epoch(epoch.number + 1, distance_db, pull, min(1.0, spent_s / (minutes * 60)))
        _save(checkpoint, model, optimiser, seed, spent_s, epoch)
        progress(epoch)
    export(model, out)
    checkpoint.unlink(missing_ok=True)
    return epoch


def export(model: Any, out: Path) -> None:
    """Write the model as TorchScript, whole or not at all, with nothing of what it heard last."""
    torch = import_torch()
    model.eval()
    for name, buffer in model.named_buffers():
        if name.endswith("cache"):
            buffer.zero_()
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        torch.jit.script(model).save(str(part))
        part.replace(out)
    except OSError as error:
        raise VoiceError(f"{out} cannot be written ({error.strerror}).") from None


def _levels(model: Any, sounds: Sequence[Samples]) -> Tensor:
    """Band levels of all sounds in one row with silence between them: 1 x bands x frames."""
    torch = import_torch()
    if sum(map(len, sounds)) < LEAST_S * 48_000:
        raise VoiceError(f"There are less than {LEAST_S:g} s of kept gestures: keep more before training a voice.")
    gap = np.zeros(4 * 512, np.float32)
    pieces = []
    with torch.no_grad():
        for sound in sounds:
            padded = np.concatenate([np.zeros(1536, np.float32), sound, gap])
            pieces.append(model.levels(torch.from_numpy(padded)[None, None]))
    row = torch.cat(pieces, 2)
    return row.repeat(1, 1, -(-FRAMES // row.shape[2]) + 1) if row.shape[2] <= FRAMES else row


def _one_epoch(model: Any, optimiser: Any, levels: Tensor) -> tuple[float, float]:
    torch = import_torch()
    model.train()
    distances, pulls = 0.0, 0.0
    for _ in range(STEPS_IN_EPOCH):
        starts = torch.randint(0, levels.shape[2] - FRAMES, (BATCH,)).tolist()
        batch = torch.cat([levels[:, :, k : k + FRAMES] for k in starts])
        mean, log_variance = model.encoded(batch, False)
        latents = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        distance = (model.decoded(latents, False) - batch).abs().mean()
        pull = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(1).mean()
        optimiser.zero_grad()
        (distance + PULL * pull).backward()
        optimiser.step()
        distances += float(distance.detach())
        pulls += float(pull.detach())
    return distances / STEPS_IN_EPOCH * 50.0, pulls / STEPS_IN_EPOCH


def _save(path: Path, model: Any, optimiser: Any, seed: int, spent_s: float, epoch: Epoch) -> None:
    torch = import_torch()
    part = path.with_name(f".{path.name}.part")
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "random": torch.get_rng_state(),
        "seed": seed,
        "spent_s": spent_s,
        "epoch": (epoch.number, epoch.distance_db, epoch.pull),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, part)
        part.replace(path)
    except (OSError, RuntimeError) as error:
        raise VoiceError(f"The checkpoint {path} cannot be written ({error}).") from None


def _resume(path: Path, model: Any, optimiser: Any, seed: int) -> tuple[float, Epoch]:
    """Where a stopped training was: seconds spent and the last epoch; the start where there is none."""
    torch = import_torch()
    if not path.is_file():
        return 0.0, Epoch(0, 0.0, 0.0, 0.0)
    try:
        state = torch.load(path, weights_only=True)
        if state["seed"] != seed:
            raise VoiceError(f"{path} is of a training with seed {state['seed']}: go on with that, or delete it.")
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
        number, distance_db, pull = state["epoch"]
        epoch = Epoch(int(number), float(distance_db), float(pull), 0.0)
        return float(state["spent_s"]), epoch
    except VoiceError:
        raise
    except Exception as error:
        raise VoiceError(f"The checkpoint {path} cannot be read ({type(error).__name__}): delete it.") from None
