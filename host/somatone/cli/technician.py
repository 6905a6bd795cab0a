"""Commands for whoever builds, flashes and checks: boards and this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from somatone.cli.frame import DeviceOption, LayoutOption, PeriodOption, SeedOption, app


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


@app.command()
def doctor() -> None:
    """Check what this machine has and lacks, and say what to do."""
    from somatone.commands.doctor import doctor_command  # noqa: PLC0415

    if not doctor_command():
        raise typer.Exit(1)


@app.command()
def speakers(
    layout: LayoutOption = "stereo",
    device: DeviceOption = None,
    period: PeriodOption = 256,
    loop: Annotated[bool, typer.Option("--loop", help="Go round until stopped.")] = False,
    render: Annotated[Path | None, typer.Option("--render", help="Write the walk to this WAV or FLAC instead.")] = None,
) -> None:
    """Let each loudspeaker say which it is, in turn, to find a wrong cable by ear."""
    from somatone.commands.speakers import SpeakersOptions, speakers_command  # noqa: PLC0415

    speakers_command(SpeakersOptions(layout or "stereo", device, period, 0 if loop else 1, render))


audio_app = typer.Typer(invoke_without_command=True, help="The sound card: list, choose by name, test, forget.")
app.add_typer(audio_app, name="audio")


@audio_app.callback()
def audio(context: typer.Context) -> None:
    """List the sound cards, and say which one somatone plays to; or use, test or forget one."""
    from somatone.commands.audio import list_command  # noqa: PLC0415

    if context.invoked_subcommand is None:
        list_command()


@audio_app.command("use")
def audio_use(
    card: Annotated[str, typer.Argument(help="A card's name as `somatone audio` lists it, a part of it, or dummy.")],
) -> None:
    """Keep a card for this machine: it is found again by name, and waited for when it is away."""
    from somatone.commands.audio import use_command  # noqa: PLC0415

    use_command(card)


@audio_app.command("test")
def audio_test(device: DeviceOption = None, layout: LayoutOption = "stereo", period: PeriodOption = 256) -> None:
    """Let each output of the card speak in turn: noise, then as many tones as its number."""
    from somatone.commands.audio import test_command  # noqa: PLC0415

    test_command(device, layout or "stereo", period)


@audio_app.command("forget")
def audio_forget() -> None:
    """Forget the choice: any card is taken again."""
    from somatone.commands.audio import forget_command  # noqa: PLC0415

    forget_command()
