"""The commands as a person types them: real processes, real exit statuses, one sentence for a mistake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "e4"
needs_sessions = pytest.mark.skipif(not SHARED.is_dir(), reason="the real E4 sessions are not beside this checkout")


def somatone(*words: object, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "somatone", *map(str, words)]
    environment = {
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": str(home or "/tmp"),
        "LANG": "C.UTF-8",
        "COLUMNS": "200",
    }
    if home:
        environment["SOMATONE_HOME"] = str(home)
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)


def test_help_names_every_command() -> None:
    done = somatone("--help")
    assert done.returncode == 0
    for name in ("run", "replay", "inspect", "doctor"):
        assert name in done.stdout


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("replay", "/no/such/session"), 1, "does not exist"),
        (("inspect", "/etc/hostname"), 1, "neither a folder nor a readable zip"),
        (("replay", "/tmp", "--speed", "fast"), 2, "neither 'max' nor a number"),
        (("replay", "/tmp", "--speed", "-1"), 2, "neither 'max' nor a number"),
        (("run", "--piece", "correlation"), 2, "there is no piece 'correlation'"),
        (("run", "--source", "bord", "--no-sound", "--for", "1"), 2, "'bord' is no source"),
        (("replay", "/tmp", "--log", "/no/folder/x.jsonl", "--speed", "max"), 1, ""),
        (("rnu",), 2, "No such command"),
    ],
)
def test_mistakes_are_one_sentence(words: tuple[str, ...], status: int, said: str) -> None:
    done = somatone(*words)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_a_wrong_piece_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "piece.toml").write_text('name = "x"\nabout = "x"\nvoices = ["grain"]\n')
    done = somatone("run", "--piece", tmp_path, "--no-sound")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "did you mean 'grains'" in done.stderr


@needs_sessions
def test_inspect_draws(tmp_path: Path) -> None:
    plot = tmp_path / "flirt.png"
    done = somatone("inspect", SHARED / "flirt", "--plot", plot)
    assert done.returncode == 0, done.stderr
    assert "skin-conductance onsets" in done.stdout
    assert plot.read_bytes().startswith(b"\x89PNG")


@needs_sessions
def test_replay_logs_and_hashes(tmp_path: Path) -> None:
    first = somatone("replay", SHARED / "devicely", "--speed", "max", "--log", tmp_path / "a.jsonl")
    again = somatone("replay", SHARED / "devicely", "--speed", "60", "--no-sound")
    assert first.returncode == again.returncode == 0, first.stderr + again.stderr
    digest = [line for line in first.stdout.splitlines() if line.startswith("log sha256")]
    assert digest and digest == [line for line in again.stdout.splitlines() if line.startswith("log sha256")]
    assert (tmp_path / "a.jsonl").read_text().startswith('{"kind":')


def test_doctor_says_whether_it_can_play(tmp_path: Path) -> None:
    done = somatone("doctor", home=tmp_path)
    assert ("somatone can play here." in done.stdout) == (done.returncode == 0)
    assert "scsynth" in done.stdout
