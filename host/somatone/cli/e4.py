"""Commands for whoever still has an E4, or software that was written for one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from somatone.cli.frame import SeedOption, app, pace
from somatone.errors import UsageError


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

    rate = pace(speed)
    if rate is None:
        raise UsageError("--speed max cannot be served: give a number.")
    serve_e4_command(ServeOptions(source, host, port, parse_faults(fault or []), seed, rate, for_s))


@app.command("e4-capture")
def e4_capture(
    out: Annotated[Path, typer.Argument(help="The file to write, .jsonl.")],
    name: Annotated[str, typer.Option("--name", help="How the band's name begins.")] = "Empatica E4",
    for_s: Annotated[float | None, typer.Option("--for", help="Stop after this many seconds.", min=0)] = None,
) -> None:
    """Keep an E4's raw Bluetooth packets in a file, to send and to replay with --source e4-ble:FILE.jsonl."""
    from somatone.commands.e4_capture import e4_capture_command  # noqa: PLC0415

    e4_capture_command(out, name, for_s)
