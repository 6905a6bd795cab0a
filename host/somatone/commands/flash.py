"""`somatone flash`: the firmware onto every board there is, each tested and shown in a table."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from somatone.commands.progress import STDERR
from somatone.errors import SourceError, UsageError
from somatone.flashing import uf2
from somatone.flashing.find import Port, given_ports, usb_ports
from somatone.flashing.flash import Outcome, flash

STARTS_S = 20.0  # from base firmware written to a serial port


def flash_command(ports: list[str], base: Path | None, volume: Path | None) -> bool:
    """Flash what is there; whether every board passed. Raises SourceError when there is none."""
    boards = _with_base_firmware(ports, base, volume)
    outcomes = _flash_all(boards)
    console = Console()
    for outcome in outcomes:
        _show(console, outcome)
    passed = [outcome for outcome in outcomes if outcome.passed]
    console.print(f"{len(passed)} of {len(outcomes)} boards PASS.", highlight=False)
    return len(passed) == len(outcomes)


def _with_base_firmware(ports: list[str], base: Path | None, volume: Path | None) -> list[Port]:
    """The boards to flash, after those in their bootloader got their base firmware."""
    if base:
        uf2.check(base)
    waiting = [volume] if volume else uf2.volumes()
    before = {port.path for port in usb_ports()}
    if base:
        if not waiting:
            raise UsageError("--uf2 needs a board in its bootloader: hold BOOTSEL while plugging it in.")
        for folder in waiting:
            uf2.write(base, folder)
            print(f"Base firmware written to {folder}.")
        _await_ports(ports, before, len(waiting))
    elif waiting:
        print(f"A board waits in its bootloader at {waiting[0]}: give it its base firmware with --uf2 FILE.")
    boards = given_ports(ports)
    if not boards:
        raise SourceError("No board at any USB port: plug one in, or name its port with --port.")
    return boards


def _await_ports(ports: list[str], before: set[str], count: int) -> None:
    """Until the boards that got base firmware have a serial port."""
    deadline_s = time.monotonic() + STARTS_S
    while time.monotonic() < deadline_s:
        if ports and all(Path(path).exists() for path in ports):
            return
        if not ports and len({port.path for port in usb_ports()} - before) >= count:
            return
        time.sleep(0.1)
    raise SourceError("The board does not start its base firmware: unplug it, plug it in, and flash again.")


def _flash_all(boards: list[Port]) -> list[Outcome]:
    """All at once, a bar for each. The transport prints what it does not understand: that is kept off the screen."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with (
        Progress(*columns, console=STDERR, transient=True) as bars,
        contextlib.redirect_stdout(io.StringIO()),
        ThreadPoolExecutor(len(boards)) as pool,
    ):
        return list(pool.map(lambda port: flash(port, _bar(bars, port)), boards))


def _bar(bars: Progress, port: Port) -> Callable[[str, float], None]:
    task = bars.add_task(port.path, total=1.0)

    def advance(doing: str, share: float) -> None:
        bars.update(task, description=f"{port.path} {doing}", completed=share)

    return advance


def _show(console: Console, outcome: Outcome) -> None:
    if outcome.sentence:
        console.print(Text(f"{outcome.port.path}: {outcome.sentence}", style="bold red"), soft_wrap=True)
        return
    words = "application copied" if outcome.copied else "application was there already"
    console.print(Text(f"board {outcome.serial} at {outcome.port.path}: {words}"), soft_wrap=True)  # ports are long
    table = Table()
    for column in ("chip", "what", "measured", "result"):
        table.add_column(column, overflow="fold")
    for row in outcome.rows:
        style = "green" if row.passed else "bold red"
        table.add_row(row.chip, row.what, row.measured, Text(row.verdict, style=style))
    console.print(table)
