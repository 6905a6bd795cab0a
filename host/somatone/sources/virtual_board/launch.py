"""Starts a virtual board as a process of its own and hands back its serial port and the pipe to its body.

The child holds the pty's master as stdin and stdout; the parent keeps the slave open and raw, so that bytes written
before anyone listens are not lost and nothing is echoed. The child is killed by the kernel when its parent dies.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tty
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from somatone import paths
from somatone.errors import SourceError
from somatone.ops.leash import leashed

HERE = Path(__file__).resolve().parent
FEED_CHUNK = 22 * 186  # whole records, within what a pipe takes or refuses as one piece (PIPE_BUF, 4096)
_ARCHITECTURES = ("i386", "armhf", "amd64", "arm64")  # 32 bits first: its integers are the board's


def interpreters() -> dict[str, Path]:
    """The interpreters that can run the firmware here, by name, best first; CPython, the fallback, is the last."""
    found = {name: paths.micropython_dir() / name / "micropython" for name in _ARCHITECTURES}
    return {name: path for name, path in found.items() if os.access(path, os.X_OK)} | {"cpython": Path(sys.executable)}


def command(
    interpreter: str, options: Mapping[str, str], program_name: str = "boot.py"
) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment that run boot.py, or rom.py, under `interpreter`; power.py lists their options."""
    try:
        program = interpreters()[interpreter]
    except KeyError:
        known = ", ".join(interpreters())
        raise SourceError(f"No interpreter {interpreter} for the virtual board; there are: {known}.") from None
    firmware = paths.firmware_dir()
    flags = ["-S", "-E", "-B"] if interpreter == "cpython" else ["-X", "heapsize=2M"]
    arguments = [str(program), *flags, str(HERE / program_name), f"firmware={firmware}"]
    arguments += [f"{name}={value}" for name, value in options.items()]
    path = f"{HERE / 'stand_ins'}:{firmware}:{firmware / 'lib'}:.frozen"
    return arguments, {**os.environ, "MICROPYPATH": path}


@dataclass
class VirtualBoard:
    """A running board: `port` is what a host opens. Stop it, or use it as a context manager."""

    port: str
    interpreter: str
    process: subprocess.Popen[bytes]
    _feed: int
    _slave: int
    _stopped: bool = field(default=False, init=False)

    def write_body(self, records: bytes) -> int:
        """Hand over whole body records (`body_feed.RECORD_FORMAT`), each 10 ms from the board's start; never waits.

        Returns how many bytes were taken, always whole records: fewer than given when the pipe is full (some 30 s
        ahead), 0 after the board has ended.
        """
        taken = 0
        while taken < len(records) and not self._stopped:
            try:
                taken += os.write(self._feed, records[taken : taken + FEED_CHUNK])
            except (BlockingIOError, BrokenPipeError):
                break
        return taken

    def running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """End the board and give back every descriptor; harmless when it has ended."""
        if self._stopped:
            return
        self._stopped = True
        self.process.kill()
        self.process.wait()
        os.close(self._feed)
        os.close(self._slave)

    def __enter__(self) -> VirtualBoard:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_virtual_board(
    interpreter: str | None = None,
    clock_ppm: Mapping[str, int] | None = None,
    serial: bytes = b"virtual1",
    absent: tuple[str, ...] = (),
) -> VirtualBoard:
    """Start the real firmware in real time on simulated chips; raises SourceError when it cannot start.

    `interpreter`: "i386", "amd64", "cpython" ..., None takes the best. `clock_ppm`: how fast each chip's own clock
    runs ("max30102", "ads1115", "tmp117", "lis3dh"). `absent`: chips that are not there.
    """
    name = interpreter or next(iter(interpreters()))
    feed_out, feed_in = os.pipe()
    master, slave = pty.openpty()
    try:
        tty.setraw(slave)
        ppm = ",".join(f"{chip}:{value}" for chip, value in (clock_ppm or {}).items())
        options = {"feed": f"/dev/fd/{feed_out}", "serial": serial.hex(), "ppm": ppm, "absent": ",".join(absent)}
        arguments, environment = command(name, options)
        process = subprocess.Popen(
            leashed(arguments),
            stdin=master,
            stdout=master,
            stderr=subprocess.DEVNULL,
            env=environment,
            pass_fds=(feed_out,),
            start_new_session=True,  # Ctrl-C belongs to the parent
        )
        os.set_blocking(feed_in, False)
        return VirtualBoard(os.ttyname(slave), name, process, feed_in, slave)
    except OSError as error:
        os.close(feed_in)
        os.close(slave)
        raise SourceError(f"The virtual board does not start under {name}: {error.strerror}.") from None
    finally:
        os.close(master)
        os.close(feed_out)
