"""Client and service in one process without sockets, under a clock that is moved by hand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from somatone.records import NativeChunk, Status
from somatone.sinks.e4_service.band import Band
from somatone.sinks.e4_service.device import DeviceModel
from somatone.sinks.e4_service.faults import Faults
from somatone.sinks.e4_service.feeds import NumberedFeed
from somatone.sinks.e4_service.service import E4Service
from somatone.sinks.e4_service.session import Session
from somatone.sources.e4_stream import lines
from somatone.sources.e4_stream.client import BandClient, Claims
from somatone.sources.e4_stream.counting import SHAPES

STREAM_OF = {shape.signal: shape for shape in SHAPES.values()}


@dataclass
class Link:
    """A client's connection in this process: every send is delivered on its own, as loopback mostly does [B]."""

    client: BandClient
    service: E4Service
    session: Session | None = None
    reachable: bool = True
    joined: bool = False  # deliver all that waits at once

    def move(self, now_s: float) -> None:
        """Carry everything that can be carried now."""
        client = self.client
        if now_s >= client.next_s:
            client.tick(now_s)
        if client.wants_open:
            if not self.reachable:
                client.failed(now_s, "refused")
                return
            self.session = self.service.connect()
            client.opened(now_s)
        while self.session is not None:
            if client.wants_close:
                self._end(now_s)
                return
            output = client.take_output()
            if output:
                self.session.feed(output, now_s)
            elif not self._deliver(now_s):
                return

    def _deliver(self, now_s: float) -> bool:
        session = self.session
        assert session is not None
        if session.reset:
            self._end(now_s, "Connection reset by peer")
        elif session.sends and self.joined:
            self.client.feed(b"".join(session.sends), now_s)
            session.sends.clear()
        elif session.sends:
            self.client.feed(session.sends.popleft(), now_s)
        elif session.closing:
            self._end(now_s)
        else:
            return False
        return True

    def _end(self, now_s: float, reason: str = "the server closed it") -> None:
        assert self.session is not None
        self.service.disconnect(self.session)
        self.session = None
        self.client.closed(now_s, reason)


def run(service: E4Service, links: list[Link], from_s: float, to_s: float) -> None:
    """Move the clock from event to event."""
    now_s = from_s
    while now_s < to_s:
        service.advance(now_s)
        for link in links:
            if link.session:
                link.session.flush()
            link.move(now_s)
        client_s = min(link.client.next_s for link in links)
        now_s = max(now_s + 1e-4, min(service.next_s, client_s))


@dataclass
class Truth:
    """Holds every chunk of a numbered band against the truth: each value must be some sample's, in rising order."""

    begin: dict[str, int] = field(default_factory=dict)  # number of the sample that has index 0
    last: dict[str, int] = field(default_factory=dict)
    last_index: dict[str, int] = field(default_factory=dict)
    delivered: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    ticks_s: dict[str, tuple[float, float]] = field(default_factory=dict)  # span of ticks less index / rate
    statuses: list[Status] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    chunks: int = 0
    longest: int = 64 * 60  # samples; no outage of the test is longer

    def emit(self, item: NativeChunk | Status) -> None:
        if isinstance(item, Status):
            self.statuses.append(item)
            return
        self.chunks += 1
        shape = STREAM_OF[item.signal]
        if item.index <= self.last_index.get(item.signal, -1):
            self.wrong.append(f"{item.signal} index {item.index} comes after {self.last_index[item.signal]}")
        assert item.ticks_us is not None
        offset_s = item.ticks_us / 1e6 - item.index / shape.rate_hz
        low_s, high_s = self.ticks_s.get(item.signal, (offset_s, offset_s))
        self.ticks_s[item.signal] = (min(low_s, offset_s), max(high_s, offset_s))
        for k in range(0, len(item.samples), shape.width):
            self._sample(shape.stream, item.signal, item.samples[k : k + shape.width])
        self.begin.setdefault(item.signal, self.last[item.signal] + 1 - item.index - len(item.samples) // shape.width)
        self.delivered[item.signal] += len(item.samples) // shape.width
        self.last_index[item.signal] = item.index + len(item.samples) // shape.width - 1

    def _sample(self, stream: str, signal: str, values: tuple[int, ...]) -> None:
        near = self.last.get(signal, -1) + 1
        number = NumberedFeed.number(stream, values, near)
        if signal in self.last and number - near > self.longest:
            self.wrong.append(f"{signal} value {values} at {near}")
        self.last[signal] = number

    def sent(self, signal: str) -> int:
        """Samples that the band measured, from the first that the client counted to the last that came."""
        return self.last[signal] - self.begin[signal] + 1

    def words(self) -> list[str | int | float]:
        return [status.value for status in self.statuses if status.name == "e4"]


def numbered(
    faults: Faults,
    ids: tuple[str, ...] = ("9FF167",),
    ppm: float = 0.0,
    jitter_s: float = 0.0,
    streams: tuple[str, ...] = lines.STREAMS,
    sampled: tuple[str, ...] = tuple(SHAPES),
) -> tuple[E4Service, list[Link], list[Truth]]:
    """A service with numbered bands and a client for each."""
    service = E4Service(faults)
    claims, links, truths = Claims(), [], []
    for band in ids:
        DeviceModel(service, Band(band, faults), NumberedFeed(), ppm=ppm, jitter_s=jitter_s, streams=sampled)
        truths.append(Truth())
        client = BandClient(f"wearer {band}", band, "test:28000", truths[-1].emit, claims, streams)
        links.append(Link(client, service))
    return service, links, truths
