"""Starts a training process, on a leash: it dies with this one."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from somatone import paths
from somatone.errors import SomatoneError, UsageError
from somatone.ops.leash import leashed
from somatone.training.presets import PRESETS, RATE_HZ

MISSING = "To train, this machine needs jax: install somatone[training]; recorded runs play without it."


@dataclass(frozen=True, slots=True)
class Order:
    """What to train. `share` of one processor (0: as fast as it goes), `frames` 0 for ever."""

    preset: str
    seed: int = 1
    rate_hz: int = RATE_HZ
    share: float | None = None
    frames: int = 0
    data: Path | None = None
    at_once: bool = False
    nice: int | None = None

    def check(self) -> None:
        """Raises `UsageError` for a preset that is none, `SomatoneError` where jax is missing."""
        if self.preset not in PRESETS:
            raise UsageError(f"there is no run {self.preset!r}: give one of {', '.join(PRESETS)}.")
        if not can_train():
            raise SomatoneError(MISSING)

    def command(self) -> list[str]:
        words = [sys.executable, "-m", "somatone.training.child", "--preset", self.preset, "--seed", str(self.seed)]
        words += ["--rate", str(self.rate_hz), "--frames", str(self.frames)]
        words += ["--cache", str(paths.cache_dir() / "jax")]
        words += [] if self.share is None else ["--share", str(self.share)]
        words += [] if self.nice is None else ["--nice", str(self.nice)]
        words += [] if self.data is None else ["--data", str(self.data)]
        return words + ["--at-once"] * self.at_once


def can_train() -> bool:
    """Whether jax and its company are installed; nothing is imported."""
    return all(find_spec(name) for name in ("jax", "optax", "sklearn"))


async def start(order: Order) -> asyncio.subprocess.Process:
    """Start it with pipes on all three streams. Fork from the main thread (see `ops.leash`)."""
    roots = {str(paths.PACKAGE.parent), *(path for path in sys.path if path)}
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sorted(roots))}
    try:
        return await asyncio.create_subprocess_exec(
            *leashed(order.command()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C belongs to the parent
        )
    except OSError as error:
        raise SomatoneError(f"The training process does not start: {error.strerror}.") from None
