"""Commands for people who listen from another program."""

from __future__ import annotations

from typing import Annotated

import typer

from somatone.cli.frame import PieceOption, app


@app.command()
def osc(
    piece: PieceOption = "correlations",
    wearer: Annotated[str, typer.Option("--wearer", help="Whose addresses to show.")] = "body",
    addresses: Annotated[
        bool, typer.Option("--addresses", help="List every address, its arguments and meaning.")
    ] = True,
    listen: Annotated[
        int,
        typer.Option("--listen", help="Instead: show what arrives at this UDP port, until Ctrl-C.", min=0, max=65535),
    ] = 0,
) -> None:
    """Say what is sent by OSC, address by address; or show what arrives."""
    from somatone.commands.osc import addresses_command, listen_command  # noqa: PLC0415

    if listen:
        listen_command(listen)
    elif addresses:
        addresses_command(piece, wearer)
