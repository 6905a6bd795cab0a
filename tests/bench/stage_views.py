"""What a visitor sees on the wall after ten seconds, two minutes and six minutes: screenshots of both pieces, sounding.

Pictures to be looked at by a person; the figures only say that something was drawn, and that it goes on changing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from bench.browsing import chromium, daemon, stage_address
from bench.figures import Figure

AT_S = (10, 120, 360)
PIECES = ("twos_and_sevens", "correlations")
FOLDER = Path("build")


def stage_views() -> Iterator[Figure]:
    """A picture for each moment of each piece."""
    FOLDER.mkdir(exist_ok=True)
    for piece in PIECES:
        with chromium() as browser, daemon(["--piece", piece]):
            begun_s = time.monotonic()
            browser.get(stage_address())
            before: np.ndarray | None = None
            for at_s in AT_S:
                time.sleep(max(0.0, begun_s + at_s - time.monotonic()))
                picture = FOLDER / f"stage_{piece}_{at_s}_s.png"
                browser.save_screenshot(str(picture))
                seen = np.asarray(Image.open(picture).convert("L"), dtype=float)
                changed = "" if before is None else f", {np.mean(np.abs(seen - before) > 16):.0%} of it changed"
                yield Figure(
                    f"{piece} after {at_s} s", "looked at", f"{np.mean(seen > 24):.0%} drawn{changed}: {picture}"
                )
                before = seen
