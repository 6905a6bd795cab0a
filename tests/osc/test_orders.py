"""What an order by OSC does to a run, and how the command answers to wrong options."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from live_set.example import piece_of
from somatone.app import LiveRun
from somatone.clock import HostClock
from somatone.options import RunOptions
from somatone.records import Control
from somatone.sinks.log import LogSink
from somatone.sinks.osc.allow import Order, Panic, Reload

ROUTE = '[[routes]]\nfrom = "contact.worn"\nto = "drone.pitch"\nrange = [{low}, 110.0]\n'


class HeardSound:
    """Stands where the sound sink stands, and keeps what it was told."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def control(self, voice: str, control: str, value: float) -> None:
        self.values[f"{voice}.{control}"] = value

    def note(self, voice: str, values: dict[str, float]) -> None: ...


class Run:
    """A run without a source: its log, and what the sound was told."""

    def __init__(self, folder: Path, body: str) -> None:
        self.log = folder / "out.jsonl"
        self.sound = HeardSound()
        self._sink = LogSink(self.log)
        self._sink.__enter__()
        self._run = LiveRun(RunOptions(piece_of(folder, body)), HostClock(), self._sink)
        self._run.begin(self.sound)  # type: ignore[arg-type]

    def obey(self, *orders: Order) -> None:
        for order in orders:
            self._run.obey(order)

    def said(self, name: str) -> list[str]:
        self._sink.__exit__(None, None, None)
        lines = map(json.loads, self.log.read_text(encoding="utf-8").splitlines())
        return [line["message"] for line in lines if line["kind"] == "status" and line["name"] == name]


def test_a_control_is_heard_and_logged(tmp_path: Path) -> None:
    run = Run(tmp_path, ROUTE.format(low=40.0))
    run.obey(Control("drone", "pitch", 70.0, 0.0))
    assert run.sound.values["drone.pitch"] == 70.0


def test_silence_holds_against_everything_until_it_is_lifted(tmp_path: Path) -> None:
    run = Run(tmp_path, '[rest]\n"master.level" = 0.8\n')
    run.obey(Panic(True), Control("master", "level", 1.0, 0.0))
    assert run.sound.values["master.level"] == 0.0
    run.obey(Panic(False))
    assert run.sound.values["master.level"] == pytest.approx(0.8)
    assert len(run.said("panic")) == 2


def test_a_piece_is_read_again_only_when_it_can_be_played(tmp_path: Path) -> None:
    run = Run(tmp_path, ROUTE.format(low=40.0))
    piece_of(tmp_path, ROUTE.format(low=60.0))
    run.obey(Reload())
    (tmp_path / "piece.toml").write_text('name = "t"\nabout = "t"\nvoices = ["grainz"]\n', encoding="utf-8")
    run.obey(Reload())
    (tmp_path / "piece.toml").write_text('name = "t"\nabout = "t"\nvoices = ["grains"]\n', encoding="utf-8")
    run.obey(Reload())
    said = run.said("piece")
    assert said[0] == "The piece t was read again."
    assert "'grainz' is no voice: did you mean 'grains'?" in said[1]
    assert said[2] == "The piece's voices or targets changed: start somatone again."


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--osc", "9000"], "'9000' is no OSC target: write HOST:PORT"),
        (["--osc-in", "9000", "--osc-from", "laptop"], "'laptop' is no address or network"),
    ],
)
def test_wrong_options_are_one_sentence(options: list[str], sentence: str) -> None:
    command = [sys.executable, "-m", "somatone", "run", "--source", "simulated", "--no-sound", "--for", "1", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
