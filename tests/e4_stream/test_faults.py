"""Must show 1: client against service with every fault, alone and in 200 seeded mixtures, in virtual time.

Each band's samples say their own number. Nothing may crash, no value may be wrong or out of order, and samples
delivered plus samples reported lost must be the samples that the band measured.
"""

from __future__ import annotations

import random

import pytest

from e4_stream.rig import STREAM_OF, Link, Truth, numbered, run  # type: ignore[import-not-found]
from somatone.records import NativeChunk, Status
from somatone.sinks.e4_service.band import Band
from somatone.sinks.e4_service.device import DeviceModel
from somatone.sinks.e4_service.faults import KINDS, Faults, parse_faults
from somatone.sinks.e4_service.feeds import NumberedFeed
from somatone.sinks.e4_service.service import E4Service
from somatone.sources.e4_stream.client import BandClient
from somatone.sources.e4_stream.counting import SHAPES
from somatone.timeline.live_clock import LiveClocks
from somatone.timeline.timeline import Timeline

MIXTURES = 200
BATCHES = 10
UNTIL_S = 30.0  # no fault begins later
SETTLED_S = 68.0  # the longest outage, a server's silence, and eight packets of TEMP


def check(truth: Truth, client: BandClient, sampled: tuple[str, ...]) -> None:
    assert truth.wrong == []
    for stream in sampled:
        signal, count = SHAPES[stream].signal, client.counts[stream]
        assert truth.delivered[signal] > 0
        assert truth.delivered[signal] + count.lost == truth.sent(signal), (signal, count.lost)
        told = [s.value for s in truth.statuses if s.name == f"e4.loss.{signal}"]
        assert (told[-1] if told else 0) == count.lost
        assert truth.last_index[signal] + 1 == count.next_index


@pytest.mark.parametrize("kind", [None, *KINDS])
def test_each_fault_alone(kind: str | None) -> None:
    words = [f"{kind}:35" if KINDS[kind].unit == "s" else kind] if kind else []
    faults = Faults(parse_faults(words), seed=1, until_s=60.0)
    service, links, truths = numbered(faults, ppm=200.0)
    run(service, links, 0.0, 95.0)
    check(truths[0], links[0].client, tuple(SHAPES))
    assert truths[0].words()[-1] == "streaming"
    if kind and KINDS[kind].unit:
        assert faults.struck[kind] > 0
    if kind in ("silent", "busy", "drop", "button"):
        assert len(truths[0].words()) <= 4  # each outage is said once, and once that it is over


def mixture(seed: int) -> tuple[Faults, random.Random]:
    draw = random.Random(seed)
    words = []
    for kind in draw.sample(list(KINDS), draw.randint(2, 8)):
        often = {"s": f":{draw.uniform(6, 25):.1f}"}.get(KINDS[kind].unit, "")
        words.append("silent:30" if kind == "silent" else kind + often)
    return Faults(parse_faults(words), seed, UNTIL_S), draw


@pytest.mark.parametrize("batch", range(BATCHES))
def test_mixtures(batch: int) -> None:
    for seed in range(batch, MIXTURES, BATCHES):
        faults, draw = mixture(seed)
        sampled = tuple(draw.sample(list(SHAPES), draw.choice((1, 1, 2, 4))))
        ppm, jitter_s = draw.uniform(-1300, 1300), draw.choice((0.0, 0.02))
        service, links, truths = numbered(faults, ppm=ppm, jitter_s=jitter_s, sampled=sampled)
        links[0].joined = draw.random() < 0.6
        run(service, links, 0.0, SETTLED_S)
        try:
            check(truths[0], links[0].client, sampled)
        except (AssertionError, KeyError) as error:
            raise AssertionError(f"mixture {seed} of {list(faults.struck)}: {error}") from error


def test_two_bands_that_fail_apart() -> None:
    faults = Faults(parse_faults(["drop:25", "reset:40", "lost"]), seed=3, until_s=60.0)
    service, links, truths = numbered(faults, ids=("9FF167", "740163"), sampled=("bvp", "gsr"))
    run(service, links, 0.0, 110.0)
    for link, truth in zip(links, truths, strict=True):
        check(truth, link.client, ("bvp", "gsr"))


def test_ticks_follow_the_samples() -> None:
    """Device times go on through losses of either kind: the index at the stream's rate."""
    faults = Faults(parse_faults(["lost:5", "lost_quiet:3", "drop_retake:20"]), seed=5, until_s=60.0)
    service, links, truths = numbered(faults, ppm=900.0)
    run(service, links, 0.0, 100.0)
    assert faults.struck["drop_retake"]
    for offsets in truths[0].ticks_s.values():
        assert max(offsets) - min(offsets) < 0.01


@pytest.mark.parametrize("ppm", [-1300.0, 1300.0])
def test_ten_minutes_without_the_server_are_counted_to_the_sample(ppm: float) -> None:
    """The band stays on Bluetooth, so the server counts on and its stamps know best."""
    service, links, truths = numbered(Faults({}), ppm=ppm)
    run(service, links, 0.0, 60.0)
    links[0].reachable = False
    service.sessions[0].reset = True
    run(service, links, 60.0, 660.0)
    links[0].reachable = True
    truths[0].longest = 64 * 660
    run(service, links, 660.0, 700.0)
    check(truths[0], links[0].client, tuple(SHAPES))
    assert truths[0].words() == ["streaming", "closed", "absent", "streaming"]


@pytest.mark.parametrize(
    ("ppm", "kinds"), [(1300.0, []), (-1300.0, ["stall:40"]), (800.0, ["drop_retake:40", "lost:2"])]
)
def test_the_path_places_samples_when_they_were_taken(ppm: float, kinds: list[str]) -> None:
    """Through the timeline's live clock: all four signals within 40 ms of the truth after a minute."""
    faults = Faults(parse_faults(kinds), seed=3, until_s=160.0)
    service, timeline, worst_s = E4Service(faults), Timeline(LiveClocks()), dict.fromkeys(STREAM_OF, 0.0)
    device = DeviceModel(service, Band("9FF167", faults), NumberedFeed(), ppm=ppm, jitter_s=0.02)
    truth = Truth()

    def emit(item: NativeChunk | Status) -> None:
        truth.emit(item)
        if isinstance(item, NativeChunk):
            shape = STREAM_OF[item.signal]
            number = truth.begin[item.signal] + item.index
            taken_s = device.taken_s(shape.stream, number)
            start_s = next(c.start_s for c in timeline.feed(item) if not isinstance(c, Status))
            if item.arrival_s > 60.0:
                worst_s[item.signal] = max(worst_s[item.signal], abs(start_s - taken_s))

    run(service, [Link(BandClient("body", None, "test:28000", emit), service, joined=True)], 0.0, 200.0)
    print(f"{ppm:+.0f} ppm, {kinds}: worst {', '.join(f'{s} {1000 * w:.0f} ms' for s, w in worst_s.items())}")
    assert max(worst_s.values()) < 0.04
