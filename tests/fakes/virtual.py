"""`somatone virtual-board` as a process that tests hold: commands go in by its standard input, sentences come out."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

LEASH = [found, "--pdeathsig", "KILL"] if (found := shutil.which("setpriv")) else []


def environment(home: Path) -> dict[str, str]:
    here = Path(__file__).resolve().parents[2]
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    search = f"{here / 'host'}:{here / 'firmware' / 'lib'}"
    return keep | {"SOMATONE_HOME": str(home), "PYTHONPATH": search, "COLUMNS": "200", "LANG": "C.UTF-8"}


class RunningBoard:
    """A context manager. `port` is the link; `said` is every sentence so far."""

    def __init__(self, folder: Path, *words: str, name: str = "board") -> None:
        self.image, self.port = folder / f"{name}.flash", str(folder / f"{name}.port")
        self.folder = folder
        command = [sys.executable, "-m", "somatone", "virtual-board", "--image", str(self.image), "--link", self.port]
        self.process = subprocess.Popen(
            [*LEASH, *command, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(folder),
        )
        self.said = ""
        self.wait_said("virtual board is at")

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def wait_said(self, words: str, patience_s: float = 10.0) -> None:
        assert self.process.stdout is not None
        deadline_s = time.monotonic() + patience_s
        while words not in self.said:
            left_s = deadline_s - time.monotonic()
            assert left_s > 0, f"{words!r} was not said: {self.said}"
            if select.select([self.process.stdout], [], [], left_s)[0]:
                data = os.read(self.process.stdout.fileno(), 4096)
                assert data, f"the virtual board ended: {self.said}"
                self.said += data.decode()

    def stop(self) -> int:
        self.process.terminate()
        status = self.process.wait(5)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()
        return status

    def __enter__(self) -> RunningBoard:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()


def somatone(folder: Path, *words: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """A command as a person types it, on a screen so wide that no sentence is broken by the length of a path."""
    command = [*LEASH, sys.executable, "-m", "somatone", *words]
    env = environment(folder) | {"COLUMNS": "300"}
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, env=env, check=False)


def mpremote(folder: Path, port: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [*LEASH, sys.executable, "-m", "mpremote", "connect", port, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment(folder), check=False)


def eventually(what: Callable[[], bool], patience_s: float = 5.0) -> None:
    deadline_s = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < deadline_s, "it did not come to pass"
        time.sleep(0.02)
