"""An exported model as nn~ and RAVE write them: TorchScript, with a buffer `<method>_params` for each method.

Four numbers each: channels in, samples per frame in, channels out, samples per frame out. `encode` [1, 1, n, r] gives
n latents every r samples, `decode` takes them back to sound. A model that was exported for streaming keeps the past in
buffers (named *pad or *cache): chunks that follow each other then need no overlap, and a new file begins with zeros.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from somatone.voice.torch_extra import VoiceError, import_torch

STATE = re.compile(r"(^|[._])(pad|cache)$")
RATE_NAMES = ("sr", "sampling_rate", "sample_rate")
NEEDED = ("encode", "decode", "forward")


@dataclass(frozen=True, slots=True)
class Method:
    """A method's declared shape: channels, and how many samples one frame stands for, in and out."""

    in_channels: int
    in_ratio: int
    out_channels: int
    out_ratio: int


class VoiceModel:
    """A loaded model. Tensors are 1 x channels x frames. Raises VoiceError in one sentence where it is unusable."""

    def __init__(self, path: Path, rate_hz: int | None = None) -> None:
        torch = import_torch()
        self.path = path
        if not path.is_file():
            raise VoiceError(f"{path} does not exist: give the .ts file that RAVE exported.")
        try:
            self._module = torch.jit.load(str(path), map_location="cpu").eval()
        except Exception:  # torch raises whatever its readers meet
            raise VoiceError(
                f"{path} is no TorchScript model: export it with `rave export`, which writes .ts."
            ) from None
        self.methods = {name: self._method(name) for name in NEEDED}
        self.rate_hz = self._rate(rate_hz)
        self._state = [buffer for name, buffer in self._module.named_buffers() if STATE.search(name)]
        self._check_shapes()

    @property
    def streaming(self) -> bool:
        """Whether it remembers the chunk before."""
        return bool(self._state)

    @property
    def latents(self) -> int:
        return self.methods["encode"].out_channels

    @property
    def frame(self) -> int:
        """Samples that belong together: chunks must be a multiple of it."""
        return max(self.methods["encode"].out_ratio, self.methods["decode"].in_ratio)

    def reset(self) -> None:
        """Forget what was heard before."""
        for buffer in self._state:
            buffer.zero_()

    def call(self, method: str, value: Any) -> Any:
        """Run one method. Raises VoiceError when the model itself fails."""
        torch = import_torch()
        try:
            with torch.inference_mode():
                return getattr(self._module, method)(value)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise VoiceError(f"{self.path}: its method {method!r} failed ({reason[:160]}).") from None

    def _method(self, name: str) -> Method:
        numbers = getattr(self._module, f"{name}_params", None)
        if not hasattr(self._module, name):
            raise VoiceError(f"{self.path} has no method {name!r}: it is no RAVE model as `rave export` writes it.")
        if numbers is None or numbers.numel() != 4 or int(numbers.min()) < 1:
            raise VoiceError(f"{self.path} does not declare the ratios of {name!r} ({name}_params): export it again.")
        return Method(*(int(number) for number in numbers.flatten()))

    def _rate(self, asked_hz: int | None) -> int:
        said = [getattr(self._module, name, None) for name in RATE_NAMES]
        declared = next((int(rate) for rate in said if isinstance(rate, int | float) and rate > 0), None)
        if declared and asked_hz and asked_hz != declared:
            raise VoiceError(f"{self.path} was trained at {declared} Hz, not at {asked_hz} Hz: leave --rate away.")
        rate = declared or asked_hz
        if rate is None:
            raise VoiceError(f"{self.path} does not say its sample rate: give it with --rate, as --rate 44100.")
        if not 4000 <= rate <= 192_000:
            raise VoiceError(
                f"{self.path} says a sample rate of {rate} Hz, which cannot be right: give it with --rate."
            )
        return rate

    def _check_shapes(self) -> None:
        """What it declares is what it does: found out on silence, before hours of sound go in."""
        torch = import_torch()
        encode, decode = self.methods["encode"], self.methods["decode"]
        if encode.in_channels != 1 or encode.out_channels != decode.in_channels:
            raise VoiceError(
                f"{self.path} takes {encode.in_channels} channels and gives {encode.out_channels} latents for "
                f"{decode.in_channels}: only models of mono sound can be used."
            )
        frames = max(1, 16_384 // self.frame)
        latent = self.call("encode", torch.zeros(1, 1, frames * self.frame))
        sound = self.call("decode", latent)
        wanted = (frames * self.frame // encode.out_ratio, frames * self.frame)
        if (latent.shape[1], latent.shape[2], sound.shape[2]) != (encode.out_channels, *wanted):
            raise VoiceError(
                f"{self.path} declares {encode.out_channels} latents every {encode.out_ratio} samples, but gives "
                f"{latent.shape[1]} x {latent.shape[2]} for {wanted[1]} samples: export it again."
            )
        self.reset()
