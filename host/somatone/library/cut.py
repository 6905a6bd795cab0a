"""Cuts gestures out of recordings into files for the sound server: mono, 48 kHz, 16 bit, soft at both ends.

A little before the onset is taken along, so that the attack is whole. Files are written whole or not at all.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import soundfile
import soxr

from somatone.library.catalogue import Catalogue, Gesture, LibraryError
from somatone.library.measures import Samples

RATE_HZ = 48_000
BEFORE_S = 0.012
FADE_S = 0.004
LEAST_S = 0.1  # shorter ones are followed by what comes after: a grain needs something to lie in


def read_gesture(catalogue: Catalogue, gesture: Gesture) -> Samples:
    """The gesture's sound, mono, 48 kHz. Raises LibraryError when its recording is gone or changed."""
    path = catalogue.root / gesture.path
    try:
        with soundfile.SoundFile(path) as file:
            if (
                file.samplerate != gesture.rate_hz
                or gesture.start_frame + gesture.frames > file.frames + gesture.rate_hz
            ):
                raise LibraryError(f"{path} is not what was scanned: scan the library again.")
            start = max(0, gesture.start_frame - int(BEFORE_S * gesture.rate_hz))
            least = int(LEAST_S * gesture.rate_hz)
            file.seek(start)
            sound = file.read(gesture.start_frame - start + max(gesture.frames, least), dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise LibraryError(f"{path} cannot be read ({error}): gesture {gesture.id} was cut from it.") from None
    mono = np.nan_to_num(sound.mean(axis=1, dtype=np.float32))
    if gesture.rate_hz != RATE_HZ:
        mono = soxr.resample(mono, gesture.rate_hz, RATE_HZ)
    fade = min(int(FADE_S * RATE_HZ), len(mono) // 2)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    mono[:fade] *= ramp
    mono[len(mono) - fade :] *= ramp[::-1]
    return np.asarray(mono, np.float32)


def cut(catalogue: Catalogue, gesture: Gesture, out: Path) -> Path:
    """Write the gesture to `out` (.wav), unless it is there. Raises LibraryError."""
    if not out.is_file():
        write_sound(out, read_gesture(catalogue, gesture))
    return out


def write_sound(out: Path, sound: Samples, rate_hz: int = RATE_HZ) -> None:
    """Write a WAV so that it appears only when it is whole. Raises LibraryError."""
    part = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(part, np.clip(sound, -1, 1), rate_hz, subtype="PCM_16", format="WAV")
        part.replace(out)
    except (OSError, soundfile.SoundFileError) as error:
        part.unlink(missing_ok=True)
        raise LibraryError(f"{out} cannot be written ({error}).") from None
