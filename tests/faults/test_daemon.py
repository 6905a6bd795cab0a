"""The daemon as a process: however it ends nothing is left running, and whatever is killed under it comes back."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not (shutil.which("scsynth") and shutil.which("jackd")), reason="scsynth and jackd are not installed"
)


class Daemon:
    """`somatone run` with its own home; its processes are known by that home in their environment."""

    def __init__(self, home: Path, *words: str) -> None:
        self.home = home
        self.log = home / "output.txt"
        command = [sys.executable, "-m", "somatone", "run", "--plain", "--device", "dummy", *words]
        environment = {**os.environ, "SOMATONE_HOME": str(home), "PYTHONUNBUFFERED": "1"}
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def family(self, name: str = "") -> list[int]:
        """Process ids of everything that this daemon started and that still runs, itself included."""
        mark = f"SOMATONE_HOME={self.home}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                alive = "\nState:\tZ" not in (folder / "status").read_text()
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if alive and mark in (folder / "environ").read_bytes().split(b"\0") and _is(words, name):
                    found.append(int(folder.name))
        return found

    def wait_for(self, text: str, seconds: float = 25.0) -> float:
        """Wait until the output holds `text`; how long that took."""
        begun = time.monotonic()
        ok = until(lambda: text in self.output() or self.process.poll() is not None, seconds)
        assert ok and text in self.output(), f"{text!r} did not come:\n{self.output()}"
        return time.monotonic() - begun


def _is(words: list[bytes], name: str) -> bool:
    return not name or any(Path(word.decode(errors="replace")).name == name for word in words)


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll real processes, which no clock of ours can move."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    daemons: list[Daemon] = []

    def begin(*words: str) -> Daemon:
        home = tmp_path / f"home{len(daemons)}"
        home.mkdir()
        daemons.append(Daemon(home, *words))
        return daemons[-1]

    yield begin
    for daemon in daemons:
        daemon.process.kill()
        daemon.process.wait()
        assert until(lambda d=daemon: not d.family(), 5.0), "processes were left behind"  # type: ignore[misc]


def test_killed_it_leaves_nothing(start: Callable[..., Daemon]) -> None:
    daemon = start()
    daemon.wait_for("Sound is on")
    daemon.wait_for("is connected")
    assert daemon.family("scsynth") and daemon.family("jackd")
    daemon.process.kill()
    daemon.process.wait()
    assert until(lambda: not daemon.family(), 3.0), daemon.family()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(start: Callable[..., Daemon], number: signal.Signals) -> None:
    daemon = start()
    daemon.wait_for("Sound is on")
    daemon.process.send_signal(number)
    assert daemon.process.wait(10) == 0
    assert "Traceback" not in daemon.output()
    assert re.search(r"output peak -?\d", daemon.output())
    assert until(lambda: not daemon.family(), 2.0)


@pytest.mark.parametrize("after_s", [0.15, 0.3, 0.6, 0.9, 1.2, 1.6, 2.5])
def test_ctrl_c_at_any_moment(start: Callable[..., Daemon], after_s: float) -> None:
    daemon = start()
    time.sleep(after_s)  # the moment is the test: from the first import to the first sound
    daemon.process.send_signal(signal.SIGINT)
    assert daemon.process.wait(15) in (0, 130, -signal.SIGINT)
    assert "Traceback" not in daemon.output(), daemon.output()
    assert until(lambda: not daemon.family(), 3.0), daemon.family()


def test_scsynth_killed_sounds_again(start: Callable[..., Daemon]) -> None:
    daemon = start()
    daemon.wait_for("Sound is on")
    time.sleep(1.0)
    for round_number in range(3):
        (scsynth,) = daemon.family("scsynth")
        os.kill(scsynth, signal.SIGKILL)
        begun = time.monotonic()
        assert until(lambda n=round_number: daemon.output().count("Sound is back") > n, 5.0), daemon.output()  # type: ignore[misc]
        print(f"\nscsynth killed -> sounding again {time.monotonic() - begun:.2f} s")
        time.sleep(0.5)


def test_the_virtual_board_killed_is_back(start: Callable[..., Daemon]) -> None:
    daemon = start("--source", "simulated", "--no-sound")
    daemon.wait_for("is connected")
    for pid in daemon.family("boot.py"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    daemon.wait_for("started again")
    assert until(lambda: daemon.output().count("is connected") >= 2, 10.0), daemon.output()


def test_a_port_in_use_is_one_sentence(start: Callable[..., Daemon]) -> None:
    import socket  # noqa: PLC0415

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        daemon = start("--sound-port", str(taken.getsockname()[1]))
        assert daemon.process.wait(20) == 1
    assert "Traceback" not in daemon.output()
    assert "in use" in daemon.output()
    assert until(lambda: not daemon.family(), 3.0)


def test_a_port_that_talks_rubbish_is_one_sentence(start: Callable[..., Daemon]) -> None:
    import pty  # noqa: PLC0415
    import tty  # noqa: PLC0415

    master, slave = pty.openpty()
    try:
        tty.setraw(slave)
        daemon = start("--source", f"board:{os.ttyname(slave)}", "--no-sound")
        deadline = time.monotonic() + 10
        os.set_blocking(master, False)
        while daemon.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(BlockingIOError):
                os.write(master, b"AT+OK\r\n")
            time.sleep(0.05)
        assert daemon.process.wait(5) == 1
    finally:
        os.close(master)
        os.close(slave)
    assert "talks, but not as a somatone board" in daemon.output()
    assert "Traceback" not in daemon.output()
