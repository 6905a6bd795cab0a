"""The rules give the same edges and details under CPython and under real MicroPython, 32 and 64 bits wide.

200 000 samples a rule here; `make bench ARGS=bit_exact` runs the million.
"""

from __future__ import annotations

import pytest

from bench.digests import ARCHITECTURES, Digests, digests, interpreter

SAMPLES = 50_000  # of each of four vectors


@pytest.fixture(scope="module")
def found() -> dict[str, Digests]:
    """All interpreters that are there, side by side."""
    tables: dict[str, Digests] = digests(SAMPLES)
    return tables


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_same_on_micropython(arch: str, found: dict[str, Digests]) -> None:
    if arch not in found:
        pytest.skip(f"no MicroPython at {interpreter(arch)}; `make test` fetches it")
    assert found[arch] == found["cpython"]


def test_vectors_make_edges(found: dict[str, Digests]) -> None:
    """A digest of nothing would always agree: every rule says something, and details move."""
    edges: dict[str, int] = {}
    for (rule, _), (_, count) in found["cpython"].items():
        edges[rule] = edges.get(rule, 0) + count
    assert {rule for rule, count in edges.items() if not count} == set()
    assert not [key for key, (digest, _) in found["cpython"].items() if digest == 0 and key[1] == "random"]
