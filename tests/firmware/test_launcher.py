"""main.py under real MicroPython: it starts only a whole application, wherever a copy or a swap was cut."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from somatone import paths
from somatone.sources.virtual_board import launch

INTERPRETER = next(iter(launch.interpreters()))
MACHINE = Path(__file__).resolve().parents[1] / "fakes" / "board_only" / "machine.py"
NEEDS = "needs flashing"


def application(word: str) -> dict[str, str]:
    """Files whose `main` says `word`, from two places, so that a mixture would show."""
    return {
        "app.py": f"import part\nimport deep.part as other\ndef main():\n    print('{word}', part.WORD, other.WORD)\n",
        "deep/part.py": f"WORD = '{word}'\n",
        "lib/part.py": f"WORD = '{word}'\n",
    }


def steps_of_a_copy(board: Path, folder: str, files: dict[str, str]) -> list[Callable[[], object]]:
    """What a flasher does, write by write; the manifest comes last, under another name, and is renamed."""
    lines = [f"{hashlib.sha256(text.encode()).hexdigest()} {path}" for path, text in files.items()]
    whole = {**files, "manifest.part": "\n".join(["somatone", *lines, ""])}
    steps: list[Callable[[], object]] = []
    for path, text in whole.items():
        at = board / folder / path
        steps.append(lambda at=at: at.parent.mkdir(parents=True, exist_ok=True))  # type: ignore[misc]
        for length in (0, len(text) // 2, len(text) - 1, len(text)):
            steps.append(lambda at=at, text=text[:length]: at.write_text(text))  # type: ignore[misc]
    manifest = board / folder / "manifest"
    return [*steps, lambda: manifest.with_suffix(".part").replace(manifest)]


def start(board: Path) -> str:
    """Power-up; what the board says."""
    shutil.copy(paths.firmware_dir() / "main.py", board / "main.py")
    shutil.copy(MACHINE, board / "machine.py")
    program = str(launch.interpreters()[INTERPRETER])
    environment = {**os.environ, "MICROPYPATH": ":.frozen"}
    done = subprocess.run(
        [program, "main.py"], cwd=board, capture_output=True, text=True, env=environment, timeout=20, check=False
    )
    return done.stdout.strip()


@pytest.fixture
def board(tmp_path: Path) -> Path:
    if INTERPRETER == "cpython":
        pytest.skip("needs MicroPython")
    return tmp_path


def test_a_blank_board_says_what_it_needs(board: Path) -> None:
    assert NEEDS in start(board)


def test_a_first_copy_cut_anywhere_is_said(board: Path) -> None:
    for step in steps_of_a_copy(board, "somatone.new", application("new")):
        said = start(board)
        assert said.startswith("somatone: needs flashing"), said
        step()
    assert start(board) == start(board) == "new new new"


def test_an_update_cut_anywhere_leaves_the_old_application(board: Path) -> None:
    for step in steps_of_a_copy(board, "somatone", application("old")):
        step()
    for step in steps_of_a_copy(board, "somatone.new", application("new")):
        assert start(board) == "old old old"
        step()
    assert start(board) == start(board) == "new new new"
    assert not (board / "somatone.new").exists()


@pytest.mark.parametrize("gone", range(5))
def test_a_swap_cut_anywhere_goes_on_at_the_next_start(board: Path, gone: int) -> None:
    for folder, word in (("somatone", "old"), ("somatone.new", "new")):
        for step in steps_of_a_copy(board, folder, application(word)):
            step()
    files = [path for path in sorted((board / "somatone").rglob("*")) if path.is_file()]
    for path in files[:gone]:
        path.unlink()
    if gone > len(files):
        shutil.rmtree(board / "somatone")
    assert start(board) == "new new new"


def test_a_file_that_rotted_is_found(board: Path) -> None:
    for step in steps_of_a_copy(board, "somatone", application("old")):
        step()
    (board / "somatone" / "deep" / "part.py").write_text("WORD = 'odd'\n")
    assert NEEDS in start(board)


def test_a_note_leaves_the_board_to_the_repl_once(board: Path) -> None:
    for step in steps_of_a_copy(board, "somatone", application("old")):
        step()
    (board / "repl-once").touch()
    assert [start(board), start(board)] == ["", "old old old"]


def test_files_copied_by_hand_beside_it_run_too(board: Path) -> None:
    (board / "app.py").write_text("def main():\n    print('by hand')\n")
    assert start(board) == "by hand"
