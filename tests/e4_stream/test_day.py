"""Must show 2: a day with a Bluetooth drop every 10 minutes and three bands, the clock moved by hand.

Nobody does anything; a band streams again within 10 s of its return at p95; memory stays flat. A day of every stream
is 27 million lines, so the day is run with one slow stream of each band, and five minutes with all.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from types import FunctionType, MethodType, ModuleType

import pytest

from e4_stream.rig import Truth, numbered, run  # type: ignore[import-not-found]
from somatone.sinks.e4_service.faults import Faults
from somatone.sinks.e4_service.service import E4Service
from somatone.sources.e4_stream.client import BandClient

IDS = ("9FF167", "740163", "A01A16")
HOUR_S = 3600.0
BACK_S = 10.0
FLAT_BYTES = 4096


def returns_s(service: E4Service, truths: Sequence[Truth]) -> list[float]:
    """From each return of a band to its first new samples."""
    waits = []
    for truth, band in zip(truths, IDS, strict=True):
        streaming = [s.at_s for s in truth.statuses if s.name == "e4" and s.value == "streaming"]
        for at_s in (at_s for at_s, name in service.returned_s if name == band):
            waits.append(min(s for s in streaming if s >= at_s) - at_s)
    return sorted(waits)


def held_bytes(root: BandClient) -> int:
    """Everything that a client holds, down to the last number; what it was given by the test is not its own."""
    seen: set[int] = set()
    queue: list[object] = [vars(root)[name] for name in vars(root) if name not in ("_emit_record", "_claims")]
    size = 0
    while queue:
        thing = queue.pop()
        if id(thing) in seen or isinstance(thing, type | FunctionType | ModuleType | MethodType):
            continue
        seen.add(id(thing))
        size += sys.getsizeof(thing)
        queue.extend(gc.get_referents(thing))
    return size


@pytest.mark.parametrize(("hours", "manual"), [(24, False), (2, True)])
def test_a_day_of_drops(hours: int, manual: bool) -> None:
    end_s = hours * HOUR_S
    faults = Faults({"drop": 600.0} | ({"manual": 1.0} if manual else {}), seed=7, until_s=end_s - 120)
    service, links, truths = numbered(faults, ids=IDS, ppm=150.0, streams=("tmp", "bat", "tag"), sampled=("tmp",))
    for link in links:
        link.joined = True
    run(service, links, 0.0, end_s / 10)
    early = [held_bytes(link.client) for link in links]
    run(service, links, end_s / 10, end_s)
    late = [held_bytes(link.client) for link in links]
    waits = returns_s(service, truths)
    p95 = waits[len(waits) * 95 // 100]
    print(f"{hours} h, {len(waits)} returns: back after {waits[len(waits) // 2]:.2f} s, p95 {p95:.2f} s, {late} bytes")
    assert len(waits) > 5.5 * hours * len(IDS) - 6
    assert p95 <= BACK_S
    assert all(after <= before + FLAT_BYTES for before, after in zip(early, late, strict=True)), (early, late)
    for link, truth in zip(links, truths, strict=True):
        assert truth.wrong == []
        assert truth.delivered["temp"] + link.client.counts["tmp"].lost == truth.sent("temp")


def test_five_minutes_of_everything() -> None:
    service, links, truths = numbered(Faults({"drop": 60.0}, seed=8, until_s=260.0), ids=IDS, ppm=-150.0)
    for link in links:
        link.joined = True
    run(service, links, 0.0, 300.0)
    assert returns_s(service, truths)[-1] <= BACK_S
    for link, truth in zip(links, truths, strict=True):
        for count in link.client.counts.values():
            signal = count.shape.signal
            assert truth.delivered[signal] + count.lost == truth.sent(signal)
