"""Makes recordings whole that a power cut left without their end, so that other people's viewers open them too.

Our own reader needs none of it. An hour's file takes some seconds, so the recorder has a process of low priority do it
(`python -m somatone.sinks.recording.mend FOLDER`): in its own, it would hold up the sound.
"""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

from somatone.errors import SessionError
from somatone.sinks.recording.folder import parts, runs
from somatone.sinks.recording.layout import MAGIC
from somatone.sinks.recording.part import PartWriter, sync_folder
from somatone.sources.recording import read_part

LEFTOVERS = ("*.tmp", "*.mended")  # of a recorder or a mending that was cut off itself


def mend(folder: Path) -> int:
    """Make every file of every run whole that nobody is writing; how many were mended."""
    mended = 0
    for run in runs(folder):
        for leftover in (path for kind in LEFTOVERS for path in run.glob(kind)):
            if not _being_written(leftover):
                leftover.unlink(missing_ok=True)
        for path in parts(run):
            try:
                if not _whole(path) and not _being_written(path):
                    _rewrite(path)
                    mended += 1
            except (OSError, SessionError):
                continue  # it stays as it is: what can be read of it can be read
    return mended


def _whole(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - len(MAGIC)))
        return size > 2 * len(MAGIC) and file.read() == MAGIC


def _being_written(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _rewrite(path: Path) -> None:
    """The readable items in a new file with an index, then under the old name; the torn one is kept until then."""
    part = read_part(path)
    writer = PartWriter(path.with_name(path.name + ".mended"), part.facts, part.own)
    try:
        for time_s, item in part.items():
            writer.add(time_s, item)
        writer.finish()
    except (OSError, SessionError):
        writer.abandon()
        writer.path.unlink(missing_ok=True)
        raise
    writer.path.replace(path)
    sync_folder(path.parent)


if __name__ == "__main__":
    os.nice(15)
    mend(Path(sys.argv[1]))
