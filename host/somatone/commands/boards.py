"""`somatone boards`: what is connected, and what state it is in. Changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from somatone.errors import SourceError
from somatone.flashing import uf2
from somatone.flashing.find import given_ports, look


def boards_command(ports: list[str], volume: Path | None) -> None:
    """Print one line a board, and a sentence for each that needs something."""
    boards = given_ports(ports)
    bootloaders = [volume] if volume else uf2.volumes()
    if not boards and not bootloaders:
        raise SourceError("No board at any USB port: plug one in, or name its port with --port.")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("serial", "version", "state", "port"):
        table.add_column(column, overflow="fold")
    sentences = []
    with ThreadPoolExecutor(max(len(boards), 1)) as pool:
        for found in pool.map(look, boards):
            table.add_row(found.serial or "?", found.release or "?", found.state, found.port.path)
            sentences.append(found.sentence)
    for folder in bootloaders:
        table.add_row("?", "?", f"bootloader of {uf2.board_of(folder)}", str(folder))
        sentences.append(f"The board at {folder} needs its base firmware: `somatone flash --uf2 FILE`.")
    console = Console()
    console.print(table)
    for sentence in filter(None, sentences):
        console.print(sentence, soft_wrap=True, highlight=False)
