"""Base firmware for a board in its bootloader, which shows itself as a USB stick with a file INFO_UF2.TXT.

UF2 (github.com/microsoft/uf2): blocks of 512 bytes with magic numbers and the family of processors they are for. The
stick vanishes when the last block has come, and the board starts: then its serial port appears.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from somatone.errors import SourceError, UsageError

INFO = "INFO_UF2.TXT"
MAGIC = (0x0A324655, 0x9E5D5157)
FAMILIES = {0xE48BFF56: "RP2040", 0xE48BFF59: "RP2350", 0xE48BFF57: "RP2350"}
BLOCK = 512
COPY_BYTES = 64 * BLOCK


def volumes(mounts: Path = Path("/proc/mounts")) -> list[Path]:
    """Mounted bootloaders."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return []
    folders = [Path(line.split()[1].replace("\\040", " ")) for line in lines if line.startswith("/dev/")]
    return [folder for folder in folders if _is_volume(folder)]


def _is_volume(folder: Path) -> bool:
    try:
        return (folder / INFO).is_file()
    except OSError:
        return False


def board_of(volume: Path) -> str:
    """The board's own name for itself: RPI-RP2, RP2350."""
    try:
        text = (volume / INFO).read_text(errors="replace")
    except OSError:
        raise UsageError(f"{volume} is no bootloader: it holds no {INFO}.") from None
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("Board-ID:")]
    return names[0] if names else "unknown"


def check(file: Path) -> str:
    """The processor that `file` is for. Raises UsageError when it is no UF2 for a Pico."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    if not data or len(data) % BLOCK or struct.unpack_from("<II", data) != MAGIC:
        raise UsageError(f"{file} is no UF2 file: download one for the Pico from micropython.org/download.")
    family = struct.unpack_from("<I", data, 28)[0]
    if family not in FAMILIES:
        raise UsageError(f"{file} is for another processor (family {family:#010x}): download the one for the Pico.")
    return FAMILIES[family]


def write(file: Path, volume: Path) -> None:
    """Copy the base firmware to the bootloader. Raises when the two do not belong together."""
    processor, board = check(file), board_of(volume)
    if ("2350" in board) != (processor == "RP2350"):
        raise UsageError(f"{file} is for {processor}, but the board in its bootloader at {volume} is {board}.")
    try:
        with (volume / file.name).open("wb") as out:
            data = file.read_bytes()
            for at in range(0, len(data), COPY_BYTES):
                out.write(data[at : at + COPY_BYTES])
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        if _is_volume(volume):  # gone is as it should be: the board starts with the last block
            raise SourceError(f"The base firmware cannot be written to {volume}: {error.strerror}.") from None
