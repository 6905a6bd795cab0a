"""What no server should do: it is said once, nothing crashes, and all is well again when the server is."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from e4_stream.rig import Link, Truth, numbered, run  # type: ignore[import-not-found]
from somatone.errors import UsageError
from somatone.records import NativeChunk, Status
from somatone.sinks.e4_service.band import Band
from somatone.sinks.e4_service.device import DeviceModel
from somatone.sinks.e4_service.faults import Faults, parse_faults
from somatone.sinks.e4_service.feeds import NumberedFeed
from somatone.sinks.e4_service.service import E4Service
from somatone.sources.choose import make_source
from somatone.sources.e4_stream.client import BandClient, Claims
from somatone.sources.e4_stream.counting import SHAPES, StreamCount
from somatone.sources.e4_stream.source import E4StreamSource

START_US = 1_680_442_024_000_000


class Script:
    """A client in the hands of a server that answers as the test says."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.truth = Truth()
        self.client = BandClient("body", None, "test:28000", self.truth.emit)
        self._answer = answer
        self.asked: list[bytes] = []

    def run(self, from_s: float, to_s: float) -> None:
        now_s, client = from_s, self.client
        while now_s < to_s:
            client.tick(now_s)
            if client.wants_open:
                client.opened(now_s)
            if client.wants_close:
                client.closed(now_s)
            asked = client.take_output()
            if asked:
                self.asked += asked.splitlines()
                answer = self._answer(asked)
                if answer:
                    client.feed(answer, now_s)
            now_s += 0.1

    def sentences(self) -> list[str]:
        return [status.message for status in self.truth.statuses if status.name == "e4"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not answer as an E4 streaming server"),
        (b"", "does not answer as an E4 streaming server"),
        (b"\xff\xfe\x00" * 5000, "does not answer as an E4 streaming server"),
        (b"R device_list", "does not answer as an E4 streaming server"),  # stalls in the middle of a line
        (b"R device_list 0\n", "No free E4 for 'body'"),
        (b"R device_list ERR no dongle\n", "does not list its bands"),
        (b"R device_list x | \n", "does not list its bands"),
    ],
)
def test_a_server_that_answers_nonsense(answer: bytes, said: str) -> None:
    script = Script(lambda asked: answer)
    script.run(0.0, 120.0)
    assert len(script.sentences()) == 1
    assert said in script.sentences()[0]
    assert script.truth.chunks == 0
    assert 5 < len(script.asked) < 250  # it goes on asking, and not too fast


def test_random_bytes_never_crash() -> None:
    draw = random.Random(1)
    words = [b"R device_list 1 | 9ff167 E4\n", b"R device_connect OK\n", b"R device_subscribe bvp OK\n"]
    words += [b"E4_Bvp 1680442024,5 1,5\r\n", b"E4_Acc 99999999999 1 2 3\n", b"X device_disconnect\n", b"R pause ON\n"]
    words += [b"R connection lost to device 9FF167\n", b"E4_Gsr 0 NaN\n", b"\x00\xff", b"R device_connect ERR no\n"]
    script = Script(lambda asked: b"".join(draw.choice(words) for _ in range(draw.randint(0, 30))))
    script.run(0.0, 600.0)


def test_a_server_that_closes_and_is_gone_and_returns() -> None:
    service, links, truths = numbered(Faults({}))
    run(service, links, 0.0, 10.0)
    links[0].reachable = False
    service.sessions[0].reset = True
    run(service, links, 10.0, 55.0)
    links[0].reachable = True
    run(service, links, 55.0, 75.0)
    assert truths[0].words() == ["streaming", "closed", "absent", "streaming"]
    assert truths[0].wrong == []


def test_the_silent_server_is_explained() -> None:
    service, links, truths = numbered(Faults({"silent": 100.0}))
    run(service, links, 0.0, 300.0)
    sentences = [s.message for s in truths[0].statuses if s.name == "e4"]
    assert len(sentences) == 1
    assert "1.0.3" in sentences[0]
    assert "installer" in sentences[0]


def test_a_band_that_another_connection_owns() -> None:
    service, links, truths = numbered(Faults({"busy": 100.0}, until_s=60.0))
    run(service, links, 0.0, 90.0)
    assert truths[0].words() == ["busy", "streaming"]


def test_a_band_that_is_not_registered() -> None:
    faults = Faults({"manual": 1.0})
    service, truth = E4Service(faults), Truth()
    DeviceModel(service, Band("9FF167", faults, allowed=False), NumberedFeed())
    run(service, [Link(BandClient("body", "9ff167", "test:28000", truth.emit), service)], 0.0, 60.0)
    assert truth.words() == ["unlisted", "refused"]


