"""Which boards are there, and what state each is in.

A port counts as a board's when its USB maker is Raspberry Pi, or when a person names it; what is behind it is asked:
first in our own wire format, then with two bytes that make a REPL show its prompt and disturb nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from serial.tools import list_ports

from somatone.errors import SourceError
from somatone.flashing.conversation import Conversation
from somatone.sources.board import RASPBERRY_PI_VID
from somatone.sources.board_protocol import Hello, Mismatch

HELLO_S = 0.8  # two pings; a running board answers within a tenth of that
PROMPT_S = 0.5
RUNS, OTHER, REPL, SILENT, BUSY = "runs", "needs the other version", "at its REPL", "silent", "not reachable"


@dataclass(frozen=True, slots=True)
class Port:
    """A serial port and, on USB, what stays the same when it comes back under another name."""

    path: str
    usb_serial: str = ""

    def now(self) -> str:
        """Where the board is after a restart."""
        if self.usb_serial:
            for port in list_ports.comports():
                if port.serial_number == self.usb_serial and port.vid == RASPBERRY_PI_VID:
                    return str(port.device)
        return self.path


@dataclass(frozen=True, slots=True)
class Found:
    """A board, or what looks like one. `sentence` says what a person should do, if anything."""

    port: Port
    state: str
    serial: str = ""
    release: str = ""
    chips: tuple[str, ...] = ()
    sentence: str = ""


def usb_ports() -> list[Port]:
    ports = [port for port in list_ports.comports() if port.vid == RASPBERRY_PI_VID]
    return [Port(port.device, port.serial_number or "") for port in sorted(ports, key=lambda port: str(port.device))]


def given_ports(paths: list[str]) -> list[Port]:
    """The named ports, or all on USB when none is named."""
    known = {port.path: port for port in usb_ports()}
    return [known.get(path, Port(path)) for path in dict.fromkeys(paths)] if paths else list(known.values())


def look(port: Port) -> Found:
    """Ask who is at `port`; leaves everything as it is."""
    try:
        with Conversation(port.path) as talk:
            return _look(port, talk)
    except SourceError as error:
        return Found(port, BUSY, sentence=str(error))


def _look(port: Port, talk: Conversation) -> Found:
    hello = talk.greet(HELLO_S)
    serial = talk.protocol.serial
    if isinstance(hello, Mismatch):
        return Found(port, OTHER, serial, sentence=hello.message)
    if isinstance(hello, Hello):
        return Found(port, RUNS, serial, ".".join(map(str, hello.release)), hello.chips)
    if talk.at_prompt(PROMPT_S):
        return Found(port, REPL, sentence=f"The board at {port.path} waits at its REPL: `somatone flash` makes it run.")
    return Found(
        port, SILENT, sentence=f"Nothing answers at {port.path}: unplug the board, plug it in again, and try again."
    )


def wait_for_hello(port: Port, patience_s: float, on_wait: Callable[[], None] = lambda: None) -> str:
    """The path of the board of `port` once it runs our firmware again. Raises SourceError with what it says instead."""
    deadline_s = time.monotonic() + patience_s
    said = b""
    while time.monotonic() < deadline_s:
        on_wait()
        path = port.now()
        try:
            with Conversation(path) as talk:
                hello = talk.greet(min(HELLO_S, max(deadline_s - time.monotonic(), 0.1)))
                said = talk.text or said
        except SourceError:
            time.sleep(0.05)  # the port is away while the board restarts
            continue
        if isinstance(hello, Hello):
            return path
        if isinstance(hello, Mismatch):
            raise SourceError(hello.message)
    heard = said.decode(errors="replace").strip().splitlines()
    what = f"it says {heard[-1]!r}" if heard else "it is silent"
    raise SourceError(
        f"The board at {port.path} does not come back after the restart ({what}): unplug it and try again."
    )
