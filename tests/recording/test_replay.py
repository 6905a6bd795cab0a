"""The replay of a recording is the live run again, byte for byte in the log; that of an archive's is the archive's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from somatone.app import LiveRun
from somatone.clock import HostClock
from somatone.errors import SessionError
from somatone.export.recording import write_recording
from somatone.options import ReplayOptions, RunOptions, SoundOptions
from somatone.pieces.piece import find_piece
from somatone.recorded import open_session, session_items
from somatone.records import NativeChunk, Status
from somatone.replay import replay_fast
from somatone.sinks.log import LogSink
from somatone.sinks.recording.folder import runs
from somatone.sinks.recording.layout import Facts, Item
from somatone.sinks.recording.part import PartWriter
from somatone.sinks.recording.sink import RecordingSink

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "e4"
needs_sessions = pytest.mark.skipif(not SHARED.is_dir(), reason="the real E4 sessions are not beside this checkout")
PIECE = find_piece("correlations")
SECONDS = 40


class HandClock(HostClock):
    """Moved by hand, in whole nanoseconds as the real one."""

    ns = 0

    def now_s(self) -> float:
        return self.ns / 1e9


def board_chunks() -> Iterator[tuple[int, Item]]:
    """(nanosecond of arrival, item): a simulated body's samples as a board's, two at a time, a little late each."""
    values = board_values()
    for k in range(SECONDS * 50):
        late_ns = 3_000_000 + (k * 7919 % 5_000_017)
        yield k * 20_000_000 + late_ns, chunk("bvp", "max30102.ir_red", 2 * k, values[2 * k] + values[2 * k + 1], 2, k)
        if k % 12 == 0:
            index = k // 12
            code = 9000 + index * 3 % 170
            yield k * 20_000_000 + late_ns + 1_000, chunk("eda", "ads1115.code", index, (code,), 1, k)
            yield k * 20_000_000 + late_ns + 2_000, chunk("temp", "tmp117.raw", index, (4200 + index % 5,), 1, k)


def board_values() -> list[tuple[int, int]]:
    """A pulse that beats, in the codes of the board's light sensor."""
    beat = [0, 900, 2100, 2600, 2300, 1700, 1300, 1200, 1000, 700] + [500 - 5 * k for k in range(75)]
    return [(100_000 - beat[k % len(beat)], 80_000) for k in range(SECONDS * 100)]


def chunk(signal: str, kind: str, index: int, samples: tuple[int, ...], width: int, k: int) -> NativeChunk:
    return NativeChunk("body", signal, "board", kind, index, samples, k * 0.02 + 0.003, width, k * 20_000)


def run_live(log_path: Path, folder: Path) -> None:
    """A run as `somatone run` builds it, without its tasks: things are said before, in between and by sinks."""
    clock = HandClock()
    recorder = RecordingSink(folder, lambda value, message: None)
    with LogSink(log_path) as log:
        options = RunOptions(PIECE, "simulated", plain=False, sound=SoundOptions(on=False))
        run = LiveRun(options, clock, log, recorder)
        clock.ns = 123_456
        run.say(Status("sound", "sounding", clock.now_s(), "Sound is on."))
        clock.ns = 700_000_001
        run.begin(None)
        for k, (at_ns, item) in enumerate(board_chunks()):
            clock.ns = 700_000_001 + at_ns
            if k % 97 == 0:
                run.tick(clock.now_s())
            if k % 701 == 700:
                run.say(Status("sound", "lost", clock.now_s(), "Sound stopped."))
            run.emit(item)
    recorder.close()


def test_a_replay_is_the_live_run_again(tmp_path: Path) -> None:
    run_live(tmp_path / "live.jsonl", tmp_path / "sessions")
    (run,) = runs(tmp_path / "sessions")
    options = ReplayOptions(PIECE, run, None, tmp_path / "replay.jsonl")
    report = replay_fast(open_session(run), options, lambda share: None)
    live = (tmp_path / "live.jsonl").read_bytes()
    assert (tmp_path / "replay.jsonl").read_bytes()[: len(live)] == live, "and then the tail, when the signals stop"
    assert report.beats > SECONDS // 2 and live.count(b"\n") > 1000


def test_the_live_log_does_not_depend_on_the_recorder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        run_live(tmp_path / f"{name}.jsonl", tmp_path / name)
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


@needs_sessions
@pytest.mark.parametrize("name", ["flirt", "devicely"])
def test_an_archive_s_recording_replays_to_the_archive_s_log(tmp_path: Path, name: str) -> None:
    archive = open_session(SHARED / name)
    write_recording(archive, tmp_path / "it.mcap", lambda share: None)
    recording = open_session(tmp_path / "it.mcap")
    assert [item for _, item in session_items(recording)] == [item for _, item in session_items(archive)]
    reports = [replay_fast(s, ReplayOptions(PIECE, Path(), None), lambda share: None) for s in (archive, recording)]
    assert reports[0] == reports[1]
    assert (recording.ibi, recording.hr) == (archive.ibi, archive.hr)
    assert recording.tags_s == archive.tags_s


def test_a_recording_of_a_recording_replays_to_the_same_log(tmp_path: Path) -> None:
    run_live(tmp_path / "live.jsonl", tmp_path / "sessions")
    first = open_session(runs(tmp_path / "sessions")[0])
    write_recording(first, tmp_path / "again.mcap", lambda share: None)
    reports = [
        replay_fast(s, ReplayOptions(PIECE, Path(), None), lambda share: None)
        for s in (first, open_session(tmp_path / "again.mcap"))
    ]
    assert reports[0] == reports[1]


def test_a_format_of_another_version_is_one_sentence(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path / "a.mcap", Facts(0, version="9.9"))
    writer.add(0.0, NativeChunk("body", "eda", "board", "ads9999.code", 0, (1,), 0.0))
    writer.finish()
    with pytest.raises(SessionError, match=r"does not know .* somatone 9\.9"):
        list(session_items(open_session(tmp_path / "a.mcap")))
