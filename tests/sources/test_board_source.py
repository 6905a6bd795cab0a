"""The board's source over a real pty: the real firmware under MicroPython, and everything that is not a board."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import struct
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from somatone.errors import SourceError
from somatone.records import NativeChunk, Status
from somatone.sources import board
from somatone.sources.serial_port import SerialPort
from somatone.sources.virtual_board.launch import VirtualBoard, interpreters, start_virtual_board

Record = NativeChunk | Status
BEST = next(iter(interpreters()))


@pytest.fixture(autouse=True)
def no_leaked_descriptor() -> Iterator[None]:
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the names are the point
    yield
    assert set(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208


@pytest.fixture
def stranger() -> Iterator[tuple[int, str]]:
    """A pty that is no board: the descriptor to talk with, and the port."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(master)
    os.close(slave)


def records(count: int) -> bytes:
    one = struct.pack("<IIIhhhhBB", 120_000, 90_000, 5_000, 3_300, 1, 2, 1000, 1, 0)
    return one * count


async def listen(port: str, until: Callable[[list[Record]], bool], deadline_s: float = 10.0) -> list[Record]:
    """Run a source on `port` until what came satisfies `until`; then cancel it."""
    came: list[Record] = []
    enough = asyncio.Event()

    def emit(record: Record) -> None:
        came.append(record)
        if until(came):
            enough.set()

    task = asyncio.create_task(board.BoardSource("w", port, emit, time.monotonic).run())
    waiting = asyncio.create_task(enough.wait())
    await asyncio.wait({task, waiting}, timeout=deadline_s, return_when=asyncio.FIRST_COMPLETED)
    failed = task.done() and not task.cancelled() and task.exception()
    task.cancel()
    waiting.cancel()
    await asyncio.gather(task, waiting, return_exceptions=True)
    if failed:
        raise failed
    assert enough.is_set(), came[-5:]
    return came


def pulse(came: list[Record]) -> list[NativeChunk]:
    return [record for record in came if isinstance(record, NativeChunk) and record.signal == "bvp"]


def said(came: list[Record], name: str) -> list[str | int | float]:
    return [record.value for record in came if isinstance(record, Status) and record.name == name]


@pytest.mark.parametrize("interpreter", list(interpreters()))
def test_the_real_firmware_is_found_and_streams_in_order(interpreter: str) -> None:
    async def scenario(virtual: VirtualBoard) -> list[Record]:
        return await listen(virtual.port, lambda came: len(pulse(came)) >= 30)

    with start_virtual_board(interpreter) as virtual:
        assert virtual.write_body(records(500)) == 500 * 22
        came = asyncio.run(scenario(virtual))
    chunks = pulse(came)
    expected = chunks[0].index
    for chunk in chunks:
        assert chunk.index == expected
        expected += len(chunk.samples) // chunk.width
    assert chunks[-1].samples[-2:] == (120_000, 90_000)
    assert said(came, "board") == ["connected"]
    assert not [record for record in came if isinstance(record, Status) and record.name.startswith("board.loss")]


def test_a_second_host_takes_up_what_the_first_did_not_acknowledge() -> None:
    async def scenario(virtual: VirtualBoard) -> tuple[list[Record], list[Record]]:
        first = await listen(virtual.port, lambda came: len(pulse(came)) >= 80)
        second = await listen(virtual.port, lambda came: len(pulse(came)) >= 20)
        return first, second

    with start_virtual_board(BEST) as virtual:
        first, second = asyncio.run(scenario(virtual))
    end = pulse(first)[-1].index + len(pulse(first)[-1].samples) // 2
    assert 0 < pulse(second)[0].index <= end


def test_a_board_that_dies_is_said_to_be_gone_once_and_waited_for() -> None:
    async def scenario(virtual: VirtualBoard) -> list[Record]:
        def until(came: list[Record]) -> bool:
            if len(pulse(came)) == 5:
                virtual.process.kill()
            return "absent" in said(came, "board")

        return await listen(virtual.port, until)

    with start_virtual_board(BEST) as virtual:
        came = asyncio.run(scenario(virtual))
    assert said(came, "board") == ["connected", "absent"]


