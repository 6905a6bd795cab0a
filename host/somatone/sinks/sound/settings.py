"""How sound is made, as whoever starts it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from somatone.sinks.sound.wiring import Wiring


@dataclass(frozen=True, slots=True)
class SoundSettings:
    """How sound is made. `device` None: the card chosen for this machine, else any card, else the dummy driver; or a
    card's name or "dummy". `port` None: any free UDP port. `record_to`: also write what is heard to this .wav or
    .flac. `wiring`: the room's loudspeakers, and the chain of inserts."""

    sample_rate: int = 48_000
    period: int = 256
    device: str | None = None
    port: int | None = None
    record_to: Path | None = None
    seed: int = 1
    wiring: Wiring = field(default_factory=Wiring)
