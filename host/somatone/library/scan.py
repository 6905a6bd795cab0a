"""Scans a folder of recordings into a catalogue: block by block, one transaction a recording, so that it can be killed.

A recording that is as it was (size, time of change, hash of its head) is skipped; a changed one is done again; one that
cannot be read is noted with a sentence, and the scan goes on. Memory holds two pages of levels and the sound of the
gesture that is still open, however long the recordings are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from somatone.errors import UsageError
from somatone.library.catalogue import Catalogue
from somatone.library.features import novelty, points
from somatone.library.measures import Samples, measure
from somatone.library.onsets import Cut, OnsetCutter
from somatone.library.spectrum import BandLevels

SUFFIXES = (".wav", ".flac", ".aif", ".aiff", ".aifc", ".w64")
HEAD_BYTES = 1 << 16
BLOCK_S = 1.5
LOWEST_RATE_HZ = 8000

Row = tuple[int, int, str, float, float, float, float, float, float, float]


@dataclass(slots=True)
class ScanReport:
    """What a scan did."""

    recordings: int = 0
    skipped: int = 0
    gestures: int = 0
    heard_s: float = 0.0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """Where the scan is: files through of all, bytes of sound through of all, and the file it is in."""

    files: int
    of_files: int
    share: float
    name: str


def scan(folder: Path, catalogue: Catalogue, progress: Callable[[Step], None] = lambda step: None) -> ScanReport:
    """Bring the catalogue up to date with `folder`. Raises UsageError for a folder that is none, LibraryError."""
    files = recordings_in(folder)
    sizes = [file.stat().st_size for file in files]
    total, done = max(sum(sizes), 1), 0
    report = ScanReport()
    for count, (file, size) in enumerate(zip(files, sizes, strict=True)):

        def step(share: float, file: Path = file, size: int = size, count: int = count, done: int = done) -> None:
            progress(Step(count, len(files), (done + share * size) / total, file.name))

        _scan_file(folder, file, catalogue, report, step)
        done += size
    _note_novelty(catalogue)
    progress(Step(len(files), len(files), 1.0, ""))
    return report


def recordings_in(folder: Path) -> list[Path]:
    """Every recording below the folder, in a fixed order."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder: give the folder that holds the recordings.")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    visible = [p for p in files if not any(part.startswith(".") for part in p.relative_to(folder).parts)]
    if not visible:
        raise UsageError(f"{folder} holds no recordings: there is no {', '.join(s[1:] for s in SUFFIXES)} file in it.")
    return visible


def _scan_file(
    folder: Path, file: Path, catalogue: Catalogue, report: ScanReport, step: Callable[[float], None]
) -> None:
    path = file.relative_to(folder).as_posix()
    step(0.0)
    rows: list[Row] = []
    facts, problem = (0, 0, 0), ""
    identity = (0, 0, "")
    try:
        identity = _identity(file)
        known = catalogue.db.execute(
            "SELECT size, mtime_ns, head, problem FROM recording WHERE path = ?", (path,)
        ).fetchone()
        if known and known[:3] == identity:
            report.skipped += 1
            if known[3]:
                report.problems.append(known[3])
            return
        with soundfile.SoundFile(file) as sound:
            facts = (sound.samplerate, sound.channels, sound.frames)
            for cut in gestures_of(sound, step):
                rows.append(_row(cut.start, cut.sound, sound.samplerate))
    except (OSError, soundfile.SoundFileError, ValueError) as error:
        reason = getattr(error, "error_string", "") or getattr(error, "strerror", "") or str(error)
        problem = f"{path} cannot be read{' to its end' if rows else ''}: {str(reason).strip().rstrip('.')}."
        report.problems.append(problem)
    _store(catalogue, (path, *identity, *facts, problem), rows)
    report.recordings += 1
    report.gestures += len(rows)
    report.heard_s += facts[2] / facts[0] if facts[0] else 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A gesture's first frame in its recording, and its sound (mono)."""

    start: int
    sound: Samples


def gestures_of(sound: soundfile.SoundFile, step: Callable[[float], None] = lambda share: None) -> Iterator[Heard]:
    """The gestures of one open recording, one after the other. Raises ValueError for a rate that is too low."""
    if sound.samplerate < LOWEST_RATE_HZ:
        raise ValueError(f"{sound.samplerate} Hz is too low a rate, {LOWEST_RATE_HZ} Hz is the least")
    levels = BandLevels(sound.samplerate)
    cutter = OnsetCutter(levels.sigma_db, levels.hop_s)
    kept = _Kept(levels.hop)
    block = int(BLOCK_S * sound.samplerate)
    while len(read := sound.read(block, dtype="float32", always_2d=True)):
        mono = np.nan_to_num(read.mean(axis=1, dtype=np.float32))
        kept.add(mono)
        for cut in cutter.feed(levels.feed(mono)):
            yield kept.take(cut)
        kept.forget(cutter.settled)
        step(sound.tell() / max(sound.frames, 1))
    for cut in (*cutter.feed(levels.finish()), *cutter.finish()):
        yield kept.take(cut)


class _Kept:
    """The sound that may still be asked for."""

    def __init__(self, hop: int) -> None:
        self._hop = hop
        self._first = 0
        self._sound: Samples = np.zeros(0, np.float32)

    def add(self, sound: Samples) -> None:
        self._sound = np.concatenate([self._sound, sound])

    def take(self, cut: Cut) -> Heard:
        start = cut.start * self._hop
        return Heard(start, self._sound[start - self._first : cut.end * self._hop - self._first])

    def forget(self, row: int) -> None:
        spare = row * self._hop - self._first
        if spare > 0:
            self._sound = self._sound[spare:].copy()
            self._first += spare


def _identity(file: Path) -> tuple[int, int, str]:
    about = file.stat()
    with file.open("rb") as opened:
        return about.st_size, about.st_mtime_ns, hashlib.sha256(opened.read(HEAD_BYTES)).hexdigest()


def _row(start: int, sound: Samples, rate_hz: int) -> Row:
    """What is stored of one gesture. Its key is made of its own samples: a renamed or moved recording keeps it."""
    key = hashlib.sha256(str(rate_hz).encode() + np.ascontiguousarray(sound).tobytes()).hexdigest()[:16]
    found = measure(sound, rate_hz)
    return (
        *(start, len(sound), key, len(sound) / rate_hz, found.loudness_db, found.peak_db),
        *(found.brightness_hz, found.noisiness, found.pitchedness, found.pitch_hz),
    )


def _store(catalogue: Catalogue, recording: tuple[object, ...], rows: list[Row]) -> None:
    with catalogue.transaction():
        catalogue.db.execute("DELETE FROM recording WHERE path = ?", (recording[0],))
        marks = ", ".join("?" * len(recording))
        done = catalogue.db.execute(f"INSERT INTO recording VALUES (NULL, {marks})", recording)
        catalogue.db.executemany(
            f"INSERT INTO gesture VALUES (NULL, {done.lastrowid}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)", rows
        )


def _note_novelty(catalogue: Catalogue) -> None:
    """Novelty is a matter of all gestures, so it is worked out anew after every scan; a killed scan leaves the old."""
    gestures = catalogue.gestures()
    values = novelty(points(gestures))
    with catalogue.transaction():
        catalogue.db.executemany(
            "UPDATE gesture SET novelty = ? WHERE id = ?",
            [(float(f"{value:.6g}"), gesture.id) for value, gesture in zip(values, gestures, strict=True)],
        )
