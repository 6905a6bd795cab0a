"""Each fault of a virtual board as the daemon's board source meets it: what is lost, what comes back, what is said.

One source listens through all of them, as a daemon would; each test types its fault and waits for the outcome.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from fakes.board_bench import Bench, Host  # no types there
from fakes.virtual import RunningBoard, eventually, somatone  # no types there
from somatone.records import NativeChunk, Status
from somatone.sources.board import BoardSource
from somatone.sources.board_health import BoardHealth
from somatone.sources.virtual_board import launch

needs_micropython = pytest.mark.skipif(
    list(launch.interpreters()) == ["cpython"], reason="real MicroPython is not set up (host/setup/micropython.sh)"
)


class Listener:
    """A board source in a loop of its own; `records` grows."""

    def __init__(self, port: str) -> None:
        self.records: list[NativeChunk | Status] = []
        self.source = BoardSource("w", port, self.records.append, time.monotonic)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self._task = self._loop.create_task(self.source.run())
        self._loop.run_until_complete(asyncio.gather(self._task, return_exceptions=True))
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(5)

    def chunks(self, signal: str, since: int = 0) -> list[NativeChunk]:
        return [r for r in self.records[since:] if isinstance(r, NativeChunk) and r.signal == signal]

    def sentences(self, since: int = 0) -> str:
        return "\n".join(r.message for r in self.records[since:] if isinstance(r, Status) and r.message)

    def wait_for(self, words: str, since: int, patience_s: float = 15.0) -> None:
        deadline_s = time.monotonic() + patience_s
        while words not in self.sentences(since):
            assert time.monotonic() < deadline_s, f"{words!r} was not said, but: {self.sentences(since)}"
            time.sleep(0.02)

    def wait_flowing(self, signal: str = "bvp") -> None:
        """Half a second of samples from now on."""
        since = len(self.records)
        eventually(lambda: sum(len(c.samples) // c.width for c in self.chunks(signal, since)) > 50, 15)

    def missing(self, signal: str, since: int) -> int:
        """Samples between the chunks; no sample twice."""
        jumps = [b.index - a.index - len(a.samples) // a.width for a, b in pairwise(self.chunks(signal, since))]
        assert all(jump >= 0 for jump in jumps)
        return sum(jumps)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBoard]:
    with RunningBoard(tmp_path_factory.mktemp("board"), "--blank", "--fault", "clock:200", "--seed", "4") as running:
        done = somatone(running.folder, "flash", "--port", running.port)
        assert done.returncode == 0, done.stdout + done.stderr
        running.type("on")
        yield running


@pytest.fixture(scope="module")
def listening(board: RunningBoard) -> Iterator[Listener]:
    listener = Listener(board.port)
    try:
        listener.wait_flowing()
        listener.wait_for("The sensor is worn.", 0)
        yield listener
    finally:
        listener.stop()


@needs_micropython
def test_nack_is_a_sensor_that_stops_and_returns_while_the_others_go_on(
    board: RunningBoard, listening: Listener
) -> None:
    since = len(listening.records)
    board.type("nack:eda+3")
    listening.wait_for("The skin conductance converter (ADS1115) does not answer: check its wires", since)
    listening.wait_for("The skin conductance converter (ADS1115) measures again.", since)
    assert "did not answer at times" in listening.sentences(since)
    assert listening.missing("bvp", since) == 0
    eventually(lambda: 2 <= listening.missing("eda", since) / 4 <= 6)  # seconds: the index goes on in time
    board.wait_said("a loose wire")


@needs_micropython
def test_a_stuck_chip_is_started_again(board: RunningBoard, listening: Listener) -> None:
    since = len(listening.records)
    board.type("stuck:lis3dh")
    listening.wait_for("of the movement sensor (LIS3DH) were never read: the board was held up, or the sensor", since)
    listening.wait_flowing("acc")
    assert listening.missing("bvp", since) == 0


@needs_micropython
def test_an_overflow_is_counted_exactly_and_placed(board: RunningBoard, listening: Listener) -> None:
    since, before = len(listening.records), dict(listening.source.protocol.lost)
    board.type("overflow+1.2")
    listening.wait_for("samples of the pulse sensor (MAX30102) were never read", since)
    listening.wait_flowing()
    lost = listening.source.protocol.lost["bvp"] - before["bvp"]
    assert 50 <= lost <= 150
    assert listening.missing("bvp", since) == lost


@needs_micropython
def test_a_brown_out_is_told_from_a_pulled_cable(board: RunningBoard, listening: Listener) -> None:
    since = len(listening.records)
    board.type("brown-out")
    listening.wait_for("The board is not there", since)
    listening.wait_for("restarted: its supply was away for a moment: check its cable and its battery", since)
    listening.wait_for("is back at", since)
    listening.wait_flowing()
    listening.missing("bvp", since)  # in order, none twice


@needs_micropython
def test_taken_off_is_said_and_is_no_fault(board: RunningBoard, listening: Listener) -> None:
    since = len(listening.records)
    board.type("off-body+2")
    listening.wait_for("Nobody wears the sensor.", since)
    listening.wait_for("The sensor is worn.", since)
    assert "check" not in listening.sentences(since)
    assert listening.missing("bvp", since) == listening.missing("eda", since) == 0


@needs_micropython
def test_a_sweat_step_is_in_the_signal_and_nothing_else(board: RunningBoard, listening: Listener) -> None:
    since = len(listening.records)
    before = listening.chunks("eda")[-1].samples[-1]
    board.type("sweat+4")
    eventually(
        lambda: (
            max(c.samples[-1] for c in listening.chunks("eda", since) or [listening.chunks("eda")[-1]]) > before * 1.3
        )
    )
    eventually(lambda: listening.chunks("eda")[-1].samples[-1] < before * 1.2, 10)
    assert "check" not in listening.sentences(since)
    board.wait_said("startled and sweats")


@needs_micropython
@pytest.mark.parametrize("stall_s", [3, 7])
def test_a_stalled_host_loses_nothing(board: RunningBoard, listening: Listener, stall_s: int) -> None:
    since, before = len(listening.records), sum(listening.source.protocol.lost.values())
    board.type(f"stall+{stall_s}")
    board.wait_said(f"+{stall_s}: the computer stops reading")
    board.said = ""
    if stall_s > 5:
        listening.wait_for("The board is not there: nothing came for 5 s", since)
        listening.wait_for("is back at", since)
    else:
        first = listening.chunks("bvp")[-1].index
        eventually(lambda: listening.chunks("bvp")[-1].index > first + 100 * stall_s, 15)
    listening.wait_flowing()
    eventually(lambda: listening.missing("bvp", since) == 0)
    assert sum(listening.source.protocol.lost.values()) == before


@needs_micropython
def test_a_pulled_cable_loses_nothing(board: RunningBoard, listening: Listener) -> None:
    since, before = len(listening.records), sum(listening.source.protocol.lost.values())
    board.type("cable+3")
    listening.wait_for("The board is not there: the connection ended", since)
    listening.wait_for("is back at", since)
    listening.wait_flowing()
    assert listening.missing("bvp", since) == listening.missing("acc", since) == 0
    assert sum(listening.source.protocol.lost.values()) == before
    assert "restarted" not in listening.sentences(since)


def test_a_clock_200_ppm_fast_is_measured_and_said_to_be_harmless() -> None:
    bench = Bench()
    host, health = Host(bench), BoardHealth()
    said: list[str] = []
    seen = 0
    for _ in range(70):
        host.run_ms(1000)
        for event in host.events[seen:]:
            if isinstance(event, NativeChunk) and event.signal == "bvp" and event.ticks_us is not None:
                fast_us = event.ticks_us + event.ticks_us * 200 // 1_000_000
                said += [message for _, _, message in health.clock(fast_us, event.arrival_s)]
        seen = len(host.events)
    assert len(said) == 1
    ppm = int(said[0].split(" ppm")[0].split()[-1])
    assert 150 <= ppm <= 250 and "fast: somatone corrects that" in said[0]


@needs_micropython
def test_a_seed_gives_the_same_faults(tmp_path: Path) -> None:
    import random  # noqa: PLC0415

    from somatone.sources.virtual_board.faults import random_fault  # noqa: PLC0415

    first, second = (
        [str(random_fault(draw, 20.0)) for _ in range(20)] for draw in (random.Random(3), random.Random(3))
    )
    assert first == second and len({text.split("@")[0] for text in first}) > 5
