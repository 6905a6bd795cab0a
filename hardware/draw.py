"""Draws every picture of the hardware from its sources: `python -m hardware.draw [FOLDER]`.

Needs graphviz and ngspice from Debian, and the packages wireviz, schemdraw and matplotlib. PNGs get a palette,
which keeps them small (an octree's: it keeps the rare colours, and the wires' are rare).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from hardware.parts import HERE

PICTURES = HERE / "pictures"
WIDEST_PX = 2_400


def missing() -> list[str]:
    """The programs that drawing needs and that are not here."""
    return [program for program in ("dot", "ngspice") if shutil.which(program) is None]


def draw_all(folder: Path) -> list[Path]:
    """Every picture into `folder`; returns the files."""
    from hardware import draw_assembly, draw_schematic, draw_transfer, draw_wiring  # noqa: PLC0415 - slow to load

    folder.mkdir(parents=True, exist_ok=True)
    for drawing in (draw_wiring, draw_schematic, draw_assembly, draw_transfer):
        drawing.draw(folder)
    made = sorted(path for path in folder.iterdir() if path.suffix in (".png", ".svg"))
    for path in made:
        if path.suffix == ".png":
            _shrink(path)
    return made


def _shrink(path: Path) -> None:
    from PIL import Image  # noqa: PLC0415

    with Image.open(path) as original:
        picture = original.convert("RGB")
    if picture.width > WIDEST_PX:
        height = picture.height * WIDEST_PX // picture.width
        picture = picture.resize((WIDEST_PX, height), Image.Resampling.LANCZOS)
    picture.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    if lacking := missing():
        sys.exit(f"hardware.draw: {' and '.join(lacking)} missing: apt-get install graphviz ngspice.")
    for path in draw_all(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES):
        print(f"{path}  {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
