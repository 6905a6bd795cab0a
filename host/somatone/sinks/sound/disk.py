"""A long recording that is played from the disk: where it is read from next, and the one message that leaps there.

A buffer that is being streamed cannot be filled from elsewhere: half of it would be of the old place. So a leap reads
into the next of BUFFERS, starts another synth on it as the next turn, and says on a control bus which turn it is; the
old synth fades and ends by itself (sclang/synthdefs/bed.scd). All of it hangs on one message, by scsynth's completion
messages, so the caller needs no answer: close what was open there, read, then start. A file that is open in a buffer is
closed when its turn comes again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import soundfile

from somatone.errors import SoundError
from somatone.sinks.sound.osc import Message, pack_bundle, pack_message
from somatone.sinks.sound.wiring import Wires
from somatone.voices import Voice

FIRST_BUFFER, BUFFERS = 513, 8  # leaps in a row, each fading for a third of a second
BUFFER_FRAMES = 65_536
TURNS = 4400  # the control bus that says which turn sounds
STEP = 1 / 24  # a move of less than this share of the recording is no leap
SHORTEST_S = 3.0
LARGEST_START = 2**31 - 1  # scsynth's frames are 32 bit: 12.4 hours at 48 kHz


class Disk:
    """One recording. `turn` counts the leaps."""

    def __init__(self, path: Path) -> None:
        """Raises SoundError for a file that cannot be read, is short, or has more than two channels."""
        if not path.is_file():
            raise SoundError(f"The bed's recording is missing: there is no file {path}.")
        try:
            info = soundfile.info(path)
        except (OSError, RuntimeError) as error:
            raise SoundError(f"{path} cannot be played as a bed: {error}") from None
        if info.channels > 2 or info.duration < SHORTEST_S:
            raise SoundError(
                f"{path} cannot be played as a bed ({info.channels} channels, {info.duration:.1f} s): "
                f"give a mono or stereo recording of at least {SHORTEST_S:g} s."
            )
        self.path = path.resolve()
        self.channels: int = info.channels
        self.turn = 0
        self._frames: int = info.frames
        self._speed = info.samplerate / 48_000
        self._at = 0.0

    def definition(self, voice: Voice) -> str:
        """Which compiled definition plays so many channels."""
        return voice.synthdef if self.channels == 1 else f"{voice.synthdef}_{self.channels}"

    def loads(self, start: float) -> list[Message]:
        """All buffers, and the one whose turn it is filled from `start`."""
        self._at = start
        buffers = range(FIRST_BUFFER, FIRST_BUFFER + BUFFERS)
        return [*[("/b_alloc", number, BUFFER_FRAMES, self.channels) for number in buffers], self._read(start)]

    def ground(self) -> Message:
        return ("/c_set", TURNS, float(self.turn))

    def wires(self) -> Wires:
        return {"buffer": self._buffer, "turn": self.turn, "turns": TURNS, "speed": self._speed}

    def leaps(self, start: float) -> bool:
        """Whether `start` lies far enough from where the last leap went; if so, it is the next turn's."""
        if abs(start - self._at) < STEP:
            return False
        self._at = start
        self.turn += 1
        return True

    def leap(self, start: float, then: list[Message]) -> Message:
        """Fills this turn's buffer; as soon as it is read the turn begins with the messages `then`."""
        begin = pack_bundle([*then, self.ground()])
        return ("/b_close", self._buffer, pack_message((*self._read(start), begin)))

    @property
    def _buffer(self) -> int:
        return FIRST_BUFFER + self.turn % BUFFERS

    def _read(self, start: float) -> Message:
        last = max(0, min(self._frames - BUFFER_FRAMES, LARGEST_START))
        frame = min(int(start * self._frames), last)
        return ("/b_read", self._buffer, str(self.path), frame, BUFFER_FRAMES, 0, 1)


def find_disk(voices: Mapping[str, Voice], bed: Path | None, buffers: Mapping[str, Path]) -> Disk | None:
    """For the voice that plays from the disk, if there is one. Raises SoundError as `Disk`, and without a recording."""
    name = next((voice.name for voice in voices.values() if voice.disk), None)
    if name is None:
        return None
    if not bed and not buffers:
        raise SoundError(f"Voice {name!r} plays a long recording, but the library is empty and the piece names no bed.")
    return Disk(bed or max(buffers.values(), key=_length_s))


def _length_s(path: Path) -> float:
    try:
        length: float = soundfile.info(path).duration
    except (OSError, RuntimeError):
        return 0.0
    return length
