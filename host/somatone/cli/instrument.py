"""Commands about the instrument itself."""

from __future__ import annotations

from typing import Annotated

import typer

from somatone.cli.frame import app


@app.command()
def voices(
    name: Annotated[str, typer.Argument(help="One voice: show its controls.")] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="As the README has it.")] = False,
) -> None:
    """Say what the instrument can play, and what each voice can be told."""
    from somatone.commands.voices import voices_command  # noqa: PLC0415

    voices_command(name, markdown)
