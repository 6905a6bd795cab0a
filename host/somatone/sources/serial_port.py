"""A serial port in the event loop: a raw descriptor, never a blocking call, a bounded queue.

pyserial's own write with a zero timeout spins for ever when the peer stops reading; this one waits for the loop.
Surprises: pulling the cable shows as EOF, EIO or (tcflush) termios.error, which is no OSError; root passes TIOCEXCL,
so a second opener is kept out by flock as well; bytes queued in the port from before are thrown away at opening.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import termios
import tty
from collections.abc import Callable

from somatone.errors import SourceError

READ_MAX = 65536
QUEUE_MAX = 4096  # bytes: some hundred commands; a port that takes none is about to be closed anyway


class SerialPort:
    """An open port. `on_bytes` gets what arrives; `on_gone` is called once, with the reason, when the port is lost.

    Raises SourceError with one sentence when the port cannot be opened or is in use. Needs a running event loop.
    """

    def __init__(self, path: str, on_bytes: Callable[[bytes], None], on_gone: Callable[[str], None]) -> None:
        self.path = path
        self.dropped = 0  # bytes that did not fit the queue
        self._on_bytes = on_bytes
        self._on_gone = on_gone
        self._queue = bytearray()
        self._loop = asyncio.get_running_loop()
        self._descriptor = _open(path)
        self._loop.add_reader(self._descriptor, self._read)

    def write(self, data: bytes) -> bool:
        """Queue `data` whole, or drop it whole (False) when the queue is full or the port is gone."""
        if self._descriptor < 0:
            return False
        if len(self._queue) + len(data) > QUEUE_MAX:
            self.dropped += len(data)
            return False
        idle = not self._queue
        self._queue += data
        if idle and data:
            self._write()
        return True

    def close(self) -> None:
        """Give the port back; nothing is called after this."""
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        self._loop.remove_reader(descriptor)
        self._loop.remove_writer(descriptor)
        with contextlib.suppress(OSError, termios.error):
            fcntl.ioctl(descriptor, termios.TIOCNXCL)
        os.close(descriptor)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, READ_MAX)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(error.strerror or str(error))
            return
        if data:
            self._on_bytes(data)
        else:
            self._lose("end of file")

    def _write(self) -> None:
        try:
            sent = os.write(self._descriptor, self._queue)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lose(error.strerror or str(error))
            return
        del self._queue[:sent]
        if self._queue:
            self._loop.add_writer(self._descriptor, self._write)
        else:
            self._loop.remove_writer(self._descriptor)

    def _lose(self, reason: str) -> None:
        self.close()
        self._on_gone(reason)


def _open(path: str) -> int:
    """A raw, exclusive, non-blocking descriptor of the port; raises SourceError."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SourceError(_sentence(path, error)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        tty.setraw(descriptor)
        fcntl.ioctl(descriptor, termios.TIOCEXCL)
        termios.tcflush(descriptor, termios.TCIOFLUSH)
    except (OSError, termios.error) as error:
        os.close(descriptor)
        raise SourceError(_sentence(path, error)) from None
    return descriptor


def _sentence(path: str, error: Exception) -> str:
    number = error.args[0] if error.args else 0
    if number in (errno.EBUSY, errno.EAGAIN):
        return f"The port {path} is in use by another program: close that one, or choose another port."
    if number == errno.ENOENT:
        return f"There is no port {path}: is the board plugged in?"
    if number == errno.EACCES:
        return f"The port {path} may not be opened: add this user to the group `dialout` and log in again."
    if number == errno.ENOTTY:
        return f"{path} is not a serial port."
    return f"The port {path} cannot be opened: {error.args[-1] if error.args else error}."
