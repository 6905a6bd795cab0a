"""Recordings that have gone since they were chosen: said once each, and another one stands in for each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from somatone.sinks.sound.osc import Message


class Missing:
    """Looks after the recordings of one instrument. `say` gets a recording's name and one sentence."""

    def __init__(self, buffers: Mapping[str, Path], say: Callable[[str, str], None]) -> None:
        self._names = {str(path.resolve()): name for name, path in buffers.items()}
        self._say = say
        self._said: set[str] = set()

    def replaced(self, loads: list[Message]) -> list[Message]:
        """`loads` without the files that are not there."""
        there = [path for path in self._names if Path(path).is_file()]
        self._said.difference_update(there)  # one that returns, and goes again, is said again
        usable = list[Message]()
        for message in loads:
            if message[0] != "/b_allocRead" or (path := str(message[2])) in there:
                usable.append(message)
                continue
            if path not in self._said:
                self._said.add(path)
                then = "another one plays in its place" if there else "there is none to play in its place"
                name = self._names.get(path, path)
                self._say(name, f"The recording {name!r} is missing, there is no file {path}: {then}.")
            if there:
                usable.append((*message[:2], there[int(message[1]) % len(there)], *message[3:]))
        return usable
