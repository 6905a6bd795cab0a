"""The recorder: bounded, never in the way of the sound, and at most two seconds are lost when it dies."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from somatone.errors import SomatoneError
from somatone.records import NativeChunk
from somatone.sinks.recording import sink as sink_module
from somatone.sinks.recording.folder import parts, runs
from somatone.sinks.recording.layout import MAGIC, Facts
from somatone.sinks.recording.sink import RecordingSink
from somatone.sources.recording import read_recording

FACTS = Facts(0, version="test")
LOST_BAR_S = 2.0


def chunk(k: int, time_s: float = 0.0) -> NativeChunk:
    return NativeChunk("body", "eda", "board", "ads1115.code", k, (k % 30_000,), time_s, 1, k)


def indices(folder: Path) -> list[int]:
    """Of everything in the folder's only run."""
    (run,) = runs(folder)
    return [item.index for _, item in read_recording(run).items() if isinstance(item, NativeChunk)]


def wait_until(true: object, seconds: float = 5.0) -> None:
    assert callable(true)
    until_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until_s, "it did not happen"
        time.sleep(0.005)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "SYNC_S", 0.02)
    monkeypatch.setattr(sink_module, "RETRY_S", 0.05)


@pytest.fixture
def said() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def sink(tmp_path: Path, said: list[tuple[str, str]]) -> Iterator[RecordingSink]:
    recorder = RecordingSink(tmp_path, lambda value, message: said.append((value, message)))
    yield recorder
    recorder.close()


def test_everything_that_was_put_is_kept(tmp_path: Path, sink: RecordingSink, said: list[tuple[str, str]]) -> None:
    sink.put(0.0, chunk(0))  # before the path starts
    sink.start(FACTS)
    for k in range(1, 500):
        sink.put(k / 100, chunk(k))
    sink.close()
    assert indices(tmp_path) == list(range(500))
    assert (sink.dropped, said) == (0, [])


@pytest.mark.usefixtures("quick")
def test_a_full_disk_is_said_once_and_everything_missing_is_counted(
    tmp_path: Path, sink: RecordingSink, said: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a batch is written when the disk is full: it is cut away, and a new file goes on later."""
    full = False
    write = os.write

    def fake(descriptor: int, data: bytes) -> int:
        if full:
            write(descriptor, bytes(data[: len(data) // 2]))
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", fake)
    sink.start(FACTS)
    (run,) = runs(tmp_path)
    for k in range(100):
        sink.put(k / 100, chunk(k))
    wait_until(lambda: parts(run) and len(read_safely(run)) == 100)
    full = True
    for k in range(100, 200):
        sink.put(k / 100, chunk(k))
        time.sleep(0.002)
    wait_until(lambda: sink.dropped == 100)
    full = False
    time.sleep(0.1)
    for k in range(200, 300):
        sink.put(k / 100, chunk(k))
    wait_until(lambda: len(said) == 2)
    sink.close()
    kept = indices(tmp_path)
    assert kept == [*range(100), *range(200, 300)]
    assert len(kept) + sink.dropped == 300
    assert [value for value, _ in said] == ["stopped", "running"]
    assert "No space left on device" in said[0][1] and "the sound goes on" in said[0][1]
    assert "100 items are missing" in said[1][1]


def read_safely(run: Path) -> list[object]:
    try:
        return list(read_recording(run).items())
    except SomatoneError:
        return []


@pytest.mark.usefixtures("quick")
def test_a_disk_that_hangs_drops_and_counts(
    tmp_path: Path, said: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink_module, "QUEUE", 50)
    sync = os.fdatasync
    hanging = True

    def slow(descriptor: int) -> None:
        while hanging:
            time.sleep(0.005)
        sync(descriptor)

    recorder = RecordingSink(tmp_path, lambda value, message: said.append((value, message)))
    monkeypatch.setattr(os, "fdatasync", slow)
    recorder.start(FACTS)
    begun_s = time.monotonic()
    for k in range(500):
        recorder.put(k / 100, chunk(k))
    assert time.monotonic() - begun_s < 1.0, "putting never waits for the disk"
    hanging = False
    wait_until(lambda: [value for value, _ in said] == ["slow", "running"])
    recorder.close()
    assert recorder.dropped >= 440
    assert len(indices(tmp_path)) + recorder.dropped == 500


@pytest.mark.usefixtures("quick")
def test_a_new_file_each_hour_and_the_oldest_goes_beyond_the_quota(tmp_path: Path) -> None:
    """The hour is a moment here; every file opens, and together they stay within the quota and one file."""
    quota = 20_000
    for _ in range(2):
        recorder = RecordingSink(tmp_path, lambda value, message: None, quota, part_s=0.04)
        recorder.start(FACTS)
        for k in range(200):
            recorder.put(k / 100, chunk(k))
            time.sleep(0.003)
        recorder.close()
    files = [path for run in runs(tmp_path) for path in parts(run)]
    largest = max(path.stat().st_size for path in files)
    assert sum(path.stat().st_size for path in files) <= quota + largest
    assert len(files) > 1 and files[0].name != "0001.mcap"
    assert read_recording(runs(tmp_path)[-1]).problems == ()


def test_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SomatoneError, match="choose another --session folder"):
        RecordingSink(tmp_path / "file", lambda value, message: None).start(FACTS)


CHILD = """
import sys, time
from pathlib import Path
from somatone.records import NativeChunk
from somatone.sinks.recording.layout import Facts
from somatone.sinks.recording.sink import RecordingSink
sink = RecordingSink(Path(sys.argv[1]), lambda value, message: None)
sink.start(Facts(0, version="test"))
start, k = time.monotonic(), 0
while True:
    now = time.monotonic() - start
    sink.put(now, NativeChunk("body", "eda", "board", "ads1115.code", k, (k % 30000,), now, 1, k))
    k += 1
    sys.stdout.write(f"{now}\\n"); sys.stdout.flush()
    time.sleep(0.01)
"""


def killed(folder: Path, after_s: float) -> tuple[float, float]:
    """Let a recorder run and kill it: (second of the last item it was given, second of the last that is kept)."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with (folder / "given").open("w") as given:
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(folder)], stdout=given, env=environment)
        try:
            wait_until(lambda: (folder / "given").stat().st_size > 0, 20.0)
            time.sleep(after_s)
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
    given_s = float((folder / "given").read_text().splitlines()[-2])
    files = [path for run in runs(folder) for path in parts(run)]
    for path in files:
        read_safely(path)
    kept_s = read_recording(runs(folder)[-1]).length_s if files and read_safely(runs(folder)[-1]) else 0.0
    return given_s, kept_s


def test_killed_at_random_moments_it_loses_at_most_two_seconds(tmp_path: Path) -> None:
    """Four at once, for the time's sake."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    chance = random.Random(7)
    moments = [chance.uniform(0.1, 5.0) for _ in range(8)]
    folders = [tmp_path / str(k) for k in range(len(moments))]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(killed, folders, moments))
    lost = [given_s - kept_s for given_s, kept_s in results]
    print(f"seconds lost when killed: largest {max(lost):.2f}, of {len(lost)}")
    assert max(lost) <= LOST_BAR_S
    recorder = RecordingSink(folders[0], lambda value, message: None)
    recorder.start(FACTS)
    files = parts(runs(folders[0])[0])
    wait_until(lambda: all(path.read_bytes().endswith(MAGIC) for path in files), 30.0)  # by the next run's start
    recorder.close()
