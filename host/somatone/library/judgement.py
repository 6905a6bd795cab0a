"""Listening and judging, without a terminal or a page: which gesture is next, and what a person said of it.

Every judgement is on the disk when its call returns, with what was there before, so undo works after a restart too.
"""

from __future__ import annotations

from dataclasses import dataclass

from somatone.errors import UsageError
from somatone.library.catalogue import Catalogue, Gesture

PLACE = "listened_to"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which gestures to hear. `novel` brings the most unusual first; `tag` and `unjudged` leave the others out."""

    novel: bool = False
    tag: str = ""
    unjudged: bool = False

    def apply(self, catalogue: Catalogue) -> list[Gesture]:
        where, values = ["1"], []
        if self.tag:
            where.append("g.key IN (SELECT key FROM tag WHERE tag = ?)")
            values.append(clean_tag(self.tag))
        if self.unjudged:
            where.append("v.verdict IS NULL")
        order = "g.novelty DESC" if self.novel else "r.path, g.start_frame"
        return catalogue.gestures(" AND ".join(where), values, order)


def clean_tag(text: str) -> str:
    """A tag as it is stored: one word, lower case. Raises UsageError."""
    tag = text.strip().lower()
    if not tag or any(c.isspace() for c in tag) or len(tag) > 40:
        raise UsageError(f"{text!r} cannot be a tag: one word of at most 40 letters.")
    return tag


class Judgement:
    """One person going through a library. `current` is None when the end is reached."""

    def __init__(self, catalogue: Catalogue, chosen: Filter | None = None) -> None:
        self.catalogue = catalogue
        self.gestures = (chosen or Filter()).apply(catalogue)
        self._place = f"{PLACE} {chosen or Filter()}"
        self.position = self._where_it_stopped()

    @property
    def current(self) -> Gesture | None:
        """The gesture that is judged next, as it stands in the catalogue now."""
        if self.position >= len(self.gestures):
            return None
        return self.catalogue.gesture(self.gestures[self.position].id)

    def keep(self) -> None:
        self._verdict("keep")

    def discard(self) -> None:
        self._verdict("discard")

    def tag(self, text: str) -> None:
        """Give the current gesture a tag, or take it away where it has it; stays at the gesture."""
        if gesture := self.current:
            toggle_tag(self.catalogue, gesture.key, clean_tag(text))

    def next(self) -> None:
        """On to the next one without a word."""
        self._go(self.position + 1)

    def undo(self) -> Gesture | None:
        """Take back the last judgement of this library, whenever it was, and go there. None: there is none."""
        key = undo(self.catalogue)
        if key is None:
            return None
        for position, gesture in enumerate(self.gestures):
            if gesture.key == key:
                self._go(position)
                return self.current
        found = self.catalogue.gestures("g.key = ?", (key,))
        return found[0] if found else None

    def _verdict(self, verdict: str) -> None:
        if gesture := self.current:
            judge(self.catalogue, gesture.key, verdict)
            self.next()

    def _go(self, position: int) -> None:
        self.position = min(position, len(self.gestures))
        gesture = self.gestures[self.position] if self.position < len(self.gestures) else None
        self.catalogue.remember(self._place, gesture.key if gesture else "")

    def _where_it_stopped(self) -> int:
        """The remembered gesture's place, or the start where it is gone or everything was heard."""
        key = self.catalogue.about(self._place)
        return next((k for k, gesture in enumerate(self.gestures) if gesture.key == key), 0)


def judge(catalogue: Catalogue, key: str, verdict: str) -> None:
    """Say 'keep' or 'discard' of the gesture with this key."""
    with catalogue.transaction():
        _note(catalogue, key)
        catalogue.db.execute("INSERT OR REPLACE INTO verdict VALUES (?, ?)", (key, verdict))


def toggle_tag(catalogue: Catalogue, key: str, tag: str) -> bool:
    """Whether the gesture has the tag afterwards."""
    with catalogue.transaction():
        _note(catalogue, key)
        if catalogue.db.execute("DELETE FROM tag WHERE key = ? AND tag = ?", (key, tag)).rowcount:
            return False
        catalogue.db.execute("INSERT INTO tag VALUES (?, ?)", (key, tag))
        return True


def undo(catalogue: Catalogue) -> str | None:
    """Take back the last judgement; the key of its gesture, or None where there is nothing to take back."""
    with catalogue.transaction():
        row = catalogue.db.execute("SELECT id, key, verdict, tags FROM history ORDER BY id DESC LIMIT 1").fetchone()
        if not row:
            return None
        number, key, verdict, tags = row
        catalogue.db.execute("DELETE FROM history WHERE id = ?", (number,))
        catalogue.db.execute("DELETE FROM verdict WHERE key = ?", (key,))
        if verdict:
            catalogue.db.execute("INSERT INTO verdict VALUES (?, ?)", (key, verdict))
        catalogue.db.execute("DELETE FROM tag WHERE key = ?", (key,))
        catalogue.db.executemany("INSERT INTO tag VALUES (?, ?)", [(key, tag) for tag in tags.split()])
        return str(key)


def _note(catalogue: Catalogue, key: str) -> None:
    """Write down how the gesture stands now, before it is changed."""
    verdict = catalogue.db.execute("SELECT verdict FROM verdict WHERE key = ?", (key,)).fetchone()
    tags = [row[0] for row in catalogue.db.execute("SELECT tag FROM tag WHERE key = ? ORDER BY tag", (key,))]
    catalogue.db.execute(
        "INSERT INTO history VALUES (NULL, ?, ?, ?)", (key, verdict[0] if verdict else "", " ".join(tags))
    )
