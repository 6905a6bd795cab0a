"""Memory and processor of a run that trains beside the daemon, in real time: the installation without sound.

Real time is what is measured, so the bench takes twenty minutes; SOMATONE_TRAINING_LONG_S makes it another length. The
first quarter is left out of the slopes: compiled code and the allocators' pools settle there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]

from bench.figures import Figure
from somatone.training.child import NICENESS, SHARE
from somatone.training.launch import can_train

LENGTH_S = 1200.0
EVERY_S = 5.0
START_S = 120.0  # until the child has compiled, on a busy machine
SEED = 7
MIB = 1 << 20
SAID = "said.txt"
BEGUN = "A run begins"  # the daemon's word
BUSY = 0.01  # of a processor: a thread below it does no work


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the two processes: resident bytes and processor seconds since they began."""

    at_s: float
    daemon_bytes: int
    child_bytes: int
    child_cpu_s: float


def training_long() -> Iterator[Figure]:
    """Slopes of both processes' memory, the child's share of a processor, its niceness and threads."""
    if not can_train():
        yield Figure("training, twenty minutes", "flat", "not measured: jax, optax or scikit-learn is not installed")
        return
    length_s = float(os.environ.get("SOMATONE_TRAINING_LONG_S", LENGTH_S))
    with tempfile.TemporaryDirectory() as folder, _daemon(Path(folder)) as daemon:
        child = _child(daemon, Path(folder) / SAID)
        before = _threads(child)
        looks = list(_looks(daemon, child, length_s))
        used = sorted((now - before.get(thread, 0.0) for thread, now in _threads(child).items()), reverse=True)
        niceness = child.nice()
    yield from _memory(looks)
    share = (looks[-1].child_cpu_s - looks[0].child_cpu_s) / (looks[-1].at_s - looks[0].at_s)
    yield Figure("training process: share of one processor", f"<= {SHARE:g}", f"{share:.3f} over {length_s:.0f} s")
    yield Figure("training process: niceness", f"{NICENESS}", f"{niceness}")
    busy = ", ".join(f"{each / length_s:.0%}" for each in used if each > BUSY * length_s)
    yield Figure("training process: threads that work", "together as above", f"{busy} of a processor")


def _memory(looks: list[Look]) -> Iterator[Figure]:
    settled = [look for look in looks if look.at_s >= looks[-1].at_s / 4]
    minutes = np.array([look.at_s / 60 for look in settled])
    for who, resident in (
        ("training process", [look.child_bytes / MIB for look in settled]),
        ("daemon", [look.daemon_bytes / MIB for look in settled]),
    ):
        slope = float(np.polyfit(minutes, resident, 1)[0])
        said = (
            f"{slope:+.3f} MiB/min over the last {np.ptp(minutes):.0f} min, {resident[0]:.0f} to {resident[-1]:.0f} MiB"
        )
        yield Figure(f"{who}: resident memory", "flat", said)


def _looks(daemon: psutil.Process, child: psutil.Process, length_s: float) -> Iterator[Look]:
    begun_s = time.monotonic()
    while (at_s := time.monotonic() - begun_s) < length_s:
        cpu = child.cpu_times()
        yield Look(at_s, daemon.memory_info().rss, child.memory_info().rss, cpu.user + cpu.system)
        time.sleep(EVERY_S)


def _threads(child: psutil.Process) -> dict[int, float]:
    return {thread.id: thread.user_time + thread.system_time for thread in child.threads()}


@contextmanager
def _daemon(home: Path) -> Iterator[psutil.Process]:
    words = ["run", "--source", "training:learns", "--piece", "twos_and_sevens", "--no-sound", "--plain"]
    command = [sys.executable, "-m", "somatone", *words, "--page", "0", "--seed", str(SEED)]
    environment = os.environ | {"SOMATONE_HOME": str(home)}
    with (home / SAID).open("wb") as said, subprocess.Popen(command, stdout=said, env=environment) as process:
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def _child(daemon: psutil.Process, said: Path) -> psutil.Process:
    """The training process, once it has compiled and its first frame has come."""
    until_s = time.monotonic() + START_S
    while BEGUN not in said.read_text(encoding="utf-8", errors="replace"):
        if time.monotonic() > until_s or not daemon.is_running():
            raise RuntimeError(f"no run began within {START_S:.0f} s")
        time.sleep(0.5)
    return next(p for p in daemon.children(recursive=True) if "somatone.training.child" in p.cmdline())
