"""Watches a piece's files while it plays, so that whoever edits hears the change when the file is saved.

Files are looked at, not subscribed to: once a second costs nothing, works on every file system, and an editor that
writes a new file and renames it is no special case. A change counts when it has rested for one look: half-written files
are never read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from somatone.pieces.layer import layer_path
from somatone.pieces.piece import Piece

LOOK_S = 1.0

Seen = tuple[tuple[int, int], ...]


def seen(paths: tuple[Path, ...]) -> Seen:
    """Time of change in ns and size of each file; (0, 0) for one that is not there."""
    return tuple(_one(path) for path in paths)


def _one(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


class Changes:
    """`look` says once of every change that it has come to rest."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._paths = paths
        self._known = self._last = seen(paths)

    def look(self) -> bool:
        now = seen(self._paths)
        rested = now == self._last and now != self._known
        self._last = now
        if rested:
            self._known = now
        return rested


async def watch_piece(piece: Piece, changed: Callable[[], None]) -> None:
    """Calls `changed` whenever the piece or the artist's layer over it was saved; runs until cancelled."""
    file = piece.folder / "piece.toml"
    changes = Changes((file, layer_path(file)))
    while True:
        await asyncio.sleep(LOOK_S)
        if changes.look():
            changed()
