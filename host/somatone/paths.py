"""Where things are kept: the user's state and cache, and the checkout's firmware and SynthDefs.

`SOMATONE_HOME` moves everything that is written to one folder (tests and kiosks use it).
"""

from __future__ import annotations

import os
from pathlib import Path

from somatone.errors import SomatoneError

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parents[1]


def _home(xdg_variable: str, fallback: str) -> Path:
    if home := os.environ.get("SOMATONE_HOME"):
        return Path(home)
    return Path(os.environ.get(xdg_variable) or Path.home() / fallback) / "somatone"


def state_dir() -> Path:
    """What must last: recordings, calibration, the artist's layer. Made when missing."""
    return _made(_home("XDG_STATE_HOME", ".local/state"))


def cache_dir() -> Path:
    """What can be made again: the synthesised audio library."""
    return _made(_home("XDG_CACHE_HOME", ".cache") / "cache")


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SomatoneError(
            f"{folder} cannot be made ({error.strerror}): set SOMATONE_HOME to a folder that can be written."
        ) from None
    return folder


def firmware_dir() -> Path:
    """The board's files, as they are copied to the board."""
    folder = CHECKOUT / "firmware"
    if not (folder / "main.py").is_file():
        raise SomatoneError(f"{folder} holds no firmware: run somatone from a full checkout of the project.")
    return folder


def micropython_dir() -> Path:
    """Where the set-up unpacks real MicroPython interpreters, one folder an architecture."""
    return CHECKOUT / ".micropython"


def pieces_dir() -> Path:
    return PACKAGE / "pieces"
