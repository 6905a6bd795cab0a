"""From the words a person writes after `--source` to a source that runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from somatone.calibration import store
from somatone.errors import UsageError
from somatone.pieces.schema import Section
from somatone.records import Sourced
from somatone.sources.board import BoardSource, board_ports
from somatone.sources.choose_run import training_source
from somatone.sources.e4_ble.capture import SUFFIX, CaptureSource
from somatone.sources.e4_ble.source import NAME_PREFIX, E4BleSource
from somatone.sources.e4_stream.source import DEFAULT_HOST, DEFAULT_PORT, E4StreamSource
from somatone.sources.played import PlayedSource
from somatone.sources.simulated import SimulatedSource

WEARER = "body"
Emit = Callable[[Sourced], None]
KNOWN = (
    "auto",
    "simulated",
    "board",
    "board:PORT",
    "e4-server[:HOST[:PORT[:ID]]]",
    "e4-ble[:NAME]",
    "training[:RUN[:SEED]]",
    "training-server[:PORT[:NETWORK]]",
    "recording:PATH",
    "loop:PATH",
)


class Source(Protocol):
    """A live source: runs until cancelled, and gives everything it has to its `emit`."""

    async def run(self) -> None: ...


def make_sources(
    spec: str, seed: int, emit: Emit, now_s: Callable[[], float], sections: Sequence[Section] = ()
) -> list[Source]:
    """One source, or several with commas between them.

    All that measure a body are on the same wearer, "body", and are fused; a training run is the wearer "run", a
    recording whoever it was. `sections` are the piece's, for the source `training`.
    """
    return [make_source(part.strip(), seed, emit, now_s, sections) for part in spec.split(",")]


def make_source(
    spec: str, seed: int, emit: Emit, now_s: Callable[[], float], sections: Sequence[Section] = ()
) -> Source:
    """The source that `spec` names. Raises `UsageError` for a name that is none."""
    kind, _, rest = spec.partition(":")
    if kind == "auto":
        spec = kind = "board" if board_ports() else "training" if sections else "simulated"
    if kind == "simulated" and not rest:
        return SimulatedSource(WEARER, seed, emit, now_s)
    if kind == "board":
        return BoardSource(WEARER, rest or None, emit, now_s, store.load)
    if kind == "e4-server":
        return _e4_server(spec, rest, emit, now_s)
    if kind == "e4-ble":
        return _e4_ble(rest, emit, now_s)
    if kind in ("training", "training-server"):
        return training_source(spec, seed, emit, now_s, sections)
    if kind in ("recording", "loop") and rest:
        return PlayedSource(Path(rest), emit, now_s, loop=kind == "loop")
    if kind == "archive":
        raise UsageError(f"an archive is played by 'somatone replay {rest or 'PATH'}', live or rendered.")
    raise UsageError(f"{spec!r} is no source: give one of {', '.join(KNOWN)}.")


def _e4_ble(rest: str, emit: Emit, now_s: Callable[[], float]) -> E4BleSource | CaptureSource:
    """`e4-ble`, `e4-ble:NAME`, or a capture instead of the band."""
    if rest.endswith(SUFFIX):
        return CaptureSource(Path(rest), WEARER, emit, now_s)
    return E4BleSource([WEARER], emit, now_s, rest or NAME_PREFIX)


def _e4_server(spec: str, rest: str, emit: Emit, now_s: Callable[[], float]) -> E4StreamSource:
    """`e4-server`, `e4-server:HOST`, `e4-server:HOST:PORT` or `e4-server:HOST:PORT:ID`."""
    words = rest.split(":") if rest else []
    port = words[1] if len(words) > 1 else str(DEFAULT_PORT)
    if len(words) > 3 or not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
        raise UsageError(f"{spec!r} is no E4 streaming server: write e4-server:HOST:PORT, and :ID for one band.")
    host = words[0] if words and words[0] else DEFAULT_HOST
    band = words[2] if len(words) > 2 else None
    return E4StreamSource([WEARER], host, int(port), emit, now_s, [band])
