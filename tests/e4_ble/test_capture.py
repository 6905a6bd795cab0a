"""Captures: what was heard live replays to the very same chunks; cut, spoilt and foreign files; the command."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("bleak")
pytest.importorskip("bumble")

from e4_ble import virtual_time
from e4_ble.rig import now_s, room, until
from somatone.clock import HostClock
from somatone.commands import e4_capture
from somatone.errors import SessionError, SourceError, UsageError
from somatone.records import NativeChunk
from somatone.sources.choose import make_source
from somatone.sources.e4_ble.capture import Capture, CaptureSource, CaptureWriter


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path))


SPOILT = b"""\xff
[]
{"t": 1, "band": "x", "char": 1, "hex": "zz"}
{"t": NaN, "band": "x", "char": "3ea1", "hex": "00"}
{"t": 1e300, "band": "x", "char": "3ea1", "hex": "00"}
{"t": "1", "band": "x", "char": "3ea1"}
"""


class LoopClock(HostClock):
    def now_s(self) -> float:
        return asyncio.get_running_loop().time() - 1000.0


def captured(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A minute of an emulated band with an outage, by the command's own work."""

    async def main() -> None:
        here = await room()
        band = here.band()
        await band.appear()
        writer = CaptureWriter(out, 0.0)
        task = asyncio.create_task(e4_capture.capture(writer, here.backend, "Empatica", 60.0, LoopClock()))
        await asyncio.sleep(20)
        await band.vanish()
        await asyncio.sleep(5)
        await band.appear()
        with pytest.raises(TimeoutError):
            await task
        writer.close()

    virtual_time.run(main())
    said = capsys.readouterr().err
    assert said.count("streams to") == 2 and said.count("went out of reach") == 1


def test_a_capture_replays_to_the_very_same_chunks(tmp_path: Path) -> None:
    out = tmp_path / "band.jsonl"

    async def main() -> None:
        here = await room()
        band = here.band()
        await band.appear()
        writer = CaptureWriter(out, 0.0)
        async with here.source("a", tap=writer.heard) as source:
            await until(lambda: "streaming" in here.said(), 10)
            band.loss = 0.05
            await asyncio.sleep(30)
            await band.vanish()
            await until(lambda: "lost" in here.said(), 10)
            writer.gone(now_s(), source.bands[0].address or "")
            await band.appear()
            await asyncio.sleep(30)
        writer.close()
        live = [record for record in here.records if isinstance(record, NativeChunk)]
        replayed = [record for _, record in Capture(out).records("a") if isinstance(record, NativeChunk)]
        assert len(live) > 500
        assert [chunk.samples for chunk in replayed] == [chunk.samples for chunk in live]
        assert [(c.signal, c.index, c.format, c.source) for c in replayed] == [
            (c.signal, c.index, c.format, c.source) for c in live
        ]

    virtual_time.run(main())


def test_the_command_captures_and_says_what_happens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "band.jsonl"
    captured(out, capsys)
    heard = list(Capture(out).heard())
    assert [entry.char for entry in heard].count("") == 1
    assert len(heard) > 500


def test_a_cut_or_spoilt_capture_gives_what_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "band.jsonl"
    captured(out, capsys)
    whole = out.read_bytes()
    for keep in (200, 1000, len(whole) // 2, len(whole) - 3):
        out.write_bytes(whole[:keep])
        capture = Capture(out)
        list(capture.records("a"))
        assert capture.unreadable <= 1
    out.write_bytes(whole[:5000] + SPOILT + whole[5000:])
    capture = Capture(out)
    assert len(list(capture.records("a"))) > 500
    assert 6 <= capture.unreadable <= 8


def test_a_capture_plays_as_a_live_source_at_its_pace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "band.jsonl"
    captured(out, capsys)

    async def main() -> None:
        records: list[object] = []
        source = make_source(f"e4-ble:{out}", 0, records.append, now_s)
        assert isinstance(source, CaptureSource)
        start_s = now_s()
        await source.run()
        assert 50 < now_s() - start_s < 60
        chunks = [record for record in records if isinstance(record, NativeChunk)]
        assert start_s <= chunks[0].arrival_s <= chunks[-1].arrival_s <= now_s()

    virtual_time.run(main())


def test_foreign_files_are_refused_and_nothing_is_written_over(tmp_path: Path) -> None:
    foreign = tmp_path / "other.jsonl"
    for text in ("", "[]\n", '{"format": "other"}\n', '{"format": "somatone-e4-capture", "version": 9}\n'):
        foreign.write_text(text, encoding="utf-8")
        with pytest.raises(SessionError):
            Capture(foreign)
    with pytest.raises(SessionError):
        Capture(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match="there already"):
        CaptureWriter(foreign, 0.0)
    with pytest.raises(UsageError):
        CaptureWriter(tmp_path / "no" / "folder.jsonl", 0.0)


def test_a_capture_without_a_packet_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(e4_capture, "capture", nothing)
    out = tmp_path / "band.jsonl"
    with pytest.raises(SourceError, match="No packet came"):
        e4_capture.e4_capture_command(out, "Empatica E4", 1.0)
    assert not out.exists()


def test_a_full_disk_ends_the_capture_with_a_sentence(tmp_path: Path) -> None:
    async def main() -> None:
        here = await room()
        await here.band().appear()
        writer = CaptureWriter(tmp_path / "band.jsonl", 0.0)
        writer._file = Path("/dev/full").open("w", encoding="utf-8", buffering=1)  # noqa: ASYNC230, SIM115
        with pytest.raises(SourceError, match="takes no more"):
            await e4_capture.capture(writer, here.backend, "Empatica", 60.0, LoopClock())
        writer.close()

    virtual_time.run(main())
