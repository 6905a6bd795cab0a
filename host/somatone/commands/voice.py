"""`somatone voice ...`: recordings through an exported model, and a small model trained on a library."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from somatone.commands.progress import STDERR, progress_bar
from somatone.errors import SomatoneError, UsageError
from somatone.library.catalogue import find_library
from somatone.library.cut import cut, read_gesture
from somatone.library.scan import recordings_in
from somatone.library.selection import cut_path, spread, twin_path
from somatone.voice.model import VoiceModel
from somatone.voice.render import Bend, parse_bias, render_file
from somatone.voice.torch_extra import VoiceError
from somatone.voice.train import Epoch, train

TRAINED_ON = 2000
TRAINED_ON_S = 3600.0


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What `voice render` was asked for: a folder, or the kept gestures of a library."""

    model: Path
    folder: Path | None
    out: Path | None
    library: str
    noise: float
    bias: tuple[str, ...]
    rate_hz: int | None
    seed: int


def render_command(options: RenderOptions) -> None:
    """Render, one sentence for each recording that cannot be, and go on. Raises SomatoneError when none could."""
    if (options.folder is None) == (not options.library):
        raise UsageError("say what to render: a folder with recordings, or --library NAME.")
    if options.library and options.out:
        raise UsageError("--out is for a folder: the machine twins of a library have their own place.")
    if options.folder:
        recordings_in(options.folder)
    model = VoiceModel(options.model, options.rate_hz)
    bend = Bend(options.noise, parse_bias(options.bias, model.latents), options.seed)
    jobs = _folder_jobs(options) if options.folder else _library_jobs(options.library)
    made_s, problems = 0.0, []
    with progress_bar(f"rendering {len(jobs)} recordings") as advance:
        for done, (source, out) in enumerate(jobs):

            def step(share: float, done: int = done) -> None:
                advance((done + share) / len(jobs))

            try:
                made_s += render_file(model, source, out, bend, step)
            except VoiceError as error:
                problems.append(str(error))
    for problem in problems:
        print(problem, file=sys.stderr)
    if len(problems) == len(jobs):
        raise SomatoneError("nothing could be rendered.")
    kind = "streaming" if model.streaming else "not streaming: chunks are faded into each other"
    print(
        f"{options.model.name} ({model.rate_hz} Hz, {model.latents} latents, {kind}): "
        f"{len(jobs) - len(problems)} recordings, {made_s:.1f} s, to {jobs[0][1].parent}"
    )


def _folder_jobs(options: RenderOptions) -> list[tuple[Path, Path]]:
    assert options.folder
    folder = options.folder
    out = options.out or folder.with_name(f"{folder.resolve().name}-{options.model.stem}")
    if out.resolve() == folder.resolve():
        raise UsageError(f"{out} holds the recordings themselves: choose another --out.")
    return [
        (file, out / file.relative_to(folder).with_name(file.name + ".wav"))
        if file.suffix.lower() != ".wav"
        else (file, out / file.relative_to(folder))
        for file in recordings_in(folder)
        if not file.resolve().is_relative_to(out.resolve())
    ]


def _library_jobs(reference: str) -> list[tuple[Path, Path]]:
    """Each kept gesture's cut, and where its twin is kept."""
    catalogue = find_library(reference)
    kept = catalogue.kept()
    if not kept:
        raise SomatoneError(f"Nothing was kept in library {catalogue.name!r}: the machine has nothing to answer to.")
    with progress_bar("cutting the kept gestures") as advance:
        jobs = []
        for done, gesture in enumerate(kept):
            advance(done / len(kept))
            source = cut(catalogue, gesture, cut_path(catalogue.name, gesture.key))
            jobs.append((source, twin_path(catalogue.name, gesture.key)))
    return jobs


def train_command(library: str, out: Path, minutes: float, seed: int) -> None:
    """Train on what was kept, or on everything where nothing was judged yet, and say how near it came."""
    if out.suffix != ".ts":
        raise UsageError(f"--out {out} must end in .ts.")
    catalogue = find_library(library)
    gestures = catalogue.kept() or catalogue.gestures("v.verdict IS NULL")
    chosen = spread(gestures, TRAINED_ON, TRAINED_ON_S)
    with progress_bar("reading gestures") as advance:
        sounds = []
        for done, gesture in enumerate(chosen):
            advance(done / len(chosen))
            sounds.append(read_gesture(catalogue, gesture))
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=STDERR, transient=True) as bar:
        task = bar.add_task("training", total=1.0)

        def show(epoch: Epoch) -> None:
            said = f"epoch {epoch.number}: {epoch.distance_db:.2f} dB off, pull {epoch.pull:.1f}"
            bar.update(task, completed=epoch.share, description=said)

        last = train(sounds, out, minutes, seed, show)
    seconds = sum(map(len, sounds)) / 48_000
    print(
        f"{out}: trained on {len(sounds)} gestures ({seconds:.0f} s) of {catalogue.name!r}, {last.number} epochs, "
        f"levels {last.distance_db:.2f} dB off on average"
    )
