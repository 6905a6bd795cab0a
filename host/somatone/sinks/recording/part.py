"""Writes one MCAP file so that what was synced survives whatever comes next.

A batch is gathered in memory and written as one compressed chunk with its checksum, then `fdatasync`: a power cut
tears at most the chunk that was being written, and a reader stops before it. The file appears under its name only when
its head is on the disk, so there is never one that cannot be opened.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import zlib
from pathlib import Path
from typing import IO, Any, cast

import msgspec
from mcap.writer import Writer

from somatone.sinks.recording.layout import (
    E4_OWN,
    FACTS,
    PROFILE,
    E4Own,
    Facts,
    Item,
    encode,
    nanoseconds,
    schema_name,
    schema_of,
    topic_of,
)


def sync_folder(folder: Path) -> None:
    """A new or renamed file is there after a power cut only when its folder was synced."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Batch:
    """What the MCAP writer takes for a file: gathers bytes until `keep` brings them to the disk."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pending = bytearray()
        self.kept = 0

    def write(self, data: bytes) -> int:
        self._pending += data
        return len(data)

    def tell(self) -> int:
        return self.kept + len(self._pending)

    def flush(self) -> None:
        """The writer's own flush only means that its chunk is whole."""

    def keep(self) -> None:
        written = 0
        while written < len(self._pending):
            written += os.write(self._descriptor, self._pending[written:])
        os.fdatasync(self._descriptor)
        self.kept += written
        self._pending.clear()


class PartWriter:
    """One file of a recording. Every method may raise OSError; then `abandon` is the only one left to call."""

    def __init__(self, path: Path, facts: Facts, own: E4Own | None = None) -> None:
        self.path = path
        self.unsynced = 0  # items that a power cut now would take
        self._start_ns = facts.start_utc_ns
        self._number = 0
        self._schemas: dict[str, int] = {}
        self._channels: dict[tuple[str, str], int] = {}
        self._tmp = path.with_name(path.name + ".tmp")
        self._descriptor = os.open(self._tmp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody mends a file that is being written
            self._batch = _Batch(self._descriptor)
            self._writer = Writer(cast(IO[Any], self._batch))
            self._writer.start(PROFILE, f"somatone {facts.version}")
            self._head(facts, own)
            self._batch.keep()
            self._tmp.replace(path)
            sync_folder(path.parent)
        except OSError:
            os.close(self._descriptor)
            self._tmp.unlink(missing_ok=True)
            raise

    @property
    def size(self) -> int:
        return self._batch.kept

    def add(self, host_s: float, item: Item) -> None:
        """Append one item that was fed to the path at `host_s`; it is safe after the next `sync`."""
        time_ns = self._start_ns + nanoseconds(host_s)
        self._writer.add_message(self._channel(item), time_ns, encode(item), time_ns, self._number)
        self._number += 1
        self.unsynced += 1

    def sync(self) -> None:
        """Everything added so far survives a power cut once this returns."""
        if self.unsynced:
            self._writer.flush()  # type: ignore[no-untyped-call]
            self._batch.keep()
            self.unsynced = 0

    def finish(self) -> None:
        """Add the index that viewers like, and close."""
        self._writer.finish()  # type: ignore[no-untyped-call]
        self._batch.keep()
        os.close(self._descriptor)

    def abandon(self) -> int:
        """Cut back to what was synced, close, and say how many items that costs. Never raises."""
        with contextlib.suppress(OSError):  # the reader stops at the tear in any case
            os.ftruncate(self._descriptor, self._batch.kept)
        os.close(self._descriptor)
        return self.unsynced

    def _head(self, facts: Facts, own: E4Own | None) -> None:
        data = msgspec.json.encode(own) if own else b""
        facts = msgspec.structs.replace(facts, own_crc=zlib.crc32(data))
        self._writer.add_metadata(FACTS, facts.metadata())
        if own:
            self._writer.add_attachment(self._start_ns, self._start_ns, E4_OWN, "application/json", data)

    def _channel(self, item: Item) -> int:
        topic, name = topic_of(item), schema_name(type(item))
        channel = self._channels.get((topic, name))
        if channel is None:
            if name not in self._schemas:
                self._schemas[name] = self._writer.register_schema(name, "jsonschema", schema_of(type(item)))
            channel = self._writer.register_channel(topic, "json", self._schemas[name])
            self._channels[topic, name] = channel
        return channel
