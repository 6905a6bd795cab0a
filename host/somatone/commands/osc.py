"""`somatone osc`: the namespace as a table, from the tables that the sink itself uses; and a look at what arrives."""

from __future__ import annotations

import socket
import time

from rich.console import Console
from rich.table import Table

from somatone.errors import SomatoneError
from somatone.pieces.piece import find_piece
from somatone.sinks.osc.addresses import table
from somatone.sinks.osc.parse import messages_in


def addresses_command(piece_name: str, wearer: str) -> None:
    """Every address of a piece and a wearer: in columns for a person, tab-separated for another program."""
    piece = find_piece(piece_name)
    console = Console()
    rows = table(wearer, (*piece.voices, "master"))
    if not console.is_terminal:
        for row in rows:
            print("\t".join(row))
        return
    drawn = Table("address", "arguments", "meaning", title=f"what {piece.name} says by OSC")
    for row in rows:
        drawn.add_row(*row)
    console.print(drawn)


def listen_command(port: int) -> None:
    """One line a message, as it comes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        try:
            listening.bind(("", port))
        except OSError as error:
            raise SomatoneError(f"UDP port {port} cannot be opened ({error.strerror}): choose another.") from None
        begun_s = time.monotonic()
        while True:
            data, sender = listening.recvfrom(65536)
            try:
                messages = messages_in(data)
            except ValueError as error:
                messages = [(f"({len(data)} bytes from {sender[0]} that are no OSC: {error})", [])]
            for address, arguments in messages:
                print(
                    f"{time.monotonic() - begun_s:9.3f}  {address} {' '.join(map(str, arguments))}".rstrip(), flush=True
                )
