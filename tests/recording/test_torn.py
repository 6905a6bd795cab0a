"""A recording that was cut or damaged anywhere opens, and gives what is before the tear and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from somatone.errors import SessionError
from somatone.records import NativeChunk
from somatone.sinks.recording.folder import new_run, parts, runs
from somatone.sinks.recording.layout import MAGIC, Facts, Item
from somatone.sinks.recording.mend import mend
from somatone.sinks.recording.part import PartWriter
from somatone.sources.recording import read_recording

SECONDS = 10


def write(path: Path, made: list[tuple[float, Item]], facts: Facts | None = None) -> PartWriter:
    """Synced every second."""
    writer = PartWriter(path, facts or Facts(1_700_000_000_000_000_000, version="test"))
    for k, (time_s, item) in enumerate(made, 1):
        writer.add(time_s, item)
        if k % 10 == 0:
            writer.sync()
    writer.sync()
    return writer


def items(seconds: int = SECONDS) -> list[tuple[float, Item]]:
    chance = random.Random(3)
    made: list[tuple[float, Item]] = []
    for k in range(seconds * 10):
        samples = tuple(chance.randrange(200_000) for _ in range(20))
        time_s = (k + 1) / 10
        made.append((time_s, NativeChunk("body", "bvp", "board", "max30102.ir_red", k * 10, samples, time_s, 2, k)))
    return made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("torn") / "0001.mcap"
    write(path, items()).finish()
    return path


def read(path: Path) -> list[tuple[float, Item]] | None:
    """The items, or None where nothing can be read; any other error is a failure."""
    try:
        recording = read_recording(path)
    except SessionError as error:
        assert str(error).count("\n") == 0
        return None
    return list(recording.items())


def test_cut_at_every_byte(whole: Path, tmp_path: Path) -> None:
    """Up to the last whole second before the cut; a cut behind the data costs nothing."""
    data, expected = whole.read_bytes(), items()
    cut = tmp_path / "cut.mcap"
    lengths = []
    sizes = sorted({*range(0, 600, 3), *range(0, len(data), 41), *range(len(data) - 200, len(data))})
    for size in sizes:
        cut.write_bytes(data[:size])
        got = read(cut)
        lengths.append(0 if got is None else len(got))
        assert got is None or got == expected[: len(got)]
    assert lengths == sorted(lengths)
    assert set(lengths) == set(range(0, SECONDS * 10 + 1, 10))
    per_second = len(data) / SECONDS
    for size, count in zip(sizes, lengths, strict=True):
        assert count / 10 >= size / per_second - 2.0, "never more than two seconds before the cut"


def test_a_cut_is_said_in_one_sentence(whole: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (problem,) = read_recording(cut).problems
    assert "cut off or damaged after" in problem and "cannot be read" in problem


@pytest.mark.parametrize("kind", ["flip", "zeros", "rubbish", "tail"])
def test_damage_gives_no_wrong_value(whole: Path, tmp_path: Path, kind: str) -> None:
    """Wherever the bytes are wrong: what is read is a beginning of what was written."""
    data, expected = whole.read_bytes(), items()
    chance = random.Random(kind)
    for _ in range(100):
        damaged = bytearray(data)
        at = chance.randrange(len(MAGIC), len(data))
        if kind == "flip":
            damaged[at] ^= 1 << chance.randrange(8)
        elif kind == "tail":
            damaged = damaged[:at] + bytes(chance.randrange(4096))
        else:
            size = chance.randrange(1, 512)
            damaged[at : at + size] = bytes(size) if kind == "zeros" else chance.randbytes(size)
        path = tmp_path / "damaged.mcap"
        path.write_bytes(damaged)
        got = read(path)
        assert got is None or got == expected[: len(got)]
        assert got is None or len(got) == len(expected) or read_recording(path).problems, "a loss is said"


def test_mending_makes_it_whole_and_keeps_everything_readable(whole: Path, tmp_path: Path) -> None:
    run = new_run(tmp_path)
    torn = run / "0001.mcap"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    for name in ("0002.mcap.tmp", "0001.mcap.mended"):
        (run / name).write_bytes(b"a file that was only begun")
    before = read(torn)
    assert mend(tmp_path) == 1
    assert read(torn) == before
    assert read_recording(run).problems == ()
    assert torn.read_bytes().endswith(MAGIC)
    assert [path.name for path in run.iterdir()] == ["0001.mcap"]
    assert mend(tmp_path) == 0


def test_a_file_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    writer = write(run / "0001.mcap", items(1))
    assert mend(tmp_path) == 0
    writer.finish()
    assert len(read(run / "0001.mcap") or ()) == 10


def test_parts_are_one_recording_and_a_lost_beginning_shifts_time(tmp_path: Path) -> None:
    run, made = new_run(tmp_path), items()
    for part, half in ((1, made[:60]), (2, made[60:])):
        write(run / f"{part:04d}.mcap", half, facts=Facts(0, part=part)).finish()
    assert list(read_recording(run).items()) == made
    parts(run)[0].unlink()
    left = read_recording(run)
    first_s, first = next(iter(left.items()))
    assert first_s == 0.0 and isinstance(first, NativeChunk) and first.arrival_s == 0.0
    assert left.start_utc == made[60][0] and left.length_s == pytest.approx(3.9)


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "no recording"), (MAGIC, "no recording"), (b"text" * 100, "no recording"), (MAGIC * 9, "no recording")],
)
def test_what_is_no_recording_is_one_sentence(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "x.mcap").write_bytes(data)
    with pytest.raises(SessionError, match=said):
        read_recording(tmp_path / "x.mcap")


def test_a_folder_of_runs_asks_for_one(tmp_path: Path) -> None:
    for _ in range(2):
        write(new_run(tmp_path) / "0001.mcap", items(1)).finish()
    with pytest.raises(SessionError, match="holds 2 recorded runs: give one of them"):
        read_recording(tmp_path)
    assert [run.name.partition("-")[0] for run in runs(tmp_path)] == ["000001", "000002"]
