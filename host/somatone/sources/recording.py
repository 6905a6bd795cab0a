"""Reads recordings back: the same items at the same times of the path, up to a tear and not further.

A file is looked through once when it is opened: every compressed chunk must be whole and its checksum right. What
follows the first that is not is lost, and one sentence says how much. The items are then read as they are asked for,
so a recording of a day takes no more memory than one of a minute.

Surprise: where the first hour of a run was deleted, time is counted from the first item that is left.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
from mcap.records import Attachment, Channel, Chunk, Message, Metadata, Schema, Statistics
from mcap.stream_reader import StreamReader, breakup_chunk

from somatone.errors import SessionError
from somatone.records import NativeChunk, Status
from somatone.sinks.recording.layout import E4_OWN, FACTS, FORMAT, MAGIC, SUFFIX, E4Own, Facts, Item, decode
from somatone.timeline.units import native_format

LARGEST_RECORD = 64 << 20  # bytes: ours are below 2 MiB, and a torn length must not ask for all memory


@dataclass(frozen=True, slots=True)
class Part:
    """One file, looked through: its facts, how many chunks can be read, and what is wrong with it (or nothing)."""

    path: Path
    facts: Facts
    chunks: int
    first_ns: int
    last_ns: int
    own: E4Own | None
    problem: str

    def items(self) -> Iterator[tuple[float, Item]]:
        """(path time in seconds, item) in the order in which they were fed. Raises `SessionError` for foreign ones."""
        schemas: dict[int, str] = {}
        channels: dict[int, str] = {}
        for chunk in self._chunks():
            for record in breakup_chunk(chunk):
                if isinstance(record, Schema):
                    schemas[record.id] = record.name
                elif isinstance(record, Channel):
                    channels[record.id] = schemas.get(record.schema_id, "")
                elif isinstance(record, Message):
                    item = self._decoded(channels.get(record.channel_id, ""), record.data)
                    yield (record.log_time - self.facts.start_utc_ns) / 1e9, item

    def _chunks(self) -> Iterator[Chunk]:
        left = self.chunks
        if not left:
            return
        with self.path.open("rb") as file:
            for record in StreamReader(file, emit_chunks=True).records:
                if isinstance(record, Chunk):
                    yield record
                    left -= 1
                    if not left:
                        return

    def _decoded(self, schema: str, data: bytes) -> Item:
        try:
            item = decode(schema, data)
            if isinstance(item, NativeChunk):
                native_format(item.format)
        except (KeyError, msgspec.MsgspecError) as error:
            raise SessionError(
                f"{self.path} holds a record that this version does not know ({error}): read it with the version "
                f"that wrote it, somatone {self.facts.version}."
            ) from None
        return item


@dataclass(frozen=True)
class Recording:
    """A run, from one file or all of its files; times in seconds since `start_utc`."""

    name: str
    parts: tuple[Part, ...]
    problems: tuple[str, ...]

    @property
    def facts(self) -> Facts:
        return self.parts[0].facts

    @property
    def _shift_ns(self) -> int:
        """What is taken from every time: nothing where the run's beginning is here."""
        return 0 if self.facts.part == 1 else self.parts[0].first_ns - self.facts.start_utc_ns

    @property
    def start_utc(self) -> float:
        return (self.facts.start_utc_ns + self._shift_ns) / 1e9

    @property
    def origin_s(self) -> float:
        """When the path was started."""
        return 0.0 if self._shift_ns else self.facts.origin_s

    @property
    def length_s(self) -> float:
        return (self.parts[-1].last_ns - self.facts.start_utc_ns - self._shift_ns) / 1e9

    @property
    def ibi(self) -> tuple[tuple[float, float], ...]:
        """An E4's own inter-beat intervals, where the recording was made from its archive."""
        own = self.parts[0].own
        return own.ibi if own else ()

    @property
    def hr(self) -> tuple[tuple[float, float], ...]:
        own = self.parts[0].own
        return own.hr if own else ()

    @cached_property
    def tags_s(self) -> tuple[float, ...]:
        return tuple(item.at_s for _, item in self.items() if isinstance(item, Status) and item.name == "tag")

    def items(self) -> Iterator[tuple[float, Item]]:
        """(path time, item) in the order in which they were fed to the path."""
        shift_s = self._shift_ns / 1e9
        for part in self.parts:
            for time_s, item in part.items():
                yield (time_s - shift_s, _shifted(item, shift_s)) if shift_s else (time_s, item)


