"""The rules give the same edges and details under CPython and under real MicroPython, 32 and 64 bits wide."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DRIVER = ROOT / "tests" / "gates" / "driver.py"
LIBRARY = ROOT / "firmware" / "lib"
SAMPLES = 25_000  # of each of four vectors, so 100 000 a rule


def digests(command: list[str], **environment: str) -> str:
    done = subprocess.run(
        [*command, str(DRIVER), str(SAMPLES)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=250,
    )
    return done.stdout


@pytest.fixture(scope="module")
def expected() -> str:
    return digests([sys.executable], PYTHONPATH=str(LIBRARY))


@pytest.mark.parametrize("arch", ["i386", "amd64"])
def test_same_on_micropython(arch: str, expected: str) -> None:
    interpreter = ROOT / ".micropython" / arch / "micropython"
    if not interpreter.exists():
        pytest.skip(f"no MicroPython at {interpreter}; `make test` fetches it")
    assert digests([str(interpreter)], MICROPYPATH=f"{LIBRARY}:.frozen") == expected


def test_vectors_make_edges(expected: str) -> None:
    """A digest of nothing would always agree."""
    edges = {line.rsplit(" ", 2)[0]: int(line.rsplit(" ", 1)[1]) for line in expected.splitlines()}
    for rule in (
        "pulse life",
        "pulse random",
        "quiet eda life",
        "eda life",
        "temp random",
        "motion random",
        "contact random",
    ):
        assert edges[rule] > 0, rule
