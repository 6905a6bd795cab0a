"""The command line: reads what a person typed, calls the part that does it, and turns errors into one sentence.

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
    str | None, typer.Option("--device", help="Sound card by its ALSA name; without it the first one, or none.")
]
PeriodOption = Annotated[
    int, typer.Option("--period", help="Frames in one period of the sound card.", min=32, max=4096)
]
SoundPortOption = Annotated[
    int | None, typer.Option("--sound-port", help="UDP port of the sound server; without it a free one.")
]


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(f"somatone {__version__}")
        raise typer.Exit


@app.command()
def run(
    piece: PieceOption = "correlations",
    source: Annotated[
        str,
        typer.Option(
            "--source", help="auto, simulated, board[:PORT], e4-server:HOST:PORT, e4-ble[:NAME]; several with commas."
        ),
    ] = "auto",
    for_s: Annotated[float | None, typer.Option("--for", help="Stop after this many seconds.", min=0)] = None,
    log: LogOption = None,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record", help="Record what is heard to this .wav or .flac; a new file each hour, four are kept."
        ),
    ] = None,
    session: Annotated[
        Path | None,
        typer.Option(
            "--session",
            help="Keep what the sensors say in this folder, to replay and export; beyond 4 GB the oldest is deleted.",
        ),
    ] = None,
    e4_port: Annotated[
        int | None,
        typer.Option("--serve-e4", help="Also serve the wearer as an E4 at this TCP port (an E4's own is 28000)."),
    ] = None,
    sound: Annotated[bool, typer.Option("--sound/--no-sound", help="Play, or only show and log.")] = True,
    plain: Annotated[bool, typer.Option("--plain", help="Log lines instead of the live view.")] = False,
    seed: SeedOption = 0,
    device: DeviceOption = None,
    period: PeriodOption = 256,
    sound_port: SoundPortOption = None,
) -> None:
    """Play a piece from a body: the whole installation."""
    from somatone.commands.run import run_command  # noqa: PLC0415
    from somatone.options import RunOptions, SoundOptions  # noqa: PLC0415
    from somatone.pieces.piece import find_piece  # noqa: PLC0415

    options = RunOptions(
        piece=find_piece(piece),
        source=source,
        for_s=for_s,
        log=log,
        session=session,
        e4_port=e4_port,
        seed=seed,
        plain=plain or not sys.stdout.isatty(),
        sound=SoundOptions(on=sound, device=device, period=period, port=sound_port, record_to=record, seed=seed),
    )
    run_command(options)


@app.command()
def replay(
    path: Annotated[Path, typer.Argument(help="A recording, or the folder or zip of an E4 session.")],
    speed: Annotated[str, typer.Option("--speed", help="How many times as fast as it was, or max.")] = "1",
    log: LogOption = None,
    render: Annotated[Path | None, typer.Option("--render", help="Render the sound offline to this WAV.")] = None,
    piece: PieceOption = "correlations",
    sound: Annotated[bool, typer.Option("--sound/--no-sound", help="Play, or only log.")] = True,
    seed: SeedOption = 0,
    device: DeviceOption = None,
    period: PeriodOption = 256,
    sound_port: SoundPortOption = None,
) -> None:
    """Play a piece from a recorded session, live or rendered; prints the SHA-256 of the log."""
    from somatone.commands.replay import replay_command  # noqa: PLC0415
    from somatone.options import ReplayOptions, SoundOptions  # noqa: PLC0415
    from somatone.pieces.piece import find_piece  # noqa: PLC0415

    options = ReplayOptions(
        piece=find_piece(piece),
        path=path,
        speed=_speed(speed),
        log=log,
        render=render,
        seed=seed,
        sound=SoundOptions(on=sound, device=device, period=period, port=sound_port, seed=seed),
    )
    replay_command(options)


@app.command()
def inspect(
    path: Annotated[Path, typer.Argument(help="A recording, or the folder or zip of an E4 session.")],
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Draw the session to this picture (PNG, PDF or SVG).")
    ] = None,
) -> None:
    """Say in a table what a session holds, and draw it."""
    from somatone.commands.inspect import inspect_command  # noqa: PLC0415

    inspect_command(path, plot)


@app.command()
def flash(
    port: Annotated[
        list[str] | None, typer.Option("--port", help="A board's serial port; without it every board on USB.")
    ] = None,
    uf2: Annotated[
        Path | None, typer.Option("--uf2", help="Base firmware for a board in its bootloader, from micropython.org.")
    ] = None,
    uf2_volume: Annotated[
        Path | None, typer.Option("--uf2-volume", help="Where the bootloader is mounted, if it is not found.")
    ] = None,
) -> None:
    """Put the firmware on boards, restart them, test them, and say chip by chip what to check."""
    from somatone.commands.flash import flash_command  # noqa: PLC0415

    if not flash_command(port or [], uf2, uf2_volume):
        raise typer.Exit(1)


@app.command()
def boards(
    port: Annotated[
        list[str] | None, typer.Option("--port", help="A board's serial port; without it every board on USB.")
    ] = None,
    uf2_volume: Annotated[
        Path | None, typer.Option("--uf2-volume", help="Where a bootloader is mounted, if it is not found.")
    ] = None,
) -> None:
    """List the boards that are connected: serial, version, state, port."""
    from somatone.commands.boards import boards_command  # noqa: PLC0415

    boards_command(port or [], uf2_volume)


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help="A recording, or the folder or zip of an E4 session.")],
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    to: Annotated[str, typer.Option("--to", help="e4 (.zip), csv, parquet, or recording (.mcap).")],
    wearer: Annotated[str | None, typer.Option("--wearer", help="Whose E4 archive, where there are several.")] = None,
) -> None:
    """Write a recording or an E4 session in a format that other tools read."""
    from somatone.commands.export import export_command  # noqa: PLC0415

    export_command(path, to, out, wearer)


@app.command("virtual-board")
def virtual_board(
    image: Annotated[Path | None, typer.Option("--image", help="Its flash, kept in this file.")] = None,
    link: Annotated[Path | None, typer.Option("--link", help="Where its serial port is to be found.")] = None,
    blank: Annotated[bool, typer.Option("--blank", help="Start with an empty flash, as from the shop.")] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", help="KIND[:CHIP][@SECONDS[+DURATION]], or random; may be given several times."),
    ] = None,
    worn: Annotated[bool, typer.Option("--worn", help="A body wears it from the start; else type on and off.")] = False,
    seed: SeedOption = 0,
    interpreter: Annotated[
        str | None, typer.Option("--interpreter", help="i386, amd64 ...; without it the best.")
    ] = None,
) -> None:
    """A board without hardware: real MicroPython, a flash image, simulated chips on a simulated body."""
    from somatone.commands.virtual_board import virtual_board_command, virtual_board_options  # noqa: PLC0415

    virtual_board_command(virtual_board_options(image, link, blank, worn, fault or [], seed, interpreter))


@app.command("serve-e4")
def serve_e4(
    source: Annotated[
        str, typer.Option("--from", help="A source as for run, or archive:PATH or recording:PATH.")
    ] = "simulated",
    port: Annotated[int, typer.Option("--port", help="TCP port.", min=0, max=65535)] = 28000,
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    fault: Annotated[
        list[str] | None, typer.Option("--fault", help="KIND[:NUMBER], seconds between two or per cent; repeatable.")
    ] = None,
    seed: SeedOption = 0,
    speed: Annotated[str, typer.Option("--speed", help="How many times as fast as it was recorded.")] = "1",
    for_s: Annotated[float | None, typer.Option("--for", help="Stop after this many seconds.", min=0)] = None,
) -> None:
    """Speak the E4 streaming server's side, so that what was written for the E4 goes on with any source."""
    from somatone.commands.serve_e4 import ServeOptions, serve_e4_command  # noqa: PLC0415
    from somatone.sinks.e4_service.faults import parse_faults  # noqa: PLC0415

    pace = _speed(speed)
    if pace is None:
        raise UsageError("--speed max cannot be served: give a number.")
    serve_e4_command(ServeOptions(source, host, port, parse_faults(fault or []), seed, pace, for_s))


