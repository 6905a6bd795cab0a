"""Raw notifications in a file that an owner of an E4 can send, and that replays: one JSON object a line.

    {"format": "somatone-e4-capture", "version": 1, "started_utc": "2026-01-31T12:00:00Z"}
    {"t": 1.234567, "band": "00:07:80:43:D0:11", "char": "3ea1", "hex": "..."}
    {"t": 9.5, "band": "00:07:80:43:D0:11", "gone": true}

`t` is seconds since the capture began. Each line is written at once, so a capture that was cut holds all but its last
line; lines that cannot be read are left out and counted. Replayed through `BandDecoder` it gives the very chunks that
were made live.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from somatone.errors import SessionError, UsageError
from somatone.records import NativeChunk, Status
from somatone.sources.e4_ble import scales
from somatone.sources.e4_ble.decoder import BandDecoder

FORMAT = "somatone-e4-capture"
VERSION = 1
SUFFIX = ".jsonl"
LONGEST_S = 1e8  # three years


@dataclass(frozen=True, slots=True)
class Heard:
    """One notification; without `char` the band was lost here."""

    at_s: float
    band: str
    char: str = ""
    data: bytes = b""


class CaptureWriter:
    """Writes a capture. Raises UsageError for a file that is there, or in a folder that takes none."""

    def __init__(self, path: Path, start_s: float) -> None:
        self.path = path
        self.packets: Counter[str] = Counter()
        self.failure = ""  # why nothing more is written
        self._start_s = start_s
        try:
            self._file = path.open("x", encoding="utf-8", buffering=1)
        except FileExistsError:
            raise UsageError(f"{path} is there already: a capture is never written over; give another name.") from None
        except OSError as error:
            raise UsageError(f"{path} cannot be written ({error.strerror}).") from None
        self._line({"format": FORMAT, "version": VERSION, "started_utc": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"})

    def heard(self, now_s: float, band: str, char: str, data: bytes) -> None:
        self.packets[char] += 1
        self._line({"t": round(now_s - self._start_s, 6), "band": band, "char": char, "hex": data.hex()})

    def gone(self, now_s: float, band: str) -> None:
        self._line({"t": round(now_s - self._start_s, 6), "band": band, "gone": True})

    def close(self) -> None:
        """An empty capture is of no use to anybody and is taken away."""
        with contextlib.suppress(OSError):
            self._file.close()
        if not self.packets:
            self.path.unlink(missing_ok=True)

    def _line(self, entry: dict[str, object]) -> None:
        if self.failure:
            return
        try:
            self._file.write(json.dumps(entry) + "\n")
        except OSError as error:  # a full disk; told by whoever looks, for this is called by the radio
            self.failure = f"{self.path} takes no more ({error.strerror}): it holds what came before."


class Capture:
    """A capture to read. `unreadable` counts the lines that were left out so far."""

    def __init__(self, path: Path) -> None:
        """Raises SessionError for a file that is no capture."""
        self.path = path
        self.unreadable = 0
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                head = json.loads(file.readline(1000))
            known = head["format"] == FORMAT and head["version"] == VERSION
        except OSError as error:
            raise SessionError(f"{path} cannot be read ({error.strerror}).") from None
        except (ValueError, LookupError, TypeError):
            known = False
        if not known:
            raise SessionError(f"{path} is no capture of `somatone e4-capture`, version {VERSION}.")

    def heard(self) -> Iterator[Heard]:
        self.unreadable = 0
        with self.path.open(encoding="utf-8", errors="replace") as file:
            file.readline()
            for line in file:
                heard = _read_line(line)
                if heard is None:
                    self.unreadable += 1
                else:
                    yield heard

    def records(self, wearer: str) -> Iterator[tuple[float, NativeChunk | Status]]:
        """(seconds since the start, record): `wearer` wears the first band, `wearer-2` the second, and so on."""
        out: list[NativeChunk | Status] = []
        decoders: dict[str, BandDecoder] = {}
        for heard in self.heard():
            decoder = decoders.get(heard.band)
            if decoder is None:
                name = wearer if not decoders else f"{wearer}-{len(decoders) + 1}"
                decoder = decoders[heard.band] = BandDecoder(name, heard.band, scales.load(heard.band), out.append)
            if heard.char:
                decoder.feed(heard.char, heard.data, heard.at_s)
            else:
                decoder.outage()
            yield from ((heard.at_s, record) for record in out)
            out.clear()


def _read_line(line: str) -> Heard | None:
    try:
        entry = json.loads(line)
        at_s, band = float(entry["t"]), str(entry["band"])
        if not 0.0 <= at_s < LONGEST_S:  # NaN is neither
            return None
        if entry.get("gone") is True:
            return Heard(at_s, band)
        return Heard(at_s, band, str(entry["char"]), bytes.fromhex(entry["hex"]))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


class CaptureSource:
    """A capture as a live source, at the pace at which it was heard; ends with it."""

    def __init__(
        self, path: Path, wearer: str, emit: Callable[[NativeChunk | Status], None], now_s: Callable[[], float]
    ) -> None:
        self._capture = Capture(path)
        self._wearer = wearer
        self._emit = emit
        self._now_s = now_s

    async def run(self) -> None:
        start_s: float | None = None
        for at_s, record in self._capture.records(self._wearer):
            if start_s is None:
                start_s = self._now_s() - at_s
            await asyncio.sleep(max(0.0, start_s + at_s - self._now_s()))
            self._emit(_moved(record, start_s))


def _moved(record: NativeChunk | Status, by_s: float) -> NativeChunk | Status:
    """The record with its moment on the path's clock."""
    if isinstance(record, NativeChunk):
        return msgspec.structs.replace(record, arrival_s=record.arrival_s + by_s)
    return msgspec.structs.replace(record, at_s=record.at_s + by_s)
