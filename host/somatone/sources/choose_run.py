"""From `training...` after `--source` to what plays a run: a trainer, a recorded run, a composition, or a server."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
    """`training`, `training:RUN`, `training:RUN:SEED`, `training-server` or `training-server:PORT`."""
    kind, *words = spec.split(":")
    if kind == "training-server" and len(words) <= 1:
        port = words[0] if words else str(DEFAULT_PORT)
        if port.isdecimal() and 0 < int(port) < 1 << 16:
            return TrainingServerSource(int(port), emit, now_s)
    elif kind == "training" and not words:
        return CompositionSource(sections, seed, emit, now_s)
    elif (kind == "training" and len(words) == 1) or (len(words) == 2 and words[1].isdecimal()):
        if not can_train():
            return PlayedSource(run_path(words[0]), emit, now_s, loop=True)
        return TrainingSource(Order(words[0], int(words[1]) if words[1:] else seed), emit, now_s)
    raise UsageError(f"{spec!r} is no training run: write training, training:RUN:SEED or training-server:PORT.")
