"""Progress on anything that takes longer than a person waits without asking."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from somatone import paths
from somatone.library.synthesise import ensure_library
from somatone.options import SoundOptions
from somatone.pieces.piece import Piece

STDERR = Console(stderr=True)
STEP = 0.005  # no bar is finer


@contextlib.contextmanager
def progress_bar(title: str) -> Iterator[Callable[[float], None]]:
    """A bar on standard error while the body runs; call the given function with 0..1."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=STDERR, transient=True) as bar:
        task = bar.add_task(title, total=1.0)

        shown = 0.0

        def advance(share: float) -> None:
            nonlocal shown
            if share - shown >= STEP:  # most callers call for every record, and drawing costs more than a record
                shown = share
                bar.update(task, completed=min(share, 1.0))

        yield advance


def audio_library(piece: Piece, sound: SoundOptions) -> Mapping[str, Path]:
    """What the voices draw from: the kept gestures of the library that was named, else the built-in recordings.

    Raises LibraryError, one sentence, where nothing was kept.
    """
    reference = piece.library if sound.library is None else sound.library
    if reference:
        from somatone.library.selection import select_kept  # noqa: PLC0415 - the built-in recordings need none of it

        with progress_bar("cutting the kept gestures") as advance:
            selection = select_kept(reference, advance)
        for problem in selection.problems:
            print(f"library {reference}: {problem}", file=sys.stderr)
        return selection.buffers()
    folder = paths.cache_dir() / "library"
    if folder.is_dir():
        return ensure_library(folder)
    with progress_bar("making the audio library") as advance:
        return ensure_library(folder, lambda share, name: advance(share))
