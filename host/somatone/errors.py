"""The errors that a person may meet. Each carries one clear sentence: what is wrong, where, and what to do."""

from __future__ import annotations


class SomatoneError(Exception):
    """Something that a person can mend. The command line prints the sentence and exits with `status`."""

    status = 1


class UsageError(SomatoneError):
    """The command was given something it cannot use: a wrong name, path or option."""

    status = 2


class PieceError(SomatoneError):
    """`piece.toml` holds an unknown key, an unknown control or a wrong range."""


class SessionError(SomatoneError):
    """A recording or an archive cannot be read at all."""


class SourceError(SomatoneError):
    """A device, port or child process does not give what was asked of it."""


class SoundError(SomatoneError):
    """The sound server, or something that it needs, is missing or does not start."""