def test_two_wearers_never_share_a_band() -> None:
    faults = Faults({})
    service, claims = E4Service(faults), Claims()
    DeviceModel(service, Band("9FF167", faults), NumberedFeed())
    service.bands.append(service.bands[0])  # and the list names it twice
    truths = Truth(), Truth()
    links = [Link(BandClient(f"w{k}", None, "test:28000", t.emit, claims), service) for k, t in enumerate(truths)]
    run(service, links, 0.0, 30.0)
    assert [truth.words() for truth in truths] == [["streaming"], ["unlisted"]]
    second = Band("740163", faults)
    DeviceModel(service, second, NumberedFeed(), begin_s=30.0)
    run(service, links, 30.0, 60.0)
    assert truths[1].words() == ["unlisted", "streaming"]


def test_names_are_given_once() -> None:
    with pytest.raises(UsageError, match="only once"):
        E4StreamSource(["a", "a"], "127.0.0.1", 28000, print, lambda: 0.0)
    with pytest.raises(UsageError, match="only once"):
        E4StreamSource(["a", "b"], "127.0.0.1", 28000, print, lambda: 0.0, ["9ff167", "9FF167"])


def test_a_flat_band_is_replaced_by_another() -> None:
    faults = Faults({})
    service, truth = E4Service(faults), Truth()
    DeviceModel(service, Band("9FF167", faults), NumberedFeed())
    client = BandClient("body", None, "test:28000", truth.emit)
    links = [Link(client, service)]
    run(service, links, 0.0, 20.0)
    service.bands[0].in_reach = False
    service.lose(service.bands[0], 20.0)
    DeviceModel(service, Band("740163", faults), NumberedFeed(), begin_s=20.0)
    run(service, links, 20.0, 120.0)
    assert client.band == "740163"
    assert truth.words() == ["streaming", "lost", "streaming"]


def stamps(count: StreamCount, items: list[tuple[int, float]]) -> list[int | None]:
    placed = [count.place(START_US + us, (k,), arrival_s) for k, (us, arrival_s) in enumerate(items)]
    return [p.index if p else None for p in placed]


def test_stamps_that_step_back_or_far_ahead_are_followed() -> None:
    count = StreamCount(SHAPES["gsr"], START_US)
    regular = [(k * 250_000, 1.5 * (k // 6)) for k in range(12)]
    back = [(us - 3_600_000_000, at_s) for us, at_s in ((k * 250_000, 1.5 * (k // 6)) for k in range(12, 18))]
    ahead = [(us + 10**15, at_s) for us, at_s in ((k * 250_000, 1.5 * (k // 6)) for k in range(18, 24))]
    assert stamps(count, regular + back + ahead) == list(range(24))
    assert count.lost == 0
    assert count.steps == 2


def test_samples_that_come_twice_are_dropped() -> None:
    count = StreamCount(SHAPES["gsr"], START_US)
    first = [count.place(START_US + k * 250_000, (k,), 0.0) for k in range(6)]
    again = [count.place(START_US + k * 250_000, (k,), 0.0) for k in range(6)]
    assert all(first)
    assert again == [None] * 6
    assert count.repeated == 6


@pytest.mark.parametrize("spec", ["e4-server:h:port", "e4-server:h:70000", "e4-server:h:1:2:3"])
def test_a_wrong_address_is_one_sentence(spec: str) -> None:
    with pytest.raises(UsageError, match="is no E4 streaming server"):
        make_source(spec, 0, print, lambda: 0.0)


def test_a_wrong_fault_is_one_sentence() -> None:
    with pytest.raises(UsageError, match="is no fault"):
        parse_faults(["dorp"])
    with pytest.raises(UsageError, match="not a number above 0"):
        parse_faults(["drop:x"])


def test_losses_and_battery_are_told() -> None:
    items: list[NativeChunk | Status] = []
    client = BandClient("body", None, "test:28000", items.append, streams=("gsr", "bat"))
    client.opened(0.0)
    client.feed(b"R device_list 1 | 9ff167 Empatica_E4\nR device_connect OK\n", 0.0)
    client.feed(b"R device_subscribe gsr OK\nR device_subscribe bat OK\n", 0.0)
    client.feed(b"E4_Gsr 1680442024,5 1,5\r\nE4_Gsr 1680442025,5 1,6\r\nE4_Battery 1680442025,5 0,12\r\n", 1.0)
    client.tick(20.0)
    told = {status.name: status.value for status in items if isinstance(status, Status)}
    assert told["e4.loss.eda"] == 3
    assert told["e4.battery"] == 0.12
