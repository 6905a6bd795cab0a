"""The outgoing log: one JSON object a line, in order of emission, and its SHA-256.

It is the contract that replays, tests and other people's analyses stand on: equal runs give equal bytes. Numbers are
rounded to six decimals and printed by Python's shortest repr, so the same values always print the same.
"""

from __future__ import annotations

import hashlib
from io import BufferedWriter
from pathlib import Path
from types import TracebackType

import msgspec

from somatone.errors import SomatoneError
from somatone.records import Control, Gate, Level, Note, Picture, Record, Status

DECIMALS = 6
_ENCODER = msgspec.json.Encoder()
KINDS: dict[type[Record], str] = {
    Gate: "gate",
    Level: "level",
    Control: "control",
    Note: "note",
    Status: "status",
    Picture: "picture",
}
HASH_DIGITS = 12  # of a picture: enough to see whether two runs showed the same

Value = str | int | float | dict[str, float] | dict[str, int | str]


class _Line(msgspec.Struct, omit_defaults=True):
    """The fields of one line in their printed order; `strength` and `message` only where there is one."""

    kind: str
    wearer: str
    name: str
    value: Value
    validity: str
    source: str
    at_s: float
    host_s: float
    strength: int = 0
    message: str = ""


def log_line(record: Record, host_s: float, origin_s: float) -> bytes:
    """One line, without its end. `at_s` and `host_s` count from `origin_s`, the start of the recording."""
    kind = type(record)
    line = _Line(
        KINDS[kind],
        record.wearer,
        _name(record),
        _value(record),
        record.validity.value,
        record.source,
        round(record.at_s - origin_s, DECIMALS),
        round(host_s - origin_s, DECIMALS),
    )
    if kind is Gate and record.value:  # type: ignore[union-attr]
        line.strength = record.strength  # type: ignore[union-attr]
    elif kind is Status:
        line.message = record.message  # type: ignore[union-attr]
    return _ENCODER.encode(line)


def _value(record: Record) -> Value:
    if isinstance(record, Picture):
        digest = hashlib.sha256(record.pixels).hexdigest()[:HASH_DIGITS]
        about: dict[str, int | str] = {
            "count": record.count,
            "width": record.width,
            "height": record.height,
            "sha256": digest,
        }
        return about
    if isinstance(record, Note):
        return {name: round(value, DECIMALS) for name, value in sorted(record.values.items())}
    value = record.value
    return round(value, DECIMALS) if isinstance(value, float) else value


def _name(record: Record) -> str:
    if isinstance(record, Control):
        return f"{record.voice}.{record.control}"
    return record.voice if isinstance(record, Note) else record.name


class LogSink:
    """Writes the log, or without a path only hashes it. Use as a context manager; `sha256` is good at any time."""

    def __init__(self, path: Path | None, origin_s: float = 0.0) -> None:
        self._origin_s = origin_s
        self._hash = hashlib.sha256()
        self.lines = 0
        self._file: BufferedWriter | None = None
        if path:
            try:
                self._file = path.open("wb")
            except OSError as error:
                raise SomatoneError(
                    f"{path} cannot be written ({error.strerror}): choose another --log file."
                ) from None

    def write(self, record: Record, host_s: float) -> None:
        """Append one record that was emitted at `host_s` on the path's clock."""
        data = log_line(record, host_s, self._origin_s) + b"\n"
        self._hash.update(data)
        self.lines += 1
        if self._file:
            self._file.write(data)

    def flush(self) -> None:
        if self._file:
            self._file.flush()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def __enter__(self) -> LogSink:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._file:
            self._file.close()
