"""`somatone library ...`: scan recordings, judge their gestures, list, draw and export them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from somatone.commands.progress import STDERR, progress_bar
from somatone.errors import UsageError
from somatone.library.catalogue import Catalogue, Gesture, find_library
from somatone.library.cut import cut
from somatone.library.judgement import Filter, clean_tag, judge, toggle_tag
from somatone.library.scan import Step, recordings_in, scan

SHOWN_PROBLEMS = 20


def scan_command(folder: Path, name: str | None) -> None:
    """Scan, then say what was found and what could not be read."""
    recordings_in(folder)  # a folder without recordings makes no library
    catalogue = Catalogue.create(name or folder.resolve().name, folder)
    if catalogue.root != folder.resolve():
        raise UsageError(
            f"library {catalogue.name!r} is of {catalogue.root}: give this folder another name with --name."
        )
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=STDERR, transient=True) as bar:
        task = bar.add_task("scanning", total=1.0)

        def show(step: Step) -> None:
            said = f"{step.files} of {step.of_files} recordings  {step.name[:40]}"
            bar.update(task, completed=step.share, description=said)

        report = scan(folder, catalogue, show)
    for problem in report.problems[:SHOWN_PROBLEMS]:
        print(f"{catalogue.name}: {problem}", file=sys.stderr)
    if len(report.problems) > SHOWN_PROBLEMS:
        print(f"{catalogue.name}: {len(report.problems) - SHOWN_PROBLEMS} more cannot be read.", file=sys.stderr)
    unchanged = f", {report.skipped} unchanged" if report.skipped else ""
    print(
        f"{catalogue.name}: {report.recordings} recordings ({report.heard_s / 60:.1f} min) scanned{unchanged}; "
        f"{sum(catalogue.counts().values())} gestures"
    )


def judge_command(library: str, numbers: Sequence[int], verdict: str) -> None:
    catalogue = find_library(library)
    keys = [catalogue.gesture(number).key for number in numbers]  # all of them exist, or none is judged
    for key in keys:
        judge(catalogue, key, verdict)
    print(f"{catalogue.name}: {_counts(catalogue)}")


def tag_command(library: str, tag: str, numbers: Sequence[int], *, remove: bool) -> None:
    catalogue = find_library(library)
    tag = clean_tag(tag)
    found = [catalogue.gesture(number) for number in numbers]
    changed = [g for g in found if (tag in g.tags) == remove]
    for gesture in changed:
        toggle_tag(catalogue, gesture.key, tag)
    print(f"{catalogue.name}: {len(changed)} gestures {'lost' if remove else 'have got'} the tag {tag!r}")


def list_command(library: str, chosen: Filter, verdict: str, limit: int) -> None:
    catalogue = find_library(library)
    verdicts = {"": None, "keep": "keep", "kept": "keep", "discard": "discard", "discarded": "discard"}
    if verdict not in verdicts:
        raise UsageError(f"--verdict {verdict!r} is none: give keep or discard.")
    gestures = [g for g in chosen.apply(catalogue) if not verdict or g.verdict == verdicts[verdict]]
    table = Table(title=f"{catalogue.name}: {_counts(catalogue)}")
    for column in ("id", "recording", "at", "length", "loud", "bright", "noisy", "pitch", "novel", "verdict", "tags"):
        table.add_column(column, justify="left" if column in ("recording", "verdict", "tags") else "right")
    for gesture in gestures[: limit or None]:
        table.add_row(*_cells(gesture))
    Console().print(table)
    if limit and len(gestures) > limit:
        print(f"{len(gestures) - limit} more: --limit 0 shows all.")


def export_command(library: str, out: Path) -> None:
    """Kept gestures as WAV files, named so that they sort by recording and time."""
    catalogue = find_library(library)
    kept = catalogue.kept()
    if not kept:
        raise UsageError(f"nothing was kept in library {catalogue.name!r} yet: somatone library listen.")
    with progress_bar(f"writing {len(kept)} gestures") as advance:
        for done, gesture in enumerate(kept):
            advance(done / len(kept))
            stem = gesture.path.rpartition(".")[0].replace("/", "_")
            cut(catalogue, gesture, out / f"{stem}_{gesture.start_s:09.3f}s_{gesture.key}.wav")
    print(f"{catalogue.name}: {len(kept)} gestures written to {out}")


def map_command(library: str, plot: Path) -> None:
    if plot.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise UsageError(f"--plot {plot} must end in .png, .pdf or .svg.")
    from somatone.sinks.library_map import draw_library  # noqa: PLC0415 - matplotlib takes a second to load

    catalogue = find_library(library)
    draw_library(catalogue.name, catalogue.gestures(), plot)
    print(f"drawn to {plot}")


def _counts(catalogue: Catalogue) -> str:
    counts = catalogue.counts()
    return f"{counts['keep']} kept, {counts['discard']} discarded, {counts['']} not judged"


def _cells(gesture: Gesture) -> tuple[str, ...]:
    minutes, seconds = divmod(gesture.start_s, 60)
    return (
        str(gesture.id),
        gesture.path,
        f"{int(minutes)}:{seconds:05.2f}",
        f"{gesture.duration_s:.2f} s",
        f"{gesture.loudness_db:.0f} dB",
        f"{gesture.brightness_hz:.0f} Hz",
        f"{gesture.noisiness:.3f}",
        f"{gesture.pitch_hz:.0f} Hz" if gesture.pitch_hz else "",
        f"{gesture.novelty:.1f}",
        gesture.verdict,
        " ".join(gesture.tags),
    )
