"""The catalogue of one library: which recordings there are, their gestures, and what a person thinks of each. SQLite.

    recording   path (relative to the library's root), size, mtime_ns, head (SHA-256 of its first 64 KiB), rate_hz,
                channels, frames, problem (one sentence, or '')
    gesture     recording, start_frame, frames, key (names the sound itself: the same after any new scan), duration_s,
                loudness_db (RMS of its loudest 0.4 s, dBFS), peak_db, brightness_hz (mean spectral centroid),
                noisiness (mean spectral flatness 0..1), pitchedness (0..1), pitch_hz (0: none), novelty (1 is usual)
    verdict     key, verdict 'keep' or 'discard'
    tag         key, tag
    history     what was judged, in order, with what was before: undo reads it backwards, also after a restart
    about       version, root, and where listening stopped

What a person said hangs on `key` and not on a row, so no new scan can lose it. `synchronous=FULL`, one transaction a
recording or a judgement: after a power cut the catalogue is as it was before or after one, never between.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from somatone import paths
from somatone.errors import SomatoneError, UsageError

VERSION = 1
BUSY_S = 15.0
SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE recording (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    head TEXT NOT NULL, rate_hz INTEGER NOT NULL, channels INTEGER NOT NULL, frames INTEGER NOT NULL,
    problem TEXT NOT NULL);
CREATE TABLE gesture (
    id INTEGER PRIMARY KEY, recording INTEGER NOT NULL REFERENCES recording(id) ON DELETE CASCADE,
    start_frame INTEGER NOT NULL, frames INTEGER NOT NULL, key TEXT NOT NULL, duration_s REAL NOT NULL,
    loudness_db REAL NOT NULL, peak_db REAL NOT NULL, brightness_hz REAL NOT NULL, noisiness REAL NOT NULL,
    pitchedness REAL NOT NULL, pitch_hz REAL NOT NULL, novelty REAL);
CREATE INDEX gesture_recording ON gesture(recording, start_frame);
CREATE INDEX gesture_key ON gesture(key);
CREATE TABLE verdict (key TEXT PRIMARY KEY, verdict TEXT NOT NULL CHECK (verdict IN ('keep', 'discard'))) WITHOUT ROWID;
CREATE TABLE tag (key TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (key, tag)) WITHOUT ROWID;
CREATE TABLE history (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, verdict TEXT NOT NULL, tags TEXT NOT NULL);
"""
SELECT = """
SELECT g.id, g.key, r.path, r.rate_hz, g.start_frame, g.frames, g.duration_s, g.loudness_db, g.peak_db, g.brightness_hz,
    g.noisiness, g.pitchedness, g.pitch_hz, coalesce(g.novelty, 1.0), coalesce(v.verdict, ''),
    coalesce((SELECT group_concat(tag, ' ') FROM (SELECT tag FROM tag WHERE key = g.key ORDER BY tag)), '')
FROM gesture g JOIN recording r ON r.id = g.recording LEFT JOIN verdict v ON v.key = g.key
"""


