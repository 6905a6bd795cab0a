"""The serial port that a virtual board shows: a pty behind a link that stays where it is.

A pulled cable hangs the pty up, so whoever has it open meets what USB gives: end of file or an I/O error, and later a
new device under the old name. Whether somebody has the port open is read from the pty (hang-up on the master), which
is the terminal-ready line of USB; with nobody there the board's bytes vanish, as they do on USB.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import tty
from pathlib import Path

from somatone.errors import SourceError


class Cable:
    """`link` always leads to the present pty. Unplugged until `plug`."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.master = -1
        self.port = ""

    def plug(self) -> None:
        """Show a port; the link is set in one step."""
        if self.master >= 0:
            return
        self.master, slave = pty.openpty()
        self.port = os.ttyname(slave)
        tty.setraw(slave)  # lasts as long as the master is open
        os.close(slave)
        os.set_blocking(self.master, False)
        fresh = self.link.with_name(f".{self.link.name}.new")
        try:
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(self.port)
            fresh.replace(self.link)
        except OSError as error:
            raise SourceError(
                f"The link {self.link} cannot be made ({error.strerror}): choose another --link."
            ) from None

    def unplug(self) -> None:
        """The port is gone; whoever has it open is hung up."""
        if self.master < 0:
            return
        with contextlib.suppress(OSError):
            self.link.unlink()
        os.close(self.master)
        self.master = -1

    def occupied(self) -> bool:
        """Whether somebody has the port open, or has left bytes in it."""
        if self.master < 0:
            return False
        poller = select.poll()
        poller.register(self.master, select.POLLIN)
        events = sum(event for _, event in poller.poll(0))
        return bool(events & select.POLLIN) or not events & select.POLLHUP

    def read(self) -> bytes:
        try:
            return os.read(self.master, 4096)
        except OSError:  # nothing, or hung up
            return b""

    def write(self, data: bytes) -> int:
        try:
            return os.write(self.master, data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)
