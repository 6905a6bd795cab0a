"""A live wearer of any source, served as an E4 and received as one: the same counts, the losses where they were."""

from __future__ import annotations

from e4_stream.rig import Link, run  # type: ignore[import-not-found]
from somatone.records import Chunk, Gate, NativeChunk, Status, Validity
from somatone.sinks.e4_service import E4ServiceSink
from somatone.sinks.e4_service.service import E4Service
from somatone.sinks.e4_service.sink import band_id
from somatone.sources.e4_stream.client import BandClient

WORN = Validity.WORN


def chunk(signal: str, index: int, samples: tuple[int, ...], rate_hz: int, width: int = 1) -> Chunk:
    return Chunk("body", signal, "board", index, samples, index / rate_hz, float(rate_hz), WORN, width)


def test_what_goes_in_comes_out() -> None:
    service = E4Service()
    sink = E4ServiceSink(service)
    sink.add("body")
    items: list[NativeChunk | Status] = []
    client = BandClient("visitor", None, "test:28000", items.append)
    link = Link(client, service)
    run(service, [link], 0.0, 1.0)
    eda = [n for n in range(48) if not 24 <= n < 30]
    for tick in range(8):
        now_s = 1.0 + tick * 1.5
        sink.feed(chunk("acc", tick * 48, tuple(range(-72, 72)), 32, 3), now_s)
        sink.feed(chunk("bvp", tick * 96, tuple(range(tick * 96, tick * 96 + 96)), 64), now_s)
        if tick != 4:  # a gap
            sink.feed(chunk("eda", tick * 6, tuple(range(tick * 6, tick * 6 + 6)), 4), now_s)
        sink.feed(Gate("body", "pulse.beat", 1, now_s - 0.1 * (tick % 2), WORN, "board"), now_s)
        run(service, [link], now_s, now_s + 1.5)
    sink.feed(Status("tag", 1, 13.0, wearer="body"), 13.0)
    run(service, [link], 13.0, 13.1)
    assert [item.value for item in items if isinstance(item, Status) and item.name == "tag"] == [1]
    chunks = [item for item in items if isinstance(item, NativeChunk)]
    assert {c.source for c in chunks} == {f"e4-server:{band_id('body')}"}
    assert [v for c in chunks if c.signal == "eda" for v in c.samples] == [1000 * n for n in eda]
    assert [c.index for c in chunks if c.signal == "eda"] == eda
    assert client.counts["gsr"].lost == 6
    assert [v for c in chunks if c.signal == "bvp" for v in c.samples] == list(range(8 * 96 // 11 * 11))
    assert [v for c in chunks if c.signal == "acc" for v in c.samples] == list(range(-72, 72)) * 8