@app.command("e4-capture")
def e4_capture(
    out: Annotated[Path, typer.Argument(help="The file to write, .jsonl.")],
    name: Annotated[str, typer.Option("--name", help="How the band's name begins.")] = "Empatica E4",
    for_s: Annotated[float | None, typer.Option("--for", help="Stop after this many seconds.", min=0)] = None,
) -> None:
    """Keep an E4's raw Bluetooth packets in a file, to send and to replay with --source e4-ble:FILE.jsonl."""
    from somatone.commands.e4_capture import e4_capture_command  # noqa: PLC0415

    e4_capture_command(out, name, for_s)


@app.command()
def doctor() -> None:
    """Check what this machine has and lacks, and say what to do."""
    from somatone.commands.doctor import doctor_command  # noqa: PLC0415

    if not doctor_command():
        raise typer.Exit(1)


@app.command(name="calibrate-eda")
def calibrate_eda(
    port: Annotated[str | None, typer.Option("--port", help="Serial port of the board; without it, found.")] = None,
    resistor: Annotated[
        list[str] | None,
        typer.Option("--resistor", help="A known resistor, as 100k or 1M; give it two or three times."),
    ] = None,
) -> None:
    """Measure the board's skin-conductance front end with known resistors, and keep the record."""
    from somatone.commands.calibrate_eda import calibrate_eda_command  # noqa: PLC0415

    calibrate_eda_command(port, resistor or [])


def _speed(text: str) -> float | None:
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
