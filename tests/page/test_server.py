"""The page's server: who may read, who may not, and what a page that hangs costs the others."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from page.conftest import STATIC, shown, until
from somatone.records import Gate, Validity
from somatone.sinks.page.frame import GateView, unpack
from somatone.sinks.page.sink import QUEUE


def _beat(value: int = 1) -> Gate:
    return Gate("body", "pulse.beat", value, 0.0, Validity.WORN, "s", 1)


def _socket(port: int) -> str:
    return f"ws://127.0.0.1:{port}/ws"


def test_what_is_put_comes_out_of_the_websocket() -> None:
    with shown("correlations") as host, connect(_socket(host.page.port)) as page:
        assert unpack(_bytes(page.recv(5)))[0].stage == "correlations"
        host.now_s = 4.0
        host.page.put(_beat(), 3.75)
        gates: dict[str, GateView] = {}
        while not gates:
            gates = unpack(_bytes(page.recv(5)))[0].gates
        assert (gates["body/pulse.beat"].count, gates["body/pulse.beat"].age_s) == (1, 0.25)


def _bytes(message: str | bytes) -> bytes:
    assert isinstance(message, bytes)
    return message


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "http://127.0.0.1:1"])
def test_a_page_from_elsewhere_reads_nothing(origin: str) -> None:
    with shown("correlations") as host:
        with pytest.raises(InvalidStatus, match="403"), connect(_socket(host.page.port), origin=Origin(origin)):
            pass
        assert not host.page.audience


def test_another_name_for_this_machine_is_not_answered() -> None:
    with shown("correlations") as host:
        request = urllib.request.Request(host.url, headers={"Host": "rebound.example"})
        with pytest.raises(urllib.error.HTTPError, match="400"):
            urllib.request.urlopen(request, timeout=5)
        assert b"stage.css" in urllib.request.urlopen(host.url, timeout=5).read()


def test_a_page_that_hangs_loses_frames_and_nobody_else_does() -> None:
    with (
        shown("twos_and_sevens") as host,
        connect(_socket(host.page.port), max_queue=1) as hung,
        connect(_socket(host.page.port)) as well,
    ):
        numbers = []
        big = [Gate("body", f"rule{k}.{'x' * 200}", 1, 0.0, Validity.WORN, "s") for k in range(1500)]
        for gate in big:
            host.page.put(gate, 0.0)
        until(lambda: len(_bytes(well.recv(5))) > 200_000, "the frames never grew")
        end_s = time.monotonic() + 20
        while host.page.audience.lost < 5:
            assert time.monotonic() < end_s, "the page that hangs lost nothing"
            numbers.append(unpack(_bytes(well.recv(5)))[0].n)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        hung.close_socket()


def test_a_full_queue_drops_and_counts_and_never_waits() -> None:
    from somatone.sinks.page.sink import PageSink  # noqa: PLC0415 - not started: nobody takes anything

    page = PageSink("correlations", "p", 0, lambda: 0.0, lambda value, message: None)
    for _ in range(QUEUE + 7):
        page.put(_beat(), 0.0)
    assert page.losses() == {"page.queue": 7, "page.frames": 0}


def test_a_port_that_is_taken_is_said_once_and_waited_for() -> None:
    from page.conftest import Host  # noqa: PLC0415

    with shown("correlations") as first:
        second = Host("correlations", first.page.port)
        second.page.start()
        until(lambda: second.said, "nothing was said")
        assert "--page takes another" in second.said[0][1]
    assert second.page.ready.wait(10)
    assert [value for value, _ in second.said] == ["lost", "running"]
    second.page.close()


def test_nothing_is_fetched_from_anywhere_else() -> None:
    for path in STATIC.rglob("*.*"):
        for address in re.findall(r"(?:https?:)?//[\w.]+", path.read_text()):
            assert address.startswith("//") and path.suffix == ".js", (path, address)  # a comment