def test_a_board_does_not_outlive_its_parent() -> None:
    program = (
        "from somatone.sources.virtual_board.launch import start_virtual_board\n"
        "board = start_virtual_board()\n"
        "print(board.process.pid, flush=True)\n"
        "input()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    ended, _, _ = select.select([child], [], [], 5)
    os.close(child)
    assert ended


def test_a_port_that_talks_rubbish_gets_one_sentence(
    stranger: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "HANDSHAKE_S", 0.3)
    master, port = stranger

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(0.05, os.write, master, b"$GPGGA,123519,4807.038,N\r\n")
        await listen(port, lambda came: False)

    with pytest.raises(SourceError, match=rf"{port} talks, but not as a somatone board: b'\$GPGGA"):
        asyncio.run(scenario())


def test_a_silent_port_gets_one_sentence(stranger: tuple[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "HANDSHAKE_S", 0.1)
    with pytest.raises(SourceError, match=f"{stranger[1]} is silent"):
        asyncio.run(listen(stranger[1], lambda came: False))


def test_a_port_in_use_gets_one_sentence(stranger: tuple[int, str]) -> None:
    async def scenario() -> None:
        first = SerialPort(stranger[1], lambda data: None, lambda reason: None)
        try:
            await listen(stranger[1], lambda came: False)
        finally:
            first.close()

    with pytest.raises(SourceError, match=f"{stranger[1]} is in use by another program"):
        asyncio.run(scenario())


def test_a_missing_port_and_a_file_get_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no port"):
        asyncio.run(listen(str(tmp_path / "ttyACM7"), lambda came: False))
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(SourceError, match="is not a serial port"):
        asyncio.run(listen(str(file), lambda came: False))


def test_no_board_at_any_port_is_said_once_and_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serial.tools.list_ports.comports", list)
    monkeypatch.setattr(board, "BACKOFF_S", (0.01,))
    came: list[Record] = []

    async def scenario() -> None:
        task = asyncio.create_task(board.BoardSource("w", None, came.append, time.monotonic).run())
        await asyncio.wait({task}, timeout=0.2)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scenario())
    assert said(came, "board") == ["absent"]


def test_a_peer_that_stops_reading_costs_neither_time_nor_memory(stranger: tuple[int, str]) -> None:
    async def scenario() -> tuple[int, float]:
        port = SerialPort(stranger[1], lambda data: None, lambda reason: None)
        began = time.process_time()
        for _ in range(1000):
            port.write(b"x" * 100)
            await asyncio.sleep(0)
        dropped = port.dropped
        port.close()
        return dropped, time.process_time() - began

    dropped, cpu_s = asyncio.run(scenario())
    assert dropped > 50_000
    assert cpu_s < 1.0


def test_the_end_of_the_other_side_is_told_once() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    reasons: list[str] = []

    async def scenario() -> None:
        gone = asyncio.Event()

        def on_gone(reason: str) -> None:
            reasons.append(reason)
            gone.set()

        SerialPort(os.ttyname(slave), lambda data: None, on_gone)
        os.close(master)
        await asyncio.wait_for(gone.wait(), 5)

    asyncio.run(scenario())
    os.close(slave)
    assert len(reasons) == 1


def test_a_daemon_that_ends_in_order_leaves_nothing_to_be_sent_twice() -> None:
    """The last acknowledgement goes out with the port: the next daemon begins where this one ended, losing nothing."""

    async def scenario(virtual: VirtualBoard) -> tuple[list[Record], list[Record]]:
        first = await listen(virtual.port, lambda came: len(pulse(came)) >= 40)
        await asyncio.sleep(0.2)  # no daemon is started again sooner; opening the port clears what it still holds
        return first, await listen(virtual.port, lambda came: len(pulse(came)) >= 10)

    with start_virtual_board(BEST) as virtual:
        assert virtual.write_body(records(500)) == 500 * 22
        first, then = asyncio.run(scenario(virtual))
    last = pulse(first)[-1]
    assert pulse(then)[0].index == last.index + len(last.samples) // last.width
