"""MIDI ports by name, through mido and python-rtmidi. Everything that rtmidi may do wrong is one `OSError` here."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from mido import Message

SEQUENCER = Path("/dev/snd/seq")


class Port(Protocol):
    """An output that is open."""

    def send(self, message: Message) -> None: ...

    def close(self) -> None: ...


class Ports(Protocol):
    """The ports of a machine. Both raise OSError with a reason that a person understands."""

    def names(self) -> list[str]: ...

    def open(self, name: str) -> Port: ...


class AlsaPorts:
    """What ALSA's sequencer has."""

    def names(self) -> list[str]:
        """Output ports of this machine, without the one that only carries time."""
        import mido  # noqa: PLC0415

        with _explained():
            backend = mido.Backend("mido.backends.rtmidi", load=True)
            return [name for name in backend.get_output_names() if not name.startswith("Midi Through")]

    def open(self, name: str) -> Port:
        import mido  # noqa: PLC0415

        with _explained():
            port: Port = mido.Backend("mido.backends.rtmidi", load=True).open_output(name, client_name="somatone")
            return port


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    if not SEQUENCER.exists():
        raise OSError(0, "this machine has no ALSA sequencer: load the kernel module snd-seq")
    try:
        yield
    except ModuleNotFoundError:
        raise OSError(0, "python-rtmidi is not installed: install somatone with the extra 'midi'") from None
    except OSError:
        raise
    except Exception as error:  # rtmidi has exceptions of its own, which are not OSErrors
        raise OSError(0, str(error) or os.strerror(0)) from None


def matching(wanted: str, names: list[str]) -> str | None:
    """The port that is meant: the exact name, else the first that contains it; without a name the first there is.

    ALSA appends numbers that change from boot to boot ("nanoKONTROL2 28:0"), so a part of the name is the rule.
    """
    if wanted in names:
        return wanted
    return next((name for name in names if wanted.lower() in name.lower()), None)
