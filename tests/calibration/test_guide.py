"""`somatone calibrate-eda` as a technician uses it, on the real firmware on a virtual board.

The board's parts are 1 % off: the simulated front end is the nominal one, so each resistor is replaced by the
conductance at which the nominal parts give the code that the real ones would.
"""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from somatone.calibration import store
from somatone.records import NativeChunk, Status
from somatone.sources.board import BoardSource
from somatone.sources.virtual_board.launch import VirtualBoard, start_virtual_board
from somatone.timeline.units import NOMINAL, FrontEnd, conductance_nanosiemens, native_format

SERIAL = b"calibrat"
PARTS = FrontEnd(round(NOMINAL.scale_code_ohm * 1.013), round(NOMINAL.series_ohm * 0.991), 0)
PROMPTS = {"Take every": None, "1 MOhm": 1_000_000, "100 kOhm": 100_000, "22 kOhm": 22_000}


def equivalent_ns(ohm: float) -> int:
    """The conductance at which nominal parts give the code that PARTS give at `ohm`."""
    code = PARTS.scale_code_ohm / (PARTS.series_ohm + ohm)
    return round(1e9 / (NOMINAL.scale_code_ohm / code - NOMINAL.series_ohm))


class Clips:
    """Feeds a virtual board's body in real time with what hangs between its clips."""

    def __init__(self, board: VirtualBoard) -> None:
        self.ns = 0
        self._board = board
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        began_s, fed = time.monotonic(), 0
        while not self._end.wait(0.02):
            wanted = int((time.monotonic() - began_s) * 100) + 10
            one = struct.pack("<IIIhhhhBB", 120_000, 90_000, self.ns, 3_300, 1, 2, 1000, 1, 0)
            fed += self._board.write_body(one * max(0, wanted - fed)) // len(one)

    def close(self) -> None:
        self._end.set()
        self._thread.join()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def board() -> Iterator[VirtualBoard]:
    with start_virtual_board(serial=SERIAL) as running:
        yield running


@pytest.fixture
def clips(board: VirtualBoard) -> Iterator[Clips]:
    running = Clips(board)
    yield running
    running.close()


def technician(port: str, clips: Clips, wrong: dict[str, int] | None = None) -> tuple[int, str, str]:
    """Runs the command and does what it asks; `wrong` are resistors mixed up. Exit status, output, errors."""
    command = [sys.executable, "-m", "somatone", "calibrate-eda", "--port", port]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        said = ""
        for line in process.stdout:
            said += line
            for words, ohm in {**PROMPTS, **(wrong or {})}.items():
                if words in line and "press Enter" in line:
                    clips.ns = equivalent_ns(ohm) if ohm else 0
                    time.sleep(0.3)
                    process.stdin.write("\n")
                    process.stdin.flush()
        return process.wait(), said, process.stderr.read()


def heard(port: str, seconds_s: float = 8.0) -> list[NativeChunk | Status]:
    """What the daemon's source says of the board until skin conductance comes."""
    came: list[NativeChunk | Status] = []
    enough = asyncio.Event()

    def emit(record: NativeChunk | Status) -> None:
        came.append(record)
        if isinstance(record, NativeChunk) and record.signal == "eda":
            enough.set()

    async def listen() -> None:
        source = asyncio.create_task(BoardSource("w", port, emit, time.monotonic, store.load).run())
        try:
            await asyncio.wait_for(enough.wait(), seconds_s)
        finally:
            source.cancel()
            await asyncio.gather(source, return_exceptions=True)

    asyncio.run(listen())
    return came


def verdict(came: list[NativeChunk | Status]) -> tuple[str, str]:
    """What was said of the calibration, and the format of the skin conductance."""
    words = [str(record.value) for record in came if isinstance(record, Status) and record.name == "board.calibration"]
    formats = {record.format for record in came if isinstance(record, NativeChunk) and record.signal == "eda"}
    assert len(words) == len(formats) == 1
    return words[0], formats.pop()


def test_three_resistors_make_a_record_that_the_daemon_applies(home: Path, board: VirtualBoard, clips: Clips) -> None:
    assert verdict(heard(board.port)) == ("none", "ads1115.code")
    status, said, errors = technician(board.port, clips)
    assert (status, "Traceback" in errors) == (0, False), errors
    assert str(home) in said
    record = store.load(SERIAL.hex())
    assert record and record != NOMINAL
    word, name = verdict(heard(board.port))
    assert (word, name) == ("applied", record.native_format)
    worst = {"before": 0.0, "after": 0.0}
    for nanosiemens in (50, 100, 500, 1_000, 5_000, 10_000, 20_000, 40_000):
        code = round(PARTS.scale_code_ohm / (PARTS.series_ohm + 1e9 / nanosiemens))
        ((after,), _) = native_format(name).to_counts([code])
        for when, found in (("before", conductance_nanosiemens(code)), ("after", after)):
            worst[when] = max(worst[when], abs(found / nanosiemens - 1))
    print("worst error: {before:.1%} before, {after:.2%} after".format(**worst))
    assert worst["after"] <= 0.01 < worst["before"]

    path = store.record_path(SERIAL.hex())
    path.write_text(path.read_text().replace("series_ohm = 3", "series_ohm = 4"))
    assert verdict(heard(board.port)) == ("refused", "ads1115.code")
    path.write_text("\0\0\0")
    assert verdict(heard(board.port)) == ("refused", "ads1115.code")


def test_another_boards_record_is_not_applied(home: Path) -> None:
    store.save(b"somebody".hex(), PARTS, 0, [])
    with start_virtual_board(serial=SERIAL) as board:
        assert verdict(heard(board.port)) == ("none", "ads1115.code")


def test_a_mixed_up_resistor_is_one_sentence_and_no_record(home: Path, board: VirtualBoard, clips: Clips) -> None:
    status, _, errors = technician(board.port, clips, wrong={"1 MOhm": 470_000})
    assert status == 1
    assert "The reading is that of 4" in errors and "not of 1 MOhm" in errors
    assert errors.strip().count("\n") == 0
    assert not (home / "calibration").exists()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--resistor", "100q"), 2, "is no resistance"),
        (("--resistor", "100k"), 1, "two to five resistors"),
        (("--resistor", "100k", "--resistor", "110k"), 1, "too alike"),
        (("--port", "/dev/no-such-port"), 1, "/dev/no-such-port"),
    ],
)
def test_mistakes_on_the_command_line(home: Path, words: tuple[str, ...], status: int, said: str) -> None:
    command = [sys.executable, "-m", "somatone", "calibrate-eda", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (status, True, False), done.stderr


def test_nobody_at_the_keyboard_is_said(home: Path, board: VirtualBoard, clips: Clips) -> None:
    command = [sys.executable, "-m", "somatone", "calibrate-eda", "--port", board.port]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "keyboard" in done.stderr and "Traceback" not in done.stderr
