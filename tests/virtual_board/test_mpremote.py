"""mpremote, as it is, against the virtual board: files, code, resets, Ctrl-C, as on a Pico."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.virtual import RunningBoard, environment, eventually, mpremote, somatone  # no types there
from somatone.sources.virtual_board import launch

pytestmark = pytest.mark.skipif(
    list(launch.interpreters()) == ["cpython"], reason="real MicroPython is not set up (host/setup/micropython.sh)"
)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBoard]:
    with RunningBoard(tmp_path_factory.mktemp("board"), "--blank") as running:
        yield running


def did(board: RunningBoard, *words: str) -> str:
    done = mpremote(board.folder, board.port, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    printed: str = done.stdout
    return printed


def put_main(board: RunningBoard, *lines: str) -> None:
    program = "\n".join(lines)
    did(board, "exec", f"with open('main.py', 'w') as f: f.write({program!r})")


def test_files_are_copied_listed_hashed_and_removed(board: RunningBoard, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "deeper").mkdir(parents=True)
    data = bytes(range(256)) * 20
    (tree / "deeper" / "data.bin").write_bytes(data)
    (tree / "note.txt").write_text("a note\n")
    did(board, "fs", "cp", "-r", f"{tree}/", ":")
    listed = did(board, "fs", "ls", ":tree")
    assert "note.txt" in listed and "deeper/" in listed
    assert hashlib.sha256(data).hexdigest() in did(board, "fs", "sha256sum", ":tree/deeper/data.bin")
    did(board, "fs", "cp", ":tree/deeper/data.bin", str(tmp_path / "back.bin"))
    assert (tmp_path / "back.bin").read_bytes() == data
    did(board, "fs", "rm", "-r", ":tree")
    assert "tree" not in did(board, "fs", "ls", ":")


def test_code_runs_and_what_it_raises_is_shown(board: RunningBoard) -> None:
    assert did(board, "exec", "import sys; print(sys.implementation.name, 6 * 7)").strip() == "micropython 42"
    failed = mpremote(board.folder, board.port, "exec", "1 / 0")
    assert failed.returncode == 1 and "ZeroDivisionError" in failed.stderr + failed.stdout
    assert did(board, "exec", "print(sum(range(1000)))\n" + "# filler\n" * 200).strip() == "499500"


def test_main_starts_after_a_reset_and_not_after_a_soft_reset(board: RunningBoard) -> None:
    put_main(board, "open('ran', 'w').close()")
    did(board, "soft-reset")
    assert "ran" not in did(board, "fs", "ls", ":")
    did(board, "reset")
    eventually(lambda: "ran" in mpremote(board.folder, board.port, "fs", "ls", ":").stdout)
    assert did(board, "exec", "import machine; print(machine.reset_cause())").strip() == "3"
    did(board, "fs", "rm", ":main.py", ":ran")


def test_files_and_identity_outlast_the_power(tmp_path: Path) -> None:
    ask = "import machine, os; print(machine.unique_id(), machine.reset_cause(), os.listdir())"
    with RunningBoard(tmp_path, "--blank") as board:
        did(board, "exec", "open('kept', 'w').close()")
        before = did(board, "exec", ask)
        assert board.stop() == 130
        assert not os.path.lexists(board.port)
    with RunningBoard(tmp_path) as board:
        assert did(board, "exec", ask) == before
        assert "'kept'" in before and " 1 [" in before
    with RunningBoard(tmp_path, "--blank") as board:
        assert "[]" in did(board, "exec", ask)


def test_ctrl_c_interrupts_unless_the_program_takes_it_as_data(board: RunningBoard) -> None:
    put_main(board, "while True: pass")
    did(board, "reset")
    eventually(lambda: mpremote(board.folder, board.port, "exec", "print(1)").stdout.strip() == "1")
    put_main(
        board,
        "import micropython, sys",
        "micropython.kbd_intr(-1)",
        "b = b''",
        "while b != bytes((3,)): b = sys.stdin.buffer.read(1)",
        "open('came', 'w').close()",
    )
    did(board, "reset")
    eventually(lambda: "came" in mpremote(board.folder, board.port, "fs", "ls", ":").stdout)
    did(board, "fs", "rm", ":main.py", ":came")


def test_a_board_without_firmware_is_said_to_need_flashing(board: RunningBoard) -> None:
    done = somatone(board.folder, "boards", "--port", board.port)
    assert done.returncode == 0 and "waits at its REPL: `somatone flash` makes it run." in done.stdout
    done = somatone(board.folder, "run", "--source", f"board:{board.port}", "--no-sound", "--for", "5")
    assert done.returncode == 1 and "needs flashing" in done.stderr and "Traceback" not in done.stderr


def test_an_image_serves_one_board_at_a_time(board: RunningBoard) -> None:
    done = somatone(board.folder, "virtual-board", "--image", str(board.image), "--link", f"{board.port}.2")
    assert done.returncode == 1 and "in use by another virtual board" in done.stderr


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("nack", "nack needs a chip or signal"),
        ("nack:eda@", "is no fault"),
        ("fire@3", "is no fault"),
        ("clock@3", "for the board's whole life"),
        ("stall:eda", "leave :eda away"),
        ("clock:fast", "no whole number"),
    ],
)
def test_a_wrong_fault_is_wrong_usage(spec: str, said: str, tmp_path: Path) -> None:
    done = somatone(tmp_path, "virtual-board", "--fault", spec)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_the_interpreter_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    with RunningBoard(tmp_path, "--blank") as board:
        pid = board.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert len(children) == 1
        board.process.kill()
        board.process.wait()
        began_s = time.monotonic()
        eventually(lambda: not Path(f"/proc/{children[0]}").exists())
        assert time.monotonic() - began_s < 2
        for stream in (board.process.stdin, board.process.stdout):
            assert stream is not None
            stream.close()
    assert environment(tmp_path)["SOMATONE_HOME"] == str(tmp_path)
