"""From the words a person writes after `--source` to a source that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from somatone.calibration import store
from somatone.errors import UsageError
from somatone.records import NativeChunk, Status
from somatone.sources.board import BoardSource, board_ports
from somatone.sources.simulated import SimulatedSource

WEARER = "body"
KNOWN = ("auto", "simulated", "board", "board:PORT")


class Source(Protocol):
    """A live source: runs until cancelled, and gives everything it has to its `emit`."""

    async def run(self) -> None: ...


def make_source(
    spec: str, seed: int, emit: Callable[[NativeChunk | Status], None], now_s: Callable[[], float]
) -> Source:
    """The source that `spec` names. Raises `UsageError` for a name that is none."""
    kind, _, rest = spec.partition(":")
    if kind == "auto":
        kind = "board" if board_ports() else "simulated"
    if kind == "simulated" and not rest:
        return SimulatedSource(WEARER, seed, emit, now_s)
    if kind == "board":
        return BoardSource(WEARER, rest or None, emit, now_s, store.load)
    if kind == "archive":
        raise UsageError(f"an archive is played by 'somatone replay {rest or 'PATH'}', live or rendered.")
    raise UsageError(f"{spec!r} is no source: give one of {', '.join(KNOWN)}.")
