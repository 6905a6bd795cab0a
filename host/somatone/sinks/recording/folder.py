"""The folder of recordings: one folder a run, one file an hour in it, the oldest deleted beyond a quota.

Names are a counter and the machine's boot id, never a time: a gallery box without a network has no clock that could be
trusted, and "oldest" must be right all the same.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

from somatone.errors import SessionError
from somatone.sinks.recording.layout import MAGIC, SUFFIX
from somatone.sinks.recording.part import PartWriter, sync_folder
from somatone.sources.recording import read_part

_RUN = re.compile(r"(\d{6,})-\w+\Z")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def new_run(folder: Path) -> Path:
    """Make the next run's folder, `000012-1a2b3c4d`. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    number = max((int(run.name.partition("-")[0]) for run in runs(folder)), default=0)
    while True:  # another run may take the same number at the same moment
        number += 1
        made = folder / f"{number:06d}-{_boot()}"
        try:
            made.mkdir()
        except FileExistsError:
            continue
        sync_folder(folder)
        return made


def runs(folder: Path) -> list[Path]:
    """The runs, oldest first."""
    found = [path for path in folder.iterdir() if _RUN.match(path.name) and path.is_dir()]
    return sorted(found, key=lambda run: int(run.name.partition("-")[0]))


def parts(run: Path) -> list[Path]:
    """A run's files, oldest first."""
    return sorted(run.glob("*" + SUFFIX), key=lambda path: (len(path.name), path.name))


def make_room(folder: Path, quota_bytes: int, current: Path) -> int:
    """Delete the oldest files until the rest takes at most `quota_bytes`; never `current`. How many were deleted."""
    kept = [(path, path.stat().st_size) for run in runs(folder) for path in parts(run)]
    total = sum(size for _, size in kept)
    deleted = 0
    for path, size in kept:
        if total <= quota_bytes:
            break
        if path == current:
            continue
        path.unlink(missing_ok=True)
        total -= size
        deleted += 1
        if path.parent != current.parent and not any(path.parent.iterdir()):
            path.parent.rmdir()
    return deleted


def mend(folder: Path) -> int:
    """Make every file whole that a power cut left without its end. How many were mended."""
    mended = 0
    for run in runs(folder):
        for leftover in run.glob("*.tmp"):
            if not _being_written(leftover):
                leftover.unlink(missing_ok=True)
        for path in parts(run):
            if not _whole(path) and not _being_written(path):
                mended += _rewrite(path)
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


def _rewrite(path: Path) -> bool:
    """The readable items in a new file with an index, then under the old name; the torn one is kept until then."""
    try:
        part = read_part(path)
    except SessionError:
        return False  # nothing in it can be read; the quota removes it in its time
    writer = PartWriter(path.with_name(path.name + ".mended"), part.facts, part.own)
    try:
        for time_s, item in part.items():
            writer.add(time_s, item)
        writer.finish()
    except (OSError, SessionError):
        writer.path.unlink(missing_ok=True)
        raise
    writer.path.replace(path)
    sync_folder(path.parent)
    return True


def _boot() -> str:
    try:
        return _BOOT_ID.read_text()[:8]
    except OSError:
        return "unknown"
