"""A copy that is cut at random bytes: the board runs one whole application or says that it needs flashing, always.

Each cut happens at a random byte of what the flasher sends, while the board is being changed from one application to
another that differs in its release number. Half of the cuts kill the flasher and leave the board where it stood, in
the middle of a paste; half also take the power away. What then streams is compared with what the chips were given;
the next flash, which takes up what it finds, must succeed.
"""

from __future__ import annotations

import contextlib
import random
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fakes.virtual import RunningBoard  # no types there
from somatone import paths
from somatone.flashing import application
from somatone.flashing.board_repl import BoardRepl
from somatone.flashing.conversation import Conversation
from somatone.flashing.find import BUSY, REPL, RUNS, SILENT, Found, Port, look
from somatone.flashing.flash import leave_application
from somatone.flashing.install import install
from somatone.records import NativeChunk
from somatone.sources.virtual_board import launch

pytestmark = pytest.mark.skipif(
    list(launch.interpreters()) == ["cpython"], reason="real MicroPython is not set up (host/setup/micropython.sh)"
)

CUTS, BOARDS, SEED = 50, 2, 20
RELEASES = ("0.1.1", "0.1.2")


class Killed(BaseException):
    """The flasher is no more."""


class Cut:
    """A serial port whose owner dies after `after` bytes."""

    def __init__(self, port: Any, after: int) -> None:
        self._port = port
        self.left = after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def write(self, data: bytes) -> int:
        taken = data[: self.left]
        self.left -= len(data)
        self._port.write(taken)
        if self.left < 0:
            raise Killed
        return len(taken)


@dataclass
class Tally:
    """What boards were after their power came back."""

    old: int = 0
    new: int = 0
    repl: int = 0
    wrong: list[str] = field(default_factory=list)

    def note(self, found: Found, old: str, new: str) -> None:
        self.old += found.release == old
        self.new += found.release == new
        self.repl += found.state == REPL
        if found.state not in (RUNS, REPL) or found.release not in (old, new, ""):
            self.wrong.append(f"{found.state} {found.release}")


def firmware_of(release: str, folder: Path) -> Path:
    copy = folder / release
    shutil.copytree(paths.firmware_dir(), copy, ignore=shutil.ignore_patterns("__pycache__", "typings"))
    table = copy / "lib" / "wire" / "table.py"
    text, count = re.subn(r"^RELEASE = .*$", f"RELEASE = ({release.replace('.', ', ')})", table.read_text(), flags=re.M)
    assert count == 1
    table.write_text(text)
    with (copy / "main.py").open("a") as starter:
        starter.write(f"# {release}\n")  # it too is replaced each time
    return copy


def settled(port: Port, *but_not: str) -> Found:
    """What is at the port, once its board has started. One that was left in the middle of a paste stays silent."""
    deadline_s = time.monotonic() + 15
    while (found := look(port)).state in (BUSY, *but_not):
        assert time.monotonic() < deadline_s, found.sentence
        time.sleep(0.02)
    return found


def flash(port: Port, firmware: Path, state: str, cut_after: int | None = None) -> int:
    """Copy and restart; bytes sent to the board. `Killed` when cut."""
    if state == RUNS:
        leave_application(Found(port, RUNS))
    with BoardRepl(port.now()) as board:
        wanted = application.build(board.target(), firmware)
        plenty = 1 << 30
        wire = Cut(board._transport.serial, plenty if cut_after is None else cut_after)
        board._transport.serial = wire
        install(board, wanted, lambda share: None)
        board.reset()
    return plenty - wire.left


def check_stream(port: Port, tally: Tally) -> None:
    """A few frames of every signal, all of them what the chips measure: a sensor lying on a table."""
    with Conversation(port.path) as talk:
        assert talk.start(5.0)
        seen: dict[str, tuple[int, ...]] = {}

        def take(event: object) -> bool:
            if isinstance(event, NativeChunk):
                seen[event.signal] = event.samples
            return len(seen) == 4

        assert talk.until(5.0, take), f"only {sorted(seen)} came"
        bad = talk.protocol.decoder.bad_frames
    right = {
        "bvp": all(count == 900 for count in seen["bvp"]),
        "eda": seen["eda"][-1] == 0,
        "temp": abs(seen["temp"][-1] - 2880) < 100,
        "acc": all(abs(value) < 1100 for value in seen["acc"]),
    }
    tally.wrong += [name for name, fine in right.items() if not fine] + ["frame"] * bad


def cut(board: RunningBoard, port: Port, firmware: Path, draw: random.Random, number: int, total: int) -> Found | None:
    """One of: the flasher is killed; that and the power goes; the power goes while the board changes applications.

    What the board is once its power is back; None when it kept its power.
    """
    switching = number % 5 == 4
    with contextlib.suppress(Killed):
        flash(port, firmware, RUNS, None if switching else draw.randrange(total))
    if not switching and number % 2 == 0:
        return None
    time.sleep(draw.uniform(0, 0.5) if switching else 0)
    board.said = ""
    board.type("brown-out+0.1")
    board.wait_said("the supply fails")
    return settled(port, SILENT)


def campaign(board: RunningBoard, firmwares: dict[str, Path], seed: int, cuts: int) -> Tally:
    port, draw, tally = Port(board.port), random.Random(seed), Tally()
    flash(port, firmwares[RELEASES[1]], settled(port).state)
    settled(port, SILENT)
    total = flash(port, firmwares[RELEASES[0]], RUNS)  # of changing one for the other
    for number in range(cuts):
        old, new = RELEASES[number % 2], RELEASES[1 - number % 2]
        assert settled(port, SILENT).release == old
        state = cut(board, port, firmwares[new], draw, number, total)
        if state is not None:
            tally.note(state, old, new)
            if state.state == RUNS:
                check_stream(port, tally)
        flash(port, firmwares[new], SILENT if state is None else state.state)
    assert settled(port, SILENT).release == RELEASES[cuts % 2]
    check_stream(port, tally)
    return tally


def test_fifty_cuts_leave_no_board_that_streams_wrong_data_or_cannot_be_flashed(tmp_path: Path) -> None:
    firmwares = {release: firmware_of(release, tmp_path) for release in RELEASES}
    boards = [RunningBoard(tmp_path, "--blank", name=f"board{number}") for number in range(BOARDS)]
    try:
        with ThreadPoolExecutor(BOARDS) as pool:
            jobs = [
                pool.submit(campaign, board, firmwares, SEED + number, CUTS // BOARDS)
                for number, board in enumerate(boards)
            ]
            tallies = [job.result() for job in jobs]
    finally:
        for board in boards:
            board.stop()
    assert [tally.wrong for tally in tallies] == [[]] * BOARDS
    powered = sum(tally.old + tally.new + tally.repl for tally in tallies)
    assert powered >= 0.4 * CUTS
    print(
        f"{CUTS} cuts, {powered} with the power: {sum(t.old for t in tallies)} ran the old application, "
        f"{sum(t.new for t in tallies)} the new one, {sum(t.repl for t in tallies)} waited at the REPL"
    )
