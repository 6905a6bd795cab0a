"""Keeps what is heard: a new file every hour and after every restart of the server, four files in turn.

A file whose server was killed has a header that claims no samples; `mend_wav` writes the true length into it.
"""

from __future__ import annotations

import struct
from pathlib import Path

from somatone.errors import SoundError

FILES = 4
FILE_S = 3600.0
FORMATS = (".wav", ".flac")
FLAC_CHANNELS = 8


class Recorder:
    """Names the files, in turn: NAME.wav, NAME-2.wav .. NAME-4.wav, then again from the first."""

    def __init__(self, first: Path, channels: int = 2) -> None:
        """Raises SoundError when the format or the folder cannot be used."""
        check_format(first, channels)
        if not first.resolve().parent.is_dir():
            raise SoundError(f"{first} cannot be recorded to: there is no folder {first.resolve().parent}.")
        self._first = first
        self._taken = 0
        self.path: Path | None = None

    def next(self) -> Path:
        """The next file to write; the oldest is overwritten when there are four. Mends the one before."""
        self.finish()
        turn = self._taken % FILES
        self._taken += 1
        self.path = self._first if turn == 0 else self._first.with_stem(f"{self._first.stem}-{turn + 1}")
        return self.path

    def finish(self) -> None:
        """The server no longer writes: makes the file whole."""
        if self.path and self.path.suffix.lower() == ".wav" and self.path.is_file():
            mend_wav(self.path)
        self.path = None


def check_format(path: Path, channels: int) -> None:
    """Raises SoundError for a name that ends in nothing we write, or a format that cannot hold so many channels."""
    if path.suffix.lower() not in FORMATS:
        raise SoundError(f"{path} cannot be recorded to: end its name in {' or '.join(FORMATS)}.")
    if path.suffix.lower() == ".flac" and channels > FLAC_CHANNELS:
        raise SoundError(f"{path} cannot hold {channels} channels, FLAC has at most {FLAC_CHANNELS}: end it in .wav.")


def mend_wav(path: Path) -> bool:
    """Writes the true sizes into the header of a WAV that was cut off; True when it changed. Other files are left."""
    with path.open("r+b") as file:
        head = file.read(4096)
        total = file.seek(0, 2)
        if head[:4] != b"RIFF" or head[8:12] != b"WAVE" or total > 0xFFFFFFFF:
            return False
        at, frame = 12, 1
        while at + 8 <= len(head) and head[at : at + 4] != b"data":
            if head[at : at + 4] == b"fmt ":
                frame = max(1, struct.unpack_from("<H", head, at + 20)[0])
            at += 8 + (size := struct.unpack_from("<I", head, at + 4)[0]) + size % 2
        if at + 8 > len(head):
            return False
        size = (total - at - 8) // frame * frame
        if struct.unpack_from("<I", head, at + 4)[0] == size:
            return False
        file.seek(4)
        file.write(struct.pack("<I", at + size))
        file.seek(at + 4)
        file.write(struct.pack("<I", size))
        return True