class LibraryError(SomatoneError):
    """There is no such library, or its catalogue cannot be used."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """One gesture as it stands in the catalogue. `verdict` is 'keep', 'discard' or ''."""

    id: int
    key: str
    path: str
    rate_hz: int
    start_frame: int
    frames: int
    duration_s: float
    loudness_db: float
    peak_db: float
    brightness_hz: float
    noisiness: float
    pitchedness: float
    pitch_hz: float
    novelty: float
    verdict: str
    tags: tuple[str, ...]

    @property
    def start_s(self) -> float:
        return self.start_frame / self.rate_hz


def libraries_dir() -> Path:
    return paths.state_dir() / "libraries"


def library_names() -> list[str]:
    return sorted(path.stem for path in libraries_dir().glob("*.sqlite"))


def find_library(reference: str = "") -> Catalogue:
    """A library by name, by the folder that was scanned, or '' for the only one. Raises LibraryError, UsageError."""
    names = library_names()
    if not reference:
        if len(names) == 1:
            return Catalogue.open(names[0])
        if not names:
            raise LibraryError("There is no library yet: make one with `somatone library scan FOLDER`.")
        raise UsageError(f"there are several libraries: say --library with one of {', '.join(names)}.")
    if reference in names:
        return Catalogue.open(reference)
    wanted = Path(reference).expanduser().resolve()
    for name in names:
        catalogue = Catalogue.open(name)
        if catalogue.root == wanted:
            return catalogue
        catalogue.close()
    if wanted.is_dir():
        raise LibraryError(f"{wanted} is not in a library yet: type `somatone library scan {reference}` first.")
    known = f"there are {', '.join(names)}" if names else "there is none yet: `somatone library scan FOLDER` makes one"
    raise LibraryError(f"There is no library {reference!r}: {known}.")


class Catalogue:
    """One open catalogue. Everything that is written is on the disk when the call returns."""

    def __init__(self, name: str, path: Path, connection: sqlite3.Connection) -> None:
        self.name, self.path = name, path
        self.db = connection

    @classmethod
    def create(cls, name: str, root: Path) -> Catalogue:
        """Open the library `name` for the folder `root`, made when it is missing. Raises LibraryError."""
        if not name or "/" in name or name.startswith("."):
            raise UsageError(f"{name!r} cannot name a library: use letters and figures, as in --name winter.")
        path = libraries_dir() / f"{name}.sqlite"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = _connect(path)
            with _transaction(connection):
                if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                    for statement in SCHEMA.split(";"):
                        connection.execute(statement)
                    about = (("version", str(VERSION)), ("root", str(root.resolve())))
                    connection.executemany("INSERT INTO about VALUES (?, ?)", about)
        except (OSError, sqlite3.Error) as error:
            raise LibraryError(f"The catalogue {path} cannot be written ({error}).") from None
        return cls(name, path, connection)._checked()

    @classmethod
    def open(cls, name: str) -> Catalogue:
        path = libraries_dir() / f"{name}.sqlite"
        try:
            return cls(name, path, _connect(path))._checked()
        except sqlite3.Error as error:
            raise LibraryError(f"The catalogue {path} cannot be read ({error}): move it away and scan again.") from None

    def close(self) -> None:
        self.db.close()

    @property
    def root(self) -> Path:
        return Path(self.about("root"))

    def about(self, name: str) -> str:
        row = self.db.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def remember(self, name: str, value: str) -> None:
        with self.transaction():
            self.db.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (name, value))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the body or nothing, on the disk at its end. Raises LibraryError where the disk refuses."""
        try:
            with _transaction(self.db):
                yield
        except sqlite3.Error as error:
            raise LibraryError(f"The catalogue {self.path} cannot be written ({error}).") from None

    def gestures(
        self, where: str = "1", values: Sequence[object] = (), order: str = "r.path, g.start_frame"
    ) -> list[Gesture]:
        """Gestures in a fixed order; `where` and `order` are SQL of this module's callers, `values` fill its marks."""
        rows = self.db.execute(f"{SELECT} WHERE {where} ORDER BY {order}, g.id", tuple(values))
        return [_gesture(row) for row in rows]

    def kept(self) -> list[Gesture]:
        return self.gestures("v.verdict = 'keep'")

    def gesture(self, number: int) -> Gesture:
        """The gesture with this number. Raises LibraryError."""
        found = self.gestures("g.id = ?", (number,))
        if not found:
            raise LibraryError(f"Library {self.name!r} has no gesture {number}: see `somatone library list`.")
        return found[0]

    def counts(self) -> dict[str, int]:
        """How many gestures were kept, discarded, and not judged yet ('')."""
        rows = self.db.execute(
            "SELECT coalesce(v.verdict, ''), count(*) FROM gesture g LEFT JOIN verdict v ON v.key = g.key GROUP BY 1"
        )
        return {"keep": 0, "discard": 0, "": 0} | {str(name): int(count) for name, count in rows}

    def _checked(self) -> Catalogue:
        version = self.about("version")
        if version != str(VERSION):
            self.close()
            raise LibraryError(
                f"The catalogue {self.path} is of version {version or 'unknown'}, and this somatone writes {VERSION}."
            )
        return self


def _gesture(row: Sequence[Any]) -> Gesture:
    """One row of SELECT; its last column holds the tags with spaces between."""
    values: list[Any] = [*row[:-1], tuple(row[-1].split())]
    return Gesture(*values)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
