"""Starts a child so that the kernel kills it the moment this process dies, however it dies.

Surprises: the kernel remembers the *thread* that forked, so fork from one that lives as long as the process. And a
parent that dies before the child has asked to be killed would leave it behind for ever: the child looks once whether
its parent is still there. Every wrapper replaces itself, so the process id stays the one that was started.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

_STILL_THERE = 'test "$PPID" = "$0" && exec "$@"'


def leashed(command: Sequence[str]) -> list[str]:
    """`command` behind setpriv(1) where that is installed (util-linux, part of every Debian), else as it is."""
    setpriv = shutil.which("setpriv")
    if not setpriv:
        return list(command)
    return [setpriv, "--pdeathsig", "KILL", "--", "/bin/sh", "-c", _STILL_THERE, str(os.getpid()), *command]
