"""Commands for whoever reads recordings: what they hold, what other parameters would make of them, other formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from somatone.cli.frame import PieceOption, app


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
def tune(
    path: Annotated[
        Path | None, typer.Argument(help="A recording, or the folder or zip of an E4 session.", show_default=False)
    ] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="One rule, as pulse.beat; without it all.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=NUMBER, a parameter to try; may be given several times (--list shows all)."),
    ] = None,
    from_s: Annotated[float | None, typer.Option("--from", help="Only from this second on.", min=0)] = None,
    to_s: Annotated[float | None, typer.Option("--to", help="Only up to this second.", min=0)] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Draw to this picture (PNG, PDF or SVG), one a signal.")
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="Keep what was set as your own layer over the piece.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Take a rule's settings out of your layer.")] = False,
    list_all: Annotated[bool, typer.Option("--list", help="Show all parameters with their present values.")] = False,
    piece: PieceOption = "correlations",
    wearer: Annotated[str | None, typer.Option("--wearer", help="Who, where there are several.")] = None,
) -> None:
    """Try a rule's parameters on a recording: counts, scores and pictures beside reference detectors."""
    from somatone.commands.tune import TuneOptions, tune_command  # noqa: PLC0415

    tune_command(
        TuneOptions(
            path=path,
            piece=piece,
            rule=rule,
            settings=tuple(settings or ()),
            from_s=from_s,
            to_s=to_s,
            plot=plot,
            wearer=wearer,
            save=save,
            forget=forget,
            list_all=list_all,
        )
    )


@app.command()
def correlate(
    path: Annotated[Path, typer.Argument(help="A recording, or the folder or zip of an E4 session.")],
    plot: Annotated[Path | None, typer.Option("--plot", help="Draw to this picture (PNG, PDF or SVG).")] = None,
    piece: PieceOption = "correlations",
) -> None:
    """Say which streams move together, with what chance makes of the same streams beside it."""
    from somatone.commands.correlate import correlate_command  # noqa: PLC0415
    from somatone.pieces.piece import find_piece  # noqa: PLC0415

    correlate_command(path, plot, find_piece(piece))


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
