"""The folder of recordings: one folder a run, one file an hour in it, the oldest deleted beyond a quota.

Names are a counter and the machine's boot id, never a time: a gallery box without a network has no clock that could be
trusted, and "oldest" must be right all the same.
"""

from __future__ import annotations

import re
from pathlib import Path

from somatone.sinks.recording.layout import SUFFIX
from somatone.sinks.recording.part import sync_folder

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


def _boot() -> str:
    try:
        return _BOOT_ID.read_text()[:8]
    except OSError:
        return "unknown"
