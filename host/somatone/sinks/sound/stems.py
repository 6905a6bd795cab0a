"""Cuts one wide render into files: the mix as it is heard, and each voice by itself before the master.

All come from one pass of the server, each voice on outputs of its own, so that the stems are what was mixed, sample by
sample, chance included. They are 32 bit float, since a voice before the master may pass full scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

Block = npt.NDArray[np.float32] | npt.NDArray[np.int32]

BLOCK_FRAMES = 1 << 15
BIGGEST_WAV = 4_000_000_000  # bytes; above, the same file with 64 bit sizes
DATED = 12  # where in a PEAK chunk its date stands


def stem_paths(out: Path, names: Sequence[str]) -> list[Path]:
    """Beside `out`, with the voice's name behind its own."""
    return [out.with_name(f"{out.stem}-{name}.wav") for name in names]


def container(frames: float, channels: int, sample_bytes: int) -> str:
    """WAV, or its big sister where sizes need more than 32 bit."""
    return "WAV" if frames * channels * sample_bytes < BIGGEST_WAV else "RF64"


def split(blocks: Iterable[Block], frames: float, rate_hz: int, step: int, mix: Path, stems: Sequence[Path]) -> None:
    """Writes the first `step` channels of `blocks` (frames, channels) to `mix` (24 bit, in the format of its name), the
    others to `stems`. Of `frames` there are so many in all, about: from a certain size on a file needs other headers.
    """
    with ExitStack() as stack:
        kind = "FLAC" if mix.suffix.lower() == ".flac" else container(frames, step, 3)
        files = [stack.enter_context(soundfile.SoundFile(mix, "w", rate_hz, step, "PCM_24", format=kind))]
        kind = container(frames, step, 4)
        files += [
            stack.enter_context(soundfile.SoundFile(path, "w", rate_hz, step, "FLOAT", format=kind)) for path in stems
        ]
        for block in blocks:
            files[0].write(_whole(block[:, :step]))
            for index, file in enumerate(files[1:], 1):
                file.write(block[:, step * index : step * (index + 1)])
    for path in stems:
        _forget_date(path)


def whole_file(wide: Path) -> Iterator[Block]:
    """Blocks of a file of whole numbers, in the upper bits of 32."""
    with soundfile.SoundFile(wide) as source:
        yield from source.blocks(BLOCK_FRAMES, dtype="int32", always_2d=True)


def _whole(block: Block) -> npt.NDArray[np.int32]:
    """24 bit in the upper bits of 32, as scsynth would have written them, whatever the file's format."""
    if block.dtype == np.int32:
        return block.astype(np.int32, copy=False)
    scaled = np.rint(block.astype(np.float64) * 2**31)
    return np.clip(scaled, -(2**31), 2**31 - 1).astype(np.int64).astype(np.int32) & ~0xFF


def _forget_date(path: Path) -> None:
    """A float WAV says when it was written; without that, equal renders are equal files."""
    with path.open("r+b") as file:
        at = file.read(4096).find(b"PEAK")
        if at >= 0:
            file.seek(at + DATED)
            file.write(bytes(4))
