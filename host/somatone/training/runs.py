"""Where the recorded runs are: those made on this machine, else the small ones that come with the package."""

from __future__ import annotations

from pathlib import Path

from somatone import paths
from somatone.errors import SomatoneError, UsageError
from somatone.training.presets import PRESETS

SUFFIX = ".mcap"


def made_dir() -> Path:
    """Where `somatone train --all` puts them."""
    return paths.cache_dir() / "runs"


def shipped_dir() -> Path:
    return paths.PACKAGE / "training" / "runs"


def run_path(preset: str) -> Path:
    """The recorded run of a preset. Raises `UsageError` for a wrong name, `SomatoneError` where it is missing."""
    if preset not in PRESETS:
        raise UsageError(f"there is no run {preset!r}: give one of {', '.join(PRESETS)}.")
    for folder in (made_dir(), shipped_dir()):
        path = folder / (preset + SUFFIX)
        if path.is_file():
            return path
    raise SomatoneError(
        f"This machine neither trains (somatone[training] is not installed) nor has a recorded run of {preset!r}: "
        f"make them elsewhere with `somatone train --all --record FOLDER` and copy them to {made_dir()}."
    )
