"""From `training...` after `--source` to what plays a run: a trainer, a recorded run, a composition, or a server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_network

from somatone.errors import UsageError
from somatone.pieces.schema import Section
from somatone.records import Sourced
from somatone.sources.composition import CompositionSource
from somatone.sources.played import PlayedSource
from somatone.sources.training import TrainingSource
from somatone.sources.training_server import DEFAULT_PORT, TrainingServerSource
from somatone.training.launch import Order, can_train
from somatone.training.runs import run_path

RunSource = TrainingSource | PlayedSource | CompositionSource | TrainingServerSource


def training_source(
    spec: str,
    seed: int,
    emit: Callable[[Sourced], None],
    now_s: Callable[[], float],
    sections: Sequence[Section] = (),
) -> RunSource:
    """`training`, `training:RUN`, `training:RUN:SEED`, or `training-server`, with `:PORT`, with `:PORT:NETWORK`."""
    kind, _, rest = spec.partition(":")
    if kind == "training-server":
        return _server(rest, emit, now_s)
    words = rest.split(":") if rest else []
    if kind == "training" and not words:
        return CompositionSource(sections, seed, emit, now_s)
    if kind == "training" and (len(words) == 1 or (len(words) == 2 and words[1].isdecimal())):
        if not can_train():
            return PlayedSource(run_path(words[0]), emit, now_s, loop=True)
        return TrainingSource(Order(words[0], int(words[1]) if words[1:] else seed), emit, now_s)
    raise UsageError(f"{spec!r} is no training run: write training, training:RUN:SEED or training-server:PORT.")


def _server(rest: str, emit: Callable[[Sourced], None], now_s: Callable[[], float]) -> TrainingServerSource:
    port, _, network = rest.partition(":")  # an IPv6 network has colons of its own
    port = port or str(DEFAULT_PORT)
    if not (port.isdecimal() and 0 < int(port) < 1 << 16):
        raise UsageError(f"{port!r} is no port: write training-server:PORT, 1 to 65535.")
    try:
        return TrainingServerSource(int(port), emit, now_s, ip_network(network, strict=False) if network else None)
    except ValueError:
        raise UsageError(
            f"{network!r} is no network: write training-server:{port}:192.168.1.0/24, or whichever runs may come from."
        ) from None
