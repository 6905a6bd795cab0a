"""Commands for whoever reads recordings: what they hold, and other formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from somatone.cli.frame import app


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
def export(
    path: Annotated[Path, typer.Argument(help="A recording, or the folder or zip of an E4 session.")],
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    to: Annotated[str, typer.Option("--to", help="e4 (.zip), csv, parquet, or recording (.mcap).")],
    wearer: Annotated[str | None, typer.Option("--wearer", help="Whose E4 archive, where there are several.")] = None,
) -> None:
    """Write a recording or an E4 session in a format that other tools read."""
    from somatone.commands.export import export_command  # noqa: PLC0415

    export_command(path, to, out, wearer)
