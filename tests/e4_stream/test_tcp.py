"""Client and service over real sockets on loopback; old clients' habits; the command."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from e4_stream.rig import STREAM_OF, Truth  # type: ignore[import-not-found]
from somatone.clock import HostClock
from somatone.errors import SourceError
from somatone.records import NativeChunk, Status
from somatone.sinks.e4_service.band import Band
from somatone.sinks.e4_service.device import DeviceModel
from somatone.sinks.e4_service.faults import Faults
from somatone.sinks.e4_service.feeds import NumberedFeed
from somatone.sinks.e4_service.server import E4Server
from somatone.sinks.e4_service.service import E4Service
from somatone.sources.e4_stream.source import E4StreamSource

LONG_S = 20.0


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONG_S):
        while not true():  # noqa: ASYNC110 - the test looks on, nobody tells it
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("words", [{}, {"cut": 50.0, "comma": 1.0}, {"glue": 30.0, "beta": 1.0}, {"manual": 1.0}])
def test_two_bands_over_tcp(words: dict[str, float]) -> None:
    async def go() -> None:
        clock, faults = HostClock(), Faults(words)
        service = E4Service(faults)
        for band in ("9FF167", "740163"):
            DeviceModel(service, Band(band, faults), NumberedFeed())
        truths = {"left": Truth(), "right": Truth()}

        def emit(item: NativeChunk | Status) -> None:
            truths[item.wearer].emit(item)

        async with E4Server(service, "127.0.0.1", 0, clock.now_s) as server:
            source = E4StreamSource(["left", "right"], "127.0.0.1", server.port, emit, clock.now_s)
            task = asyncio.create_task(source.run())
            await until(lambda: all(t.delivered["bvp"] > 40 and t.delivered["acc"] > 20 for t in truths.values()))
            for session in tuple(service.sessions):
                session.reset = True
            await until(lambda: all(t.words()[-1] == "streaming" and len(t.words()) > 2 for t in truths.values()))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for truth, client in zip(truths.values(), source.clients, strict=True):
            assert truth.wrong == []
            for count in client.counts.values():
                signal = count.shape.signal
                if truth.delivered[signal]:
                    assert truth.delivered[signal] + count.lost == truth.sent(signal)
        assert {client.band for client in source.clients} == {"9FF167", "740163"}

    asyncio.run(go())


def test_an_old_client_finds_what_it_expects() -> None:
    """LF only, lower case ID, replies compared byte for byte with an LF [C], data in CR LF [B]."""

    async def go() -> None:
        clock, faults = HostClock(), Faults({"comma": 1.0})
        service = E4Service(faults)
        DeviceModel(service, Band("9FF167", faults), NumberedFeed())
        async with E4Server(service, "127.0.0.1", 0, clock.now_s) as server, asyncio.timeout(LONG_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for asked, answer in (
                ("device_list \n", "R device_list 1 | 9FF167 Empatica_E4\n"),
                ("device_subscribe bvp ON\r\n", "R device_subscribe bvp ERR You are not connected to any device\n"),
                ("device_connect 9ff167\n", "R device_connect OK\n"),
                ("pause ON\n", "R pause ON\n"),
                ("device_subscribe bvp ON\n", "R device_subscribe bvp OK\n"),
                ("server_status\n", "R system_status OK\n"),
                ("pause OFF\n", "R pause OFF\n"),
            ):
                writer.write(asked.encode())
                assert await reader.readline() == answer.encode()
            line = await reader.readline()
            assert line.startswith(b"E4_Bvp 17000000")
            assert line.endswith(b"\r\n")
            assert b"." not in line
            writer.write(b"device_disconnect\n")
            rest = (await reader.read()).splitlines()
            assert rest[-1] == b"R device_disconnect OK"  # and the server closed
            writer.close()

    asyncio.run(go())


def test_a_port_in_use_is_one_sentence() -> None:
    async def go() -> None:
        async with E4Server(E4Service(), "127.0.0.1", 0, HostClock().now_s) as server:
            with pytest.raises(SourceError, match="choose another --port"):
                async with E4Server(E4Service(), "127.0.0.1", server.port, HostClock().now_s):
                    pass

    asyncio.run(go())


def test_the_source_waits_for_a_server_that_is_not_there() -> None:
    async def go() -> None:
        clock, truth = HostClock(), Truth()
        source = E4StreamSource(["body"], "127.0.0.1", 1, truth.emit, clock.now_s)
        task = asyncio.create_task(source.run())
        await until(lambda: truth.words() == ["absent"])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(go())
    assert set(STREAM_OF) == {"acc", "bvp", "eda", "temp"}


def test_the_command_serves_an_archive(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "EDA.csv").write_text("1600000000.000000\n4.000000\n" + "0.500001\n" * 80)
    words = ["serve-e4", "--from", f"archive:{folder}", "--port", "0", "--for", "1", "--fault", "comma"]
    command = [sys.executable, "-m", "somatone", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "E4 clients are served session at 127.0.0.1:" in done.stdout
