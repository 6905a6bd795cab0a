"""Laboratory recordings of skin conductance that lie inside installed packages, as 4 Hz samples in nS.

systole (GPL-3): 25 minutes at 1000 Hz, one person in an emotion task (Legrand et al. 2020, doi
10.1038/s41598-020-71858-2). pyphysio (GPL-3): 2 minutes at 2048 Hz. Both are read where pip put them, never copied,
and their code is not run.
"""

from __future__ import annotations

import bz2
import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def laboratory() -> Iterator[tuple[str, list[int]]]:
    """(name, samples) of every recording whose package is installed."""
    if path := packaged("systole", "Task1_EDA.npy"):
        yield "systole, 25 min", _at_4_hz(np.load(path), 1000)
    if path := packaged("pyphysio", "medical.txt.bz2"):
        with bz2.open(path, "rt", encoding="ascii") as file:
            column = np.loadtxt(file, usecols=1)
        yield "pyphysio, 2 min", _at_4_hz(column, 2048)


def packaged(package: str, name: str) -> Path | None:
    """Where an installed package keeps a file, None without the package or the file."""
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    paths = (Path(str(file.locate())) for file in files if file.name == name)
    return next((path for path in paths if path.is_file()), None)


def _at_4_hz(microsiemens: NDArray[np.float64], rate_hz: int) -> list[int]:
    """Means over a quarter of a second, rounded to nS."""
    block = rate_hz // 4
    whole = microsiemens[: len(microsiemens) // block * block]
    return [round(v * 1000) for v in whole.reshape(-1, block).mean(axis=1)]
