"""The command line's frame: the app, the options that several commands share, and errors turned into one sentence.

Exit status: 0 done, 1 failed with a sentence, 2 wrong usage, 130 stopped by Ctrl-C. Parts are imported when a command
needs them, so that `--help` and `inspect` stay quick.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from somatone import __version__
from somatone.errors import SomatoneError, UsageError

INTERRUPTED = 130

app = typer.Typer(
    name="somatone",
    help="A body, and a machine that learns, turned into sound.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

PieceOption = Annotated[str, typer.Option("--piece", help="A shipped piece by name, or a folder with a piece.toml.")]
LogOption = Annotated[Path | None, typer.Option("--log", help="Write the outgoing log here, one JSON object a line.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of everything random, so that a run can be repeated.")]
DeviceOption = Annotated[
    str | None, typer.Option("--device", help="Sound card by name, before the one that `audio use` chose.")
]
PeriodOption = Annotated[
    int, typer.Option("--period", help="Frames in one period of the sound card.", min=32, max=4096)
]
SoundPortOption = Annotated[
    int | None, typer.Option("--sound-port", help="UDP port of the sound server; without it a free one.")
]

LayoutOption = Annotated[
    str | None,
    typer.Option("--layout", help="stereo, quad, 5.1, ring8, binaural or [[azimuth, elevation], ...]."),
]


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(f"somatone {__version__}")
        raise typer.Exit


def pace(text: str) -> float | None:
    """A pace, or None for as fast as it goes."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 10_000:
        raise UsageError(f"--speed {text!r} is neither 'max' nor a number above 0 and at most 10000.")
    return speed


def main() -> None:
    """Entry point of the `somatone` command."""
    try:
        app()
    except SomatoneError as error:
        print(f"somatone: {error}", file=sys.stderr)
        sys.exit(error.status)
    except KeyboardInterrupt:
        print("somatone: stopped.", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
