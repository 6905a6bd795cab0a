"""What sends: a target that is not there, a thread that hangs, time tags. Real sockets on this machine, hand clocks."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest
from pythonosc.osc_bundle import OscBundle

from osc.receiver import free_port
from somatone.errors import UsageError
from somatone.pieces.check_outside import parse_target
from somatone.pieces.schema import Osc
from somatone.records import Gate, Validity
from somatone.sinks.osc.sink import OscPart
from somatone.sinks.osc.target import QUIET_S, Target
from somatone.sinks.worker import LONGEST_WAIT_S, Worker

News = list[tuple[str, str]]


def until(what: Callable[[], object], seconds: float = 10.0) -> None:
    end_s = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def opened(target: Target, now_s: float) -> None:
    """Names are looked up in a thread; wait for it."""

    def sends() -> bool:
        target.tick(now_s)
        before = target.lost
        target.send([b"/x\0\0,\0\0\0"], now_s)
        return target.lost == before or bool(target.sent)

    until(sends)


def test_nobody_listens_and_then_somebody_does() -> None:
    """One sentence each way; and what is sent when somebody is there arrives, the first one too."""
    news: News = []
    port = free_port()
    target = Target(f"127.0.0.1:{port}", lambda *said: news.append(said))
    until(lambda: target.tick(0.0) or target._socket)  # type: ignore[func-returns-value]
    for k in range(50):
        target.send([b"one", b"two"], k / 100)
        target.tick(k / 100)
    assert [value for value, _ in news] == ["lost"]
    assert "nobody listens there" in news[0][1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", port))
        receiver.settimeout(2.0)
        target.send([b"three"], 1.0)
        assert receiver.recv(100) == b"three"
        target.tick(1.01 + QUIET_S)
    assert [value for value, _ in news] == ["lost", "running"]
    target.close()


@pytest.mark.parametrize("name", ["nowhere.invalid:9000", "a..b:9000", f"{'x' * 300}:9000"])
def test_a_name_that_nobody_knows_is_one_sentence_and_tried_again(name: str) -> None:
    news: News = []
    target = Target(name, lambda *said: news.append(said))
    now_s = 0.0

    def is_said() -> bool:
        nonlocal now_s
        now_s += 0.2
        target.tick(now_s)
        target.send([b"x"], now_s)
        return bool(news)

    until(is_said, 30.0)
    for _ in range(20):
        is_said()
    assert len(news) == 1
    assert "its name is not known" in news[0][1]
    assert target.lost >= 20


def test_a_network_that_cannot_be_reached_is_one_sentence() -> None:
    news: News = []
    target = Target("203.0.113.1:9000", lambda *said: news.append(said))
    opened(target, 0.0)
    target._socket.close()  # type: ignore[union-attr]  # as when the interface went away: every send is an error
    target.send([b"x", b"y"], 1.0)
    assert [value for value, _ in news] == ["lost"]
    assert target.lost >= 2
    until(lambda: target.tick(10.0) or target._socket)  # type: ignore[func-returns-value]
    target.close()


@pytest.mark.parametrize("text", ["", "host", "host:", ":9000", "host:0", "host:70000", "host:osc"])
def test_targets_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="write HOST:PORT"):
        parse_target(text)


def test_targets_that_are_some() -> None:
    assert parse_target("127.0.0.1:9000") == ("127.0.0.1", 9000)
    assert parse_target("[::1]:9000") == ("::1", 9000)


def test_time_tags_are_a_fixed_time_after_the_signal() -> None:
    """At 100 s of the path's clock it is 2000 s in UTC; a beat of 99.5 s is to sound 0.1 s after itself."""
    sent: list[bytes] = []
    part = OscPart((), Osc(bundles=True, latency_s=0.1), lambda value, said: None, lambda: 2000.0)
    part._send = lambda datagrams, now_s: sent.extend(datagrams)  # type: ignore[method-assign]
    part.take(Gate("body", "pulse.beat", 1, 99.5, Validity.WORN, "t"), 100.0)
    part.step(100.0)
    bundles = [OscBundle(data) for data in sent]
    beat = next(bundle for bundle in bundles if bundle.content(0).address.endswith("/beat"))
    assert beat.timestamp == pytest.approx(1999.6, abs=1e-6)
    snapshot = next(b for b in bundles if b.content(0).address.endswith("/begin"))
    assert snapshot.timestamp == pytest.approx(2000.1, abs=1e-6)


class HangingPart:
    """A part that hangs in the middle of an item, as a driver may."""

    socket: socket.socket | None = None

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.go_on = threading.Event()

    def take(self, item: int, now_s: float) -> None:
        self.go_on.wait(20.0)
        if item == 3:
            raise ValueError("three")
        self.taken.append(item)

    def receive(self, data: bytes, sender: str, now_s: float) -> None: ...

    def step(self, now_s: float) -> float:
        return now_s + LONGEST_WAIT_S

    def finish(self) -> None: ...


def test_a_part_that_hangs_holds_nobody_up_and_a_fault_does_not_end_it() -> None:
    part = HangingPart()
    worker = Worker("hangs", part, time.monotonic, queue=10)
    worker.start()
    worker.put(0)
    until(lambda: not worker._queue)
    for item in range(1, 31):
        worker.put(item)  # would not return if it waited
    assert worker.dropped == 20
    part.go_on.set()
    worker.close()
    assert part.taken == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]
    assert (worker.errors, worker.last_error) == (1, "ValueError: three")
