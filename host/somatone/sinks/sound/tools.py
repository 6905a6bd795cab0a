"""The system's sound tools: are they there, and how a child process is started so that it can never outlive us."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path

from somatone.errors import SoundError
from somatone.ops.leash import leashed

PACKAGES = "supercollider-server sc3-plugins-server jackd2"


def require_tools(*tools: str) -> None:
    """Raises SoundError naming the apt packages when one of the commands is not installed."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        raise SoundError(f"{' and '.join(missing)} not found: run `sudo apt-get install -y {PACKAGES}`.")


def child_command(command: Sequence[str], environment: Mapping[str, str] | None = None) -> list[str]:
    """`command`, started so that the kernel kills it the moment this process dies, however it dies.

    `environment` is added through env(1), which keeps our own environment untouched.
    """
    added = [f"{name}={value}" for name, value in (environment or {}).items()]
    return leashed([*(["env", *added] if added else []), *command])


def process_state(pid: int | None) -> str:
    """The kernel's letter: T or t is stopped by a signal, Z and X are dead; '' where there is no such process."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return status.rpartition(")")[2].split()[0]


async def surely(ending: Coroutine[None, None, None], force: Callable[[], None] | None = None) -> None:
    """Waits for `ending` to the end, even when cancelled (again) meanwhile; `force` is called then to hurry it."""
    task = asyncio.ensure_future(ending)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if force:
                force()