def _shifted(item: Item, shift_s: float) -> Item:
    if isinstance(item, NativeChunk):
        return msgspec.structs.replace(item, arrival_s=item.arrival_s - shift_s)
    return msgspec.structs.replace(item, at_s=item.at_s - shift_s)


def is_recording(path: Path) -> bool:
    """Whether the path is an MCAP file, or a folder with such files or with runs."""
    if path.is_dir():
        return any(path.glob("*" + SUFFIX)) or any(path.glob("[0-9]*-*/*" + SUFFIX))
    try:
        with path.open("rb") as file:
            return path.suffix == SUFFIX or file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read_recording(path: Path) -> Recording:
    """Open a file, or a run's folder. Raises `SessionError` where nothing of it can be read."""
    files = [path]
    if path.is_dir():
        files = sorted(path.glob("*" + SUFFIX), key=lambda p: (len(p.name), p.name))
        if not files:
            inner = sorted(p.name for p in path.iterdir() if p.is_dir() and any(p.glob("*" + SUFFIX)))
            raise SessionError(f"{path} holds {len(inner)} recorded runs: give one of them, for example {inner[-1]}.")
    problems: list[str] = []
    parts: list[Part] = []
    for file in files:
        try:
            part = read_part(file)
        except SessionError as error:
            if len(files) == 1:
                raise
            problems.append(str(error).rstrip("."))
            continue
        if part.problem:
            problems.append(part.problem)
        if part.chunks:
            parts.append(part)
    if not parts:
        raise SessionError(f"{path} holds no samples{': ' + '; '.join(problems) if problems else ''}.")
    return Recording(path.resolve().stem, tuple(parts), tuple(problems))


def read_part(path: Path) -> Part:
    """Look through one file. Raises `SessionError` for a file that cannot be read at all or is none of ours."""
    look = _Look()
    problem = ""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            reader = StreamReader(file, emit_chunks=True, record_size_limit=LARGEST_RECORD)
            try:
                for record in reader.records:
                    look.at(record, file.tell())
            except Exception:  # damaged bytes make parser, checksum and decompressor raise anything
                problem = look.loss(path, size)
    except OSError as error:
        raise SessionError(f"{path} cannot be read ({error.strerror}): check the path of the recording.") from None
    if look.facts is None:
        if problem:
            raise SessionError(f"{path} is no recording, or its beginning is damaged: nothing in it can be read.")
        raise SessionError(f"{path} is an MCAP file that somatone did not write: it cannot be replayed.")
    if look.facts.format != FORMAT:
        raise SessionError(f"{path} was written by somatone {look.facts.version}: read it with that version.")
    return Part(path, look.facts, look.chunks, look.first_ns, look.last_ns, look.own, problem)


class _Look:
    """What one pass over a file has seen that is whole."""

    def __init__(self) -> None:
        self.facts: Facts | None = None
        self.own: E4Own | None = None
        self.chunks = 0
        self.first_ns = self.last_ns = 0
        self._messages = 0
        self._good = 0  # bytes, up to the end of the last whole chunk

    def at(self, record: object, end: int) -> None:
        """One record; raises where it is damaged."""
        if isinstance(record, Metadata) and record.name == FACTS:
            self.facts = Facts.of(record.metadata)
        elif isinstance(record, Attachment) and record.name == E4_OWN:
            if self.facts is None or zlib.crc32(record.data) != self.facts.own_crc:
                raise ValueError("the attachment is damaged")
            self.own = msgspec.json.decode(record.data, type=E4Own)
        elif isinstance(record, Chunk):
            if record.uncompressed_size > LARGEST_RECORD:
                raise ValueError(record.uncompressed_size)
            numbers = [r.sequence for r in breakup_chunk(record, validate_crc=True) if isinstance(r, Message)]
            if numbers != list(range(self._messages, self._messages + len(numbers))):
                raise ValueError("a chunk is missing")
            self._messages += len(numbers)
            self.first_ns = self.first_ns or record.message_start_time
            self.last_ns = record.message_end_time
            self.chunks += 1
        elif isinstance(record, Statistics) and record.message_count != self._messages:
            raise ValueError("the last chunk is missing")
        self._good = end

    def loss(self, path: Path, size: int) -> str:
        """One sentence, without its full stop, about what a tear costs."""
        start_ns = self.facts.start_utc_ns if self.facts else 0
        until_s = (self.last_ns - start_ns) / 1e9 if self.chunks else 0.0
        rest = max(0, size - self._good)
        lost = f"what follows ({rest} bytes) cannot be read" if rest else "nothing follows"
        return f"{path.name} was cut off or damaged after {until_s:.1f} s: {lost}"
