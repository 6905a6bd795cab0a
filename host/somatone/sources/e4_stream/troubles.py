"""What a person is told of an outage: each kind of trouble once, and once that it is over."""

from __future__ import annotations

from collections.abc import Callable

SHOWN = 40  # characters of a line that nobody understands


class Troubles:
    """`say` is given a word for the kind and a sentence without its full stop."""

    def __init__(self, server: str, say: Callable[[str, str, str], None]) -> None:
        self._server = server
        self._say = say
        self._said: set[str] = set()
        self._well = False
        self._heard = ""

    def remember(self, text: str) -> None:
        """A line that was not understood: the best explanation of whatever is said next."""
        self._heard = self._heard or text[:SHOWN]

    def say(self, kind: str, sentence: str) -> None:
        """Once in each outage; kinds that follow from one that was said are said too, but never twice."""
        self._well = False
        if kind in self._said:
            return
        self._said.add(kind)
        heard = f"; it said {self._heard!r}" if self._heard else ""
        self._heard = ""
        self._say("e4", kind, f"{sentence}{heard}; it is tried again until it works.")

    def over(self, word: str, sentence: str) -> None:
        """All is well: said at the first time and after each outage that was spoken of."""
        self._heard = ""
        if not self._well:
            self._well = True
            self._said.clear()
            self._say("e4", word, sentence)
