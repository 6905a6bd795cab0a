"""Passes a recording through a model, chunk by chunk: memory does not grow with its length.

A streaming model is fed chunk after chunk. One that is not hears a second more on either side, and chunks are faded
into each other. The output has the recording's length, mono, at the model's own rate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from somatone.library.measures import Samples
from somatone.voice.model import VoiceModel
from somatone.voice.torch_extra import VoiceError, import_torch

CHUNK_S = 8.0
CONTEXT_S = 1.0
FADE_S = 0.05
READ_FRAMES = 1 << 16


@dataclass(frozen=True, slots=True)
class Bend:
    """What is done to the latents between `encode` and `decode`: nothing, noise, or a push of some of them."""

    noise: float = 0.0
    bias: Mapping[int, float] = field(default_factory=dict)
    seed: int = 0


def parse_bias(texts: tuple[str, ...], latents: int) -> dict[int, float]:
    """`0=1.5` as {0: 1.5}. Raises VoiceError for one that is none, or a latent that the model does not have."""
    found: dict[int, float] = {}
    for text in texts:
        number, _, value = text.partition("=")
        try:
            found[int(number)] = float(value)
        except ValueError:
            raise VoiceError(f"--bias {text!r} is none: write LATENT=VALUE, as 0=1.5.") from None
        if not 0 <= int(number) < latents or not np.isfinite(found[int(number)]):
            raise VoiceError(f"--bias {text!r}: the model has the latents 0 to {latents - 1}, and values are numbers.")
    return found


def render_file(
    model: VoiceModel, source: Path, out: Path, bend: Bend, progress: Callable[[float], None] = lambda share: None
) -> float:
    """Write what the model makes of `source` to `out` (24 bit WAV), whole or not at all; its length in seconds.

    The same seed gives the same samples. Raises VoiceError when a file cannot be read or written.
    """
    torch = import_torch()
    torch.manual_seed(bend.seed)
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with (
            soundfile.SoundFile(source) as file,
            soundfile.SoundFile(part, "w", model.rate_hz, 1, "PCM_24", format="WAV") as written,
        ):
            total = max(1, round(file.frames / file.samplerate * model.rate_hz))
            for sound in rendered(model, _at_rate(file, model.rate_hz), bend):
                written.write(np.clip(sound[: total - written.frames], -1, 1))
                progress(written.frames / total)
        part.replace(out)
    except (OSError, soundfile.SoundFileError) as error:
        reason = getattr(error, "error_string", "") or str(error)
        raise VoiceError(f"{source} cannot be rendered to {out}: {reason.strip().rstrip('.')}.") from None
    finally:
        part.unlink(missing_ok=True)
    return float(total / model.rate_hz)


def rendered(model: VoiceModel, blocks: Iterator[Samples], bend: Bend) -> Iterator[Samples]:
    """What the model makes of blocks of sound at its rate, in whole frames (the end is filled with silence)."""
    model.reset()
    size = max(1, round(CHUNK_S * model.rate_hz / model.frame)) * model.frame
    if model.streaming:
        for chunk in _chunks(blocks, size, model.frame):
            yield _through(model, chunk, bend)
    else:
        yield from _overlapped(model, blocks, bend, size)


def _overlapped(model: VoiceModel, blocks: Iterator[Samples], bend: Bend, size: int) -> Iterator[Samples]:
    """Chunks that heard some of their neighbours, each faded into the next."""
    context = max(1, round(CONTEXT_S * model.rate_hz / model.frame)) * model.frame
    fade = min(int(FADE_S * model.rate_hz), context)
    rise = np.linspace(0, 1, fade, dtype=np.float32)
    chunks = _chunks(blocks, size, model.frame)
    before: Samples = np.zeros(context, np.float32)
    tail: Samples | None = None
    chunk = next(chunks, None)
    while chunk is not None:
        after = next(chunks, None)
        ahead = np.zeros(context, np.float32)
        if after is not None:
            ahead[: min(context, len(after))] = after[:context]
        heard = np.concatenate([before, chunk, ahead])
        sound = _through(model, heard, bend)[context : context + len(chunk) + fade]
        if tail is not None:
            sound[:fade] = sound[:fade] * rise + tail * (1 - rise)
        tail = sound[len(chunk) :].copy()
        yield sound[: len(chunk)]
        before = np.concatenate([before, chunk])[-context:]
        chunk = after


def _through(model: VoiceModel, sound: Samples, bend: Bend) -> Samples:
    torch = import_torch()
    value: Any = torch.from_numpy(sound)[None, None]
    if bend.noise or bend.bias:
        latent = model.call("encode", value)
        latent = latent + bend.noise * torch.randn(latent.shape)
        for number, push in bend.bias.items():
            latent[:, number] += push
        made = model.call("decode", latent)
    else:
        made = model.call("forward", value)
    return np.nan_to_num(np.asarray(made[0].mean(dim=0).numpy(), np.float32))


def _chunks(blocks: Iterator[Samples], size: int, frame: int) -> Iterator[Samples]:
    """Chunks of `size`; the last is filled with silence to a whole frame."""
    rest: Samples = np.zeros(0, np.float32)
    for block in blocks:
        rest = np.concatenate([rest, block])
        while len(rest) >= size:
            yield rest[:size]
            rest = rest[size:]
    if len(rest):
        yield np.pad(rest, (0, -len(rest) % frame))


def _at_rate(file: soundfile.SoundFile, rate_hz: int) -> Iterator[Samples]:
    """The recording, mono, at the model's rate, block by block."""
    change = soxr.ResampleStream(file.samplerate, rate_hz, 1, dtype="float32")
    same = file.samplerate == rate_hz
    while len(block := file.read(READ_FRAMES, dtype="float32", always_2d=True)):
        mono = np.nan_to_num(block.mean(axis=1, dtype=np.float32))
        yield mono if same else change.resample_chunk(mono)
    if not same:
        yield change.resample_chunk(np.zeros(0, np.float32), last=True)
