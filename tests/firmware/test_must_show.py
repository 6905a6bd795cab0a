"""What the board promises, each in one test that prints its figure (pytest -s)."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import wire
from fakes.board_bench import Bench, Host  # no types there
from fakes.virtual_stream import HostPath, stream_of
from somatone.sources.board_protocol import BoardStatus, Lost
from somatone.sources.virtual_board import launch

SIGNALS = ("bvp", "eda", "temp", "acc")
NOMINAL_HZ = {"bvp": 64, "eda": 4, "temp": 4, "acc": 32}
PPM = {"max30102": 30_000, "lis3dh": -30_000, "tmp117": 30_000, "ads1115": -30_000}
BOTH = ("i386", "amd64")
RUN_S = 600


@pytest.mark.skipif(not set(BOTH) <= set(launch.interpreters()), reason="needs MicroPython for i386 and amd64")
def test_1_ten_minutes_are_equal_whole_and_in_time(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda name: stream_of(name, tmp_path, RUN_S, PPM), BOTH)
    digests = [hashlib.sha256(stream).hexdigest() for stream in (first, second)]
    path = HostPath(first)
    protocol = path.protocol
    rates = {name: path.rate_hz(name) for name in SIGNALS}
    print(f"\n{RUN_S} s, 32 and 64 bits: {len(first)} bytes, sha256 {digests[0][:12]} and {digests[1][:12]}")
    print(f"{protocol.decoder.frames} frames, {protocol.decoder.bad_frames} bad, {sum(protocol.lost.values())} lost,")
    print(f"{path.timeline.gaps} gaps; rates after resampling, chips 3 % off: ", end="")
    print(", ".join(f"{name} {rate:.3f} Hz ({rate / NOMINAL_HZ[name] - 1:+.3%})" for name, rate in rates.items()))
    assert first == second
    assert (protocol.decoder.bad_frames, protocol.unknown, protocol.resends, path.timeline.gaps) == (0, 0, 0, 0)
    assert sum(protocol.lost.values()) == sum(protocol.duplicates.values()) == sum(protocol.aside.values()) == 0
    assert path.in_order
    for name in SIGNALS:
        assert rates[name] == pytest.approx(NOMINAL_HZ[name], rel=0.001)


def outage(bench: Any, fault: str, seconds: int) -> None:
    setattr(bench.port, fault, True)
    bench.run_ms(1000 * seconds)
    setattr(bench.port, fault, False)


@pytest.mark.parametrize(("fault", "seconds"), [("stalled", 3), ("stalled", 25), ("pulled", 20)])
def test_2_an_outage_with_the_daemon_restarted_loses_nothing(fault: str, seconds: int) -> None:
    """The old daemon goes with the outage, a new one, which knows nothing, comes after it.

    What the old one had got but not yet acknowledged is handed to the new one too, under the same index and with the
    same bytes; the board cannot know better. `Host.received` fails on what comes twice, or out of order, to one.
    """
    bench = Bench(ppm={"max30102": 30_000, "lis3dh": -30_000})
    old = Host(bench, session=5)
    old.run_ms(10_300)
    outage(bench, fault, seconds)
    bench.port.to_host.clear()  # what the kernel held for the old one
    new = Host(bench, session=6)
    new.run_ms(10_000)
    assert sum(new.protocol.lost.values()) == new.protocol.decoder.bad_frames == 0
    both = 0
    for number, name in enumerate(SIGNALS):
        earlier, later, made = old.received(number), new.received(number), bench.truth[number]
        assert all(made[index] == raw for got in (earlier, later) for index, raw in got.items())
        missing = set(made) - set(earlier) - set(later)
        assert missing <= set(sorted(made)[-8:]), name  # on their way
        both = max(both, len(set(earlier) & set(later)))
    made_all = sum(len(made) for made in bench.truth)
    print(f"\n{fault} for {seconds} s: {made_all} samples made, 0 lost, 0 twice or out of order, ", end="")
    print(f"{both} of a signal given to both daemons under one index (unacknowledged when the first one went)")
    assert both <= 100 * 1.03 * 1.5  # an acknowledgement each second


def test_2_the_same_daemon_after_an_outage_gets_each_sample_once() -> None:
    bench = Bench()
    host = Host(bench)
    host.run_ms(5_300)
    for fault, seconds in (("stalled", 3), ("stalled", 25), ("pulled", 20)):
        outage(bench, fault, seconds)
        host.run_ms(10_000)
    for number in range(len(SIGNALS)):
        got, made = host.received(number), bench.truth[number]
        assert set(made) - set(got) <= set(sorted(made)[-8:])
        assert all(made[index] == raw for index, raw in got.items())
    assert sum(host.protocol.lost.values()) == 0
    print(f"\nthree outages, one daemon: {sum(map(len, bench.truth))} samples made, 0 lost, 0 twice")


@pytest.mark.parametrize("fault", ["stalled", "pulled"])
def test_2_at_60_s_the_loss_is_told_exactly_with_its_place(fault: str) -> None:
    bench = Bench()
    host = Host(bench)
    host.run_ms(10_000)
    outage(bench, fault, 60)
    host.run_ms(10_000)
    status = [event for event in host.events if isinstance(event, BoardStatus)][-1]
    figures = []
    for number, name in enumerate(SIGNALS):
        got, made = host.received(number), bench.truth[number]
        missing = sorted(index for index in made if index <= max(got) and index not in got)
        told = [event for event in host.events if isinstance(event, Lost) and event.signal == name]
        places = [index for event in told for index in range(event.index - event.count, event.index)]
        assert places == missing and missing
        assert len(missing) == host.protocol.lost[name] == status.ring_lost[number] + status.link_lost[number]
        assert status.fifo_lost[number] == 0
        figures.append(f"{name} {len(missing)} of {wire.SIGNALS[number][4][0] * 60}")
    print(f"\n{fault} for 60 s: told = missing, index by index: {', '.join(figures)}")
