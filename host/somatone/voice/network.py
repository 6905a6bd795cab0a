"""A small variational autoencoder of sound, with the methods and buffers that nn~ and RAVE models have.

    sound -> spectrum (causal window, one frame each RATIO samples) -> BANDS log levels, as the ear spaces them
          -> causal convolutions -> mean and spread of LATENTS numbers
    LATENTS numbers -> causal convolutions -> band levels -> a noise with that spectrum -> sound

Sound is made anew from noise, so it breathes and whispers whatever it heard; a few latents for everything make it
bland. Both are the point. Causal, with the past in `cache` buffers: chunks follow each other without a seam.

Surprise: torch.jit.script compiles this file from its source, so its annotations are read, not only checked.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

RATE_HZ = 48_000
WINDOW = 2048
RATIO = 512
BANDS = 80
LATENTS = 8
WIDTH = 96
LOWEST_DB, SPAN_DB = -100.0, 50.0  # levels are learnt as (dB - LOWEST_DB) / SPAN_DB - 1


class CausalConv(nn.Module):
    """A convolution over frames that sees only the past; while streaming it keeps the last two frames."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, 3)
        self.register_buffer("cache", torch.zeros(1, inputs, 2))

    def forward(self, x: Tensor, streaming: bool) -> Tensor:
        if streaming:
            x = torch.cat([self.cache, x], 2)
            self.cache.copy_(x[:, :, -2:])
        else:
            x = nn.functional.pad(x, (2, 0))
        return self.conv(x)


class SmallVoice(nn.Module):
    """`encode`, `decode`, `forward` on 1 x channels x time; `levels`, `encoded`, `decoded` on batches, for training."""

    def __init__(self) -> None:
        super().__init__()
        self.sr = RATE_HZ
        # The compiled methods see no globals, only what stands here.
        self.size, self.hop, self.count = WINDOW, RATIO, LATENTS
        self.lowest_db, self.span_db = LOWEST_DB, SPAN_DB
        self.enter = CausalConv(BANDS, WIDTH)
        self.inner = CausalConv(WIDTH, WIDTH)
        self.latent = nn.Conv1d(WIDTH, 2 * LATENTS, 1)
        self.leave = CausalConv(LATENTS, WIDTH)
        self.outer = CausalConv(WIDTH, WIDTH)
        self.level = nn.Conv1d(WIDTH, BANDS, 1)
        window = torch.hann_window(WINDOW)
        bands = band_weights()
        self.register_buffer("window", window)
        self.register_buffer("bands", bands)
        self.register_buffer("spread", spread_weights(bands))
        self.register_buffer("heard_cache", torch.zeros(1, 1, WINDOW - RATIO))
        self.register_buffer("made_cache", torch.zeros(1, 1, WINDOW - RATIO))
        for name, shape in (
            ("encode", (1, 1, LATENTS, RATIO)),
            ("decode", (LATENTS, RATIO, 1, 1)),
            ("forward", (1, 1, 1, 1)),
        ):
            self.register_buffer(f"{name}_params", torch.tensor(shape))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode", "forward"]

    @torch.jit.export
    def levels(self, sound: Tensor) -> Tensor:
        """Band levels of sound that begins WINDOW - RATIO samples before its first frame: batch x BANDS x frames."""
        frames = sound[:, 0].unfold(1, self.size, self.hop) * self.window
        power = torch.fft.rfft(frames).abs().square() / (self.window.square().sum() * self.size / 2)
        level = 10 * torch.log10(power @ self.bands + 1e-12)
        return ((level - self.lowest_db) / self.span_db - 1).clamp(-1.0, 1.2).transpose(1, 2)

    def encoded(self, levels: Tensor, streaming: bool) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the latents."""
        hidden = nn.functional.silu(self.enter(levels, streaming))
        hidden = nn.functional.silu(self.inner(hidden, streaming))
        both = self.latent(hidden)
        return both[:, : self.count], both[:, self.count :].clamp(-8.0, 3.0)

    def decoded(self, latents: Tensor, streaming: bool) -> Tensor:
        """Band levels that the latents stand for."""
        hidden = nn.functional.silu(self.leave(latents, streaming))
        hidden = nn.functional.silu(self.outer(hidden, streaming))
        return self.level(hidden)

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        x = torch.cat([self.heard_cache, x], 2)
        self.heard_cache.copy_(x[:, :, -(self.size - self.hop) :])
        return self.encoded(self.levels(x), True)[0]

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        level = (self.decoded(z, True) + 1) * self.span_db + self.lowest_db
        power = torch.pow(10.0, level.clamp(max=0.0) / 10).transpose(1, 2) @ self.spread
        frames = power.shape[1]
        noise = torch.fft.rfft(torch.randn(1, frames, self.size))
        sound = torch.fft.irfft(noise * power.sqrt(), n=self.size) * self.window
        made = torch.zeros(1, 1, (frames - 1) * self.hop + self.size)
        for k in range(frames):
            made[0, 0, k * self.hop : k * self.hop + self.size] += sound[0, k]
        made[:, :, : self.size - self.hop] += self.made_cache
        self.made_cache.copy_(made[:, :, frames * self.hop :])
        return made[:, :, : frames * self.hop]

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


def band_weights() -> Tensor:
    """Triangles over the bins, evenly spaced in mel from 50 Hz to 18 kHz: bins x BANDS, each bin shared out whole."""
    centres = torch.linspace(_mel(50.0), _mel(18_000.0), BANDS)
    bins = torch.tensor([_mel(k * RATE_HZ / WINDOW) for k in range(WINDOW // 2 + 1)])
    step = centres[1] - centres[0]
    weights = (1 - (bins[:, None] - centres[None]).abs() / step).clamp(min=0)
    weights[bins < centres[0]] = 0
    return weights


def spread_weights(bands: Tensor) -> Tensor:
    """Band powers back to the power of each bin of unit noise, BANDS x bins, so that overlapped windows add up."""
    overlap = float(torch.hann_window(WINDOW).square().sum()) / RATIO
    return (bands / bands.sum(0, keepdim=True).clamp(min=0.3)).T * (WINDOW / 2) / overlap


def _mel(hz: float) -> float:
    return 2595 * math.log10(1 + hz / 700)
