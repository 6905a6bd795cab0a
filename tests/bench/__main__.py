"""`make bench`: measures what the project promises and prints one table, with the machine that it was measured on.

Figures of shared machines are noisy: compare ratios within one run, not numbers between runs. Nothing is asserted here.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from bench.beat_delay import beat_delay
from bench.beats import beats
from bench.bit_exact import bit_exact
from bench.breath import breath
from bench.composition_sound import composition_sound
from bench.correlation import correlation
from bench.failover_picture import failover_picture
from bench.figures import Figure
from bench.fusion import fusion
from bench.heart_rate import heart_rate
from bench.learns_sound import learns_sound
from bench.library import library
from bench.onset import onset_to_sound
from bench.particles import particles
from bench.path_cost import path_cost
from bench.piece_pictures import piece_pictures
from bench.range_audit import range_audit
from bench.real_beats import real_beats
from bench.replay_speed import render_speed, replay_speed
from bench.skin_onsets import skin_onsets
from bench.sound_faults import sound_faults
from bench.sound_latency import sound_latency
from bench.stage import film_sync, page_cost, stage, stage_returns
from bench.stage_views import stage_views
from bench.ten_minutes import ten_minutes
from bench.training_latency import training_latency
from bench.training_long import training_long
from bench.training_presets import training_presets
from bench.visitors import visitors
from bench.voices import voices

BENCHES: tuple[Callable[[], Iterator[Figure]], ...] = (
    path_cost,
    replay_speed,
    render_speed,
    particles,
    fusion,
    failover_picture,
    onset_to_sound,
    sound_latency,
    training_latency,
    sound_faults,
    ten_minutes,
    correlation,
    skin_onsets,
    visitors,
    breath,
    bit_exact,
    beats,
    real_beats,
    beat_delay,
    heart_rate,
    range_audit,
    library,
    training_presets,
    learns_sound,
    composition_sound,
    training_long,
    voices,
    piece_pictures,
    stage,
    stage_returns,
    stage_views,
    page_cost,
    film_sync,
)


def machine() -> str:
    """Processor, cores, load and interpreter, for the head of the table."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - not a file anyone wrote
            name = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), name)
    except OSError:
        pass
    return f"{name}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"


def main(names: list[str]) -> None:
    """Run the benches whose names contain one of the words, or all of them."""
    table = Table(title=machine())
    for column in ("what", "bar", "measured"):
        table.add_column(column)
    chosen = [bench for bench in BENCHES if not names or any(name in bench.__name__ for name in names)]
    for bench in chosen:
        begun = time.monotonic()
        print(f"{bench.__name__} ...", end="", flush=True, file=sys.stderr)
        for figure in bench():
            table.add_row(figure.what, figure.bar, figure.measured)
        print(f" {time.monotonic() - begun:.0f} s", file=sys.stderr)
    Console(width=140).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
