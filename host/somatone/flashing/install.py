"""Copies the application to a board at its REPL so that a cut at any moment does no harm.

The board's main.py takes `somatone.new` for `somatone` only when a manifest is there and every file in it is whole
(firmware/main.py has the contract). So here: what an earlier copy left is taken up where it is right; the manifest is
written beside its name, verified and renamed last; main.py is replaced the same way, after the application is whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from somatone.errors import SourceError
from somatone.flashing.application import STARTER, Application
from somatone.flashing.board_repl import BoardRepl

HOME, NEXT, MANIFEST = "/somatone", "/somatone.new", "manifest"
TRIES = 2


def install(board: BoardRepl, application: Application, advance: Callable[[float], None]) -> bool:
    """Put `application` on the board; it runs from the next reset on. False when it was there already.

    `advance` gets the share done, 0 to 1. Raises SourceError when the board goes or a file stays wrong.
    """
    advance(0.0)
    if _installed(board, application):
        advance(1.0)
        return False
    copy = _Copy(board, application.size, advance)
    _prepare(board, application)
    there = board.hashes([f"{NEXT}/{path}" for path in application.files])
    for path, data in sorted(application.files.items()):
        copy.put(f"{NEXT}/{path}", data, there[f"{NEXT}/{path}"])
    copy.put_at_once(f"{NEXT}/{MANIFEST}", application.manifest)
    copy.put_at_once(f"/{STARTER}", application.starter)
    _clear_flat(board, application)
    advance(1.0)
    return True


def _installed(board: BoardRepl, application: Application) -> bool:
    """Whether exactly this application lies there whole, and nothing else waits to take its place."""
    wanted = {f"{HOME}/{path}": _hash(data) for path, data in application.files.items()}
    wanted[f"{HOME}/{MANIFEST}"] = _hash(application.manifest)
    wanted[f"/{STARTER}"] = _hash(application.starter)
    key = [f"/{STARTER}", f"{HOME}/{MANIFEST}"]
    if board.hashes(key) != {path: wanted[path] for path in key} or board.tree(NEXT):
        return False
    return board.hashes(list(wanted)) == wanted


def _prepare(board: BoardRepl, application: Application) -> None:
    """The staging folder with nothing in it that does not belong there, and without a manifest."""
    board.remove(f"{NEXT}/{MANIFEST}")
    wanted = {f"{NEXT}/{path}" for path in application.files} | {f"{NEXT}/{path}/" for path in application.folders}
    for path in board.tree(NEXT):
        if path not in wanted:
            board.remove(path)
    for folder in ("", *(f"/{folder}" for folder in application.folders)):
        board.make_folder(NEXT + folder)


def _clear_flat(board: BoardRepl, application: Application) -> None:
    """Sources that were once copied beside main.py by hand: the application no longer comes from there."""
    there = set(board.tree(""))
    for path in application.files:
        source = f"/{path.removesuffix('.mpy')}.py"
        if source in there:
            board.remove(source)


class _Copy:
    """Puts files, each verified on the board, and tells how far it is."""

    def __init__(self, board: BoardRepl, total: int, advance: Callable[[float], None]) -> None:
        self._board = board
        self._total = total
        self._done = 0
        self._advance = advance

    def put(self, path: str, data: bytes, there: str = "") -> None:
        """One file, unless `there`, the hash of what lies there, says that it is right already."""
        wanted = _hash(data)
        if there == wanted:
            self._step(len(data))
            return
        begun = self._done
        for _ in range(TRIES):
            self._done = begun
            if self._board.put(path, data, self._step) == wanted:
                return
        raise SourceError(f"{path} does not come back from the board as it was written: its flash may be worn out.")

    def put_at_once(self, path: str, data: bytes) -> None:
        """One file that is either the old or the new one, never between."""
        if self._board.hashes([path])[path] == _hash(data):
            self._step(len(data))
            return
        self.put(f"{path}.new", data)
        self._board.rename(f"{path}.new", path)

    def _step(self, count: int) -> None:
        self._done += count
        self._advance(min(self._done / self._total, 1.0))


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
