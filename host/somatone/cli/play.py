"""Commands that play: live from a body, or from a recorded session."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from somatone.cli.frame import (
    DeviceOption,
    LayoutOption,
    LogOption,
    PeriodOption,
    PieceOption,
    SeedOption,
    SoundPortOption,
    app,
    pace,
)

if TYPE_CHECKING:
    from somatone.pieces.piece import Piece

PlayLibraryOption = Annotated[
    str | None,
    typer.Option("--library", help="Play the kept gestures of this library (its name, or the folder scanned)."),
]


def _piece(name: str) -> Piece:
    """The piece, after saying whether the artist's layer changes it, and what in the layer could not be used."""
    from somatone.pieces.piece import find_piece  # noqa: PLC0415

    piece = find_piece(name)
    for sentence in piece.layer.sentences():
        print(f"somatone: {sentence}", file=sys.stderr)
    return piece


OscOption = Annotated[
    list[str] | None, typer.Option("--osc", help="Also say everything by OSC to HOST:PORT; repeatable.")
]
MidiOption = Annotated[
    str, typer.Option("--midi", help="MIDI port for the piece's [[midi]], by its name or a part of it.")
]


PageOption = Annotated[
    int, typer.Option("--page", help="Show the stage at this port of this machine (0: any free one).", min=0, max=65535)
]
NoPageOption = Annotated[bool, typer.Option("--no-page", help="Show no stage.")]


@app.command()
def run(
    piece: PieceOption = "correlations",
    source: Annotated[
        str,
        typer.Option(
            "--source",
            help="auto, simulated, board[:PORT], e4-server:HOST:PORT, e4-ble[:NAME], training[:RUN], "
            "training-server[:PORT[:NETWORK]], recording:PATH, loop:PATH; several with commas.",
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
    layout: LayoutOption = None,
    library: PlayLibraryOption = None,
    page: PageOption = 8765,
    no_page: NoPageOption = False,
    osc: OscOption = None,
    osc_in: Annotated[int, typer.Option("--osc-in", help="Take orders by OSC at this UDP port.", min=0, max=65535)] = 0,
    osc_from: Annotated[
        list[str] | None,
        typer.Option("--osc-from", help="An address or network that may order by OSC, beside this machine."),
    ] = None,
    midi: MidiOption = "",
) -> None:
    """Play a piece from a body: the whole installation."""
    from somatone.commands.run import run_command  # noqa: PLC0415
    from somatone.options import OutOptions, RunOptions, SoundOptions  # noqa: PLC0415

    options = RunOptions(
        piece=_piece(piece),
        source=source,
        for_s=for_s,
        log=log,
        session=session,
        e4_port=e4_port,
        page_port=None if no_page else page,
        seed=seed,
        plain=plain or not sys.stdout.isatty(),
        sound=SoundOptions(
            on=sound,
            device=device,
            period=period,
            port=sound_port,
            record_to=record,
            seed=seed,
            layout=layout,
            library=library,
        ),
        out=OutOptions(tuple(osc or ()), osc_in, tuple(osc_from or ()), midi),
    )
    run_command(options)


@app.command()
def replay(
    path: Annotated[Path, typer.Argument(help="A recording, or the folder or zip of an E4 session.")],
    speed: Annotated[str, typer.Option("--speed", help="How many times as fast as it was, or max.")] = "1",
    log: LogOption = None,
    render: Annotated[
        Path | None, typer.Option("--render", help="Render the sound offline to this WAV or FLAC.")
    ] = None,
    stems: Annotated[bool, typer.Option("--stems", help="Render each voice to a file of its own, too.")] = False,
    piece: PieceOption = "correlations",
    sound: Annotated[bool, typer.Option("--sound/--no-sound", help="Play, or only log.")] = True,
    seed: SeedOption = 0,
    device: DeviceOption = None,
    period: PeriodOption = 256,
    sound_port: SoundPortOption = None,
    layout: LayoutOption = None,
    library: PlayLibraryOption = None,
    osc: OscOption = None,
    midi: MidiOption = "",
    page: Annotated[
        int | None, typer.Option("--page", help="Show the stage at this port of this machine.", min=0, max=65535)
    ] = None,
    still: Annotated[Path | None, typer.Option("--still", help="Draw the stage at --at to this PNG.")] = None,
    film: Annotated[Path | None, typer.Option("--film", help="Make a film of the stage with its sound (MP4).")] = None,
    at_s: Annotated[float, typer.Option("--at", help="Second of the still.", min=0)] = 0.0,
    from_s: Annotated[float, typer.Option("--from", help="First second of the film.", min=0)] = 0.0,
    to_s: Annotated[float | None, typer.Option("--to", help="Last second of the film.", min=0)] = None,
) -> None:
    """Play a piece from a recorded session, live, rendered, or as a film; prints the SHA-256 of the log."""
    from somatone.commands.replay import replay_command  # noqa: PLC0415
    from somatone.options import FilmOptions, OutOptions, ReplayOptions, SoundOptions  # noqa: PLC0415

    options = ReplayOptions(
        piece=_piece(piece),
        path=path,
        speed=pace(speed),
        log=log,
        render=render,
        stems=stems,
        seed=seed,
        sound=SoundOptions(
            on=sound, device=device, period=period, port=sound_port, seed=seed, layout=layout, library=library
        ),
        out=OutOptions(tuple(osc or ()), midi=midi),
        page_port=page,
        film=FilmOptions(still, film, at_s, from_s, to_s),
    )
    replay_command(options)
