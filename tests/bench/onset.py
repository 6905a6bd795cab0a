"""From a skin-conductance onset at a known moment, through the real firmware and the daemon, to the sound."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.ears import can_listen
from bench.figures import Figure
from live.body_to_sound import startle_and_listen

SEEDS = (11, 12, 13)


def onset_to_sound() -> Iterator[Figure]:
    """Three bodies, one startle each."""
    if not can_listen():
        yield Figure("onset of a response to gate and to sound", "gate <= 1 s", "not measured: gcc is not installed")
        return
    gate, sound, interpreter = [], [], ""
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            heard = startle_and_listen(Path(folder), seed=seed)
        interpreter = heard.interpreter
        if heard.gate_s is not None and heard.sound_s is not None:
            gate.append(heard.gate_s - heard.onset_s)
            sound.append(heard.sound_s - heard.onset_s)
    said = "never heard"
    if gate:
        said = f"gate {median(gate):.2f} s, sound {median(sound):.2f} s (median of {len(gate)}, {interpreter})"
    yield Figure("onset of a response to gate and to sound", "gate <= 1 s", said)
