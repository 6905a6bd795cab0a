"""The one place that imports torch, and says in a sentence what to do where it is missing."""

from __future__ import annotations

from typing import Any

from somatone.errors import SomatoneError


class VoiceError(SomatoneError):
    """A model cannot be used, or what it was asked to do cannot be done."""


def import_torch() -> Any:
    """The torch module. Raises VoiceError without it."""
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        raise VoiceError("The machine voice needs torch: install somatone with its [rave] extra.") from None
    torch.set_num_threads(1)  # these networks are small: threads that wait for each other cost more than they give
    return torch
