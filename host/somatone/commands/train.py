"""`somatone train`: a run of a preset, as fast as the machine trains, to a recording and a picture."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from somatone.commands.progress import progress_bar
from somatone.errors import UsageError
from somatone.recorded import open_session
from somatone.sources.recording import Recording
from somatone.training.launch import Order
from somatone.training.presets import PRESETS, RATE_HZ
from somatone.training.record import Keep, record_run
from somatone.training.runs import SUFFIX, made_dir
from somatone.training.states import hear

SMALL = Keep(picture_s=2.5, grey_bits=4, activations=False, together=5)  # what fits into the package
MOST_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What was asked for. Without `record` the recording is made only for the plot and the verdict."""

    preset: str | None = None
    all_presets: bool = False
    seed: int = 1
    minutes: float | None = None
    record: Path | None = None
    plot: Path | None = None
    data: Path | None = None
    rate_hz: int = RATE_HZ
    small: bool = False


def train_command(options: TrainOptions) -> None:
    """Train, then say in one line a run what its gates heard and where it is kept."""
    if options.all_presets == bool(options.preset):
        raise UsageError(f"say which run, --preset {'|'.join(PRESETS)}, or --all.")
    if options.all_presets and options.plot:
        raise UsageError("--plot draws one run: give --preset with it.")
    if options.minutes is not None and not 0 < options.minutes <= MOST_MINUTES:
        raise UsageError(f"--minutes is above 0 and at most {MOST_MINUTES}, not {options.minutes:g}.")
    for preset in PRESETS if options.all_presets else (options.preset,):
        assert preset
        frames = max(1, round(_seconds(options, preset) * options.rate_hz))
        order = Order(preset, options.seed, options.rate_hz, 0.0, frames, options.data, at_once=True, nice=1)
        order.check()
        with tempfile.TemporaryDirectory() as spare:
            _one(order, _target(options, preset, Path(spare)), options, kept=bool(options.record))


def _seconds(options: TrainOptions, preset: str) -> float:
    """As asked for, else until the preset is in its state; a preset that is none has no length, `Order` refuses it."""
    if options.minutes is not None:
        return options.minutes * 60
    return PRESETS[preset].run_s if preset in PRESETS else 1.0


def _target(options: TrainOptions, preset: str, spare: Path) -> Path:
    if options.all_presets:
        return (options.record or made_dir()) / (preset + SUFFIX)
    return options.record or spare / (preset + SUFFIX)


def _one(order: Order, out: Path, options: TrainOptions, *, kept: bool) -> None:
    with progress_bar(f"training {order.preset}") as advance:
        asyncio.run(record_run(order, out, advance, SMALL if options.small else None))
    session = open_session(out)
    assert isinstance(session, Recording)
    heard = hear(session)
    where = f"; kept in {out} ({out.stat().st_size / 1000:.0f} kB)" if kept or options.all_presets else ""
    print(f"{order.preset}, seed {order.seed}, {session.length_s:.0f} s: {heard.verdict(order.preset)}{where}")
    if options.plot:
        from somatone.sinks.training_plot import draw_run  # noqa: PLC0415 - drawing needs matplotlib

        draw_run(session, heard, options.plot)
