"""Runs `tests/gates/driver.py` under CPython and the two MicroPythons at once; what it prints, as a table."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DRIVER = ROOT / "tests" / "gates" / "driver.py"
LIBRARY = ROOT / "firmware" / "lib"
ARCHITECTURES = ("i386", "amd64")

Digests = dict[tuple[str, str], tuple[int, int]]  # (rule, vector) -> digest, edges


def interpreter(arch: str) -> Path:
    """MicroPython of that width, which need not be there."""
    return ROOT / ".micropython" / arch / "micropython"


def digests(samples: int, timeout_s: float = 280.0) -> dict[str, Digests]:
    """By interpreter; one that is not installed is missing. Raises RuntimeError when a run fails."""
    runs = {"cpython": _started([sys.executable], samples, PYTHONPATH=str(LIBRARY))}
    for arch in ARCHITECTURES:
        if interpreter(arch).exists():
            runs[arch] = _started([str(interpreter(arch))], samples, MICROPYPATH=f"{LIBRARY}:.frozen")
    found = {}
    try:
        for name, run in runs.items():
            out, _ = run.communicate(timeout=timeout_s)
            if run.returncode:
                raise RuntimeError(f"{name} ended with status {run.returncode}: {out[-500:]}")
            found[name] = _table(out)
    finally:
        for run in runs.values():
            run.kill()
            run.wait()
    return found


def _started(command: list[str], samples: int, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*command, str(DRIVER), str(samples)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _table(out: str) -> Digests:
    rows = (line.rsplit(" ", 3) for line in out.splitlines())
    return {(rule, kind): (int(digest), int(edges)) for rule, kind, digest, edges in rows}
