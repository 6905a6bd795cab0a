"""A listener at scsynth's output that stamps sound on the audio clock, from its own process: `ears.c`, compiled here.

Surprise: JACK's clock is CLOCK_MONOTONIC_RAW, which runs away from time.monotonic() as the system's clock is set
right (by 100 ms and more in a day), so whoever compares takes `raw_ns()`, or `heard_s` soon after.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
OUTPUT = "SuperCollider:out_1"
HEARD = 10 ** (-50 / 20)  # -50 dBFS: far above nothing, far below anything that is meant to be heard


def raw_ns() -> int:
    """Now, on the audio clock."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)


def can_listen() -> bool:
    """Whether there is a compiler; without one nothing can be stamped."""
    return shutil.which("gcc") is not None


class Ears:
    """What was heard so far: `heard_ns` on the audio clock, in order; `xruns`, cycles that came too late."""

    def __init__(self, told: Path) -> None:
        self._told = told

    @property
    def heard_ns(self) -> list[int]:
        return self._numbers("on")

    @property
    def xruns(self) -> int:
        return max(self._numbers("xruns"), default=0)

    @property
    def heard_s(self) -> list[float]:
        """As `heard_ns`, in seconds of time.monotonic(), by the present distance of the two clocks."""
        ahead_ns = time.monotonic_ns() - raw_ns()
        return [(at_ns + ahead_ns) / 1e9 for at_ns in self.heard_ns]

    def _numbers(self, what: str) -> list[int]:
        lines = (line.split() for line in self._told.read_text().splitlines())
        return [int(words[1]) for words in lines if len(words) == 2 and words[0] == what]


@contextlib.contextmanager
def ears(jack_name: str, silence_ms: int = 50, threshold: float = HEARD) -> Iterator[Ears]:
    """Listens to the first output of the scsynth of that JACK server, until the block ends."""
    environment = os.environ | {"JACK_DEFAULT_SERVER": jack_name, "JACK_NO_START_SERVER": "1"}
    with tempfile.TemporaryDirectory() as folder:
        program, told = Path(folder) / "ears", Path(folder) / "told"
        # By its full name, because only the development package has the short one.
        build = ["gcc", "-O2", "-o", str(program), str(SOURCE), "-l:libjack.so.0", "-lm"]
        subprocess.run(build, check=True, timeout=60)
        command = [str(program), OUTPUT, str(threshold), str(silence_ms)]
        with (
            told.open("wb") as out,
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, env=environment) as child,
        ):
            try:
                _wait_for(told, child)
                yield Ears(told)
            finally:
                assert child.stdin
                child.stdin.close()
                try:
                    child.wait(2)
                except subprocess.TimeoutExpired:
                    child.kill()


def _wait_for(told: Path, child: subprocess.Popen[bytes]) -> None:
    for _ in range(250):
        if "listening" in told.read_text():
            return
        if child.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError("ears could not listen to scsynth's output")
