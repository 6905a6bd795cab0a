"""Plays a short sound through whatever player the system has, or says that nobody can hear it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from somatone.library.cut import write_sound
from somatone.library.measures import Samples
from somatone.sinks.sound.cards import cards

PLAYERS = (("pw-play",), ("paplay",), ("aplay", "-q"))


class Player:
    """`play` begins at once and returns; a new sound or `stop` ends the one before."""

    def __init__(self) -> None:
        self._command = next((command for command in PLAYERS if shutil.which(command[0])), None)
        self._has_card = bool(cards())
        self._folder = tempfile.TemporaryDirectory(prefix="somatone-")
        self._playing: subprocess.Popen[bytes] | None = None

    @property
    def silent_because(self) -> str:
        """Why nothing is heard, in one sentence, or ''."""
        if not self._has_card:
            return "There is no sound card here: gestures are shown, not heard."
        if self._command is None:
            return "There is no player here: install alsa-utils (aplay) to hear the gestures, which are only shown now."
        return ""

    def play(self, sound: Samples) -> None:
        self.stop()
        if self.silent_because or self._command is None:
            return
        path = Path(self._folder.name) / "gesture.wav"
        write_sound(path, sound)
        quiet = subprocess.DEVNULL
        self._playing = subprocess.Popen([*self._command, str(path)], stdin=quiet, stdout=quiet, stderr=quiet)

    def stop(self) -> None:
        if self._playing:
            self._playing.terminate()
            self._playing.wait()
            self._playing = None

    def close(self) -> None:
        self.stop()
        self._folder.cleanup()
