"""Chips whose clocks are up to 3 % off come out of the timeline at the signal's own rate, to 0.1 %."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.virtual_stream import HostPath, stream_of  # no types there
from somatone.sources.virtual_board import launch

RUN_S = 150
FASTEST = next(iter(launch.interpreters()))  # all give the same stream


@pytest.mark.parametrize("ppm", [-30_000, 300, 30_000])
def test_all_chips_off(ppm: int, tmp_path: Path) -> None:
    chips = dict.fromkeys(("max30102", "lis3dh", "tmp117", "ads1115"), ppm)
    path = HostPath(stream_of(FASTEST, tmp_path, RUN_S, chips), warm_s=30)
    rates = {name: (path.rate_hz(name), hz) for name, hz in (("bvp", 64), ("eda", 4), ("temp", 4), ("acc", 32))}
    print(f"\nchips {ppm / 10_000:+} %: " + ", ".join(f"{name} {hz:.3f} Hz" for name, (hz, _) in rates.items()))
    for rate_hz, nominal_hz in rates.values():
        assert rate_hz == pytest.approx(nominal_hz, rel=0.001)
    assert path.timeline.gaps == 0
