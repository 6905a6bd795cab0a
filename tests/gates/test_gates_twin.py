"""numpy agrees to the bit: the rules' front ends against vectorised twins, a million samples each."""

from __future__ import annotations

import pytest

from bench.twin import TWINS


@pytest.mark.parametrize("name", TWINS)
def test_numpy_agrees(name: str) -> None:
    twin = TWINS[name]
    samples = twin.vector(1_000_000, 7)
    expected = twin.rule(samples)
    assert len(set(expected[:10_000].tolist())) > 100, "the vector moves what is compared"
    assert (twin.numpy(samples) == expected).all()
