"""The link: what goes wrong with cables and hosts costs no sample. Outages: test_must_show.py."""

from __future__ import annotations

import random

import pytest

import wire
from fakes.board_bench import Bench, Host  # no types there
from somatone.sources.board_protocol import BoardStatus, Hello, Measured, Pong
from wire.table import ACC, BVP, EDA, TEMP

ALL = (BVP, EDA, TEMP, ACC)


def assert_complete(bench: Bench, host: Host, slack: int = 8) -> None:
    """All that reached the rings has arrived, but for the last moment's, and nothing else."""
    for number in ALL:
        got, made = host.received(number), bench.truth[number]
        assert all(made[index] == raw for index, raw in got.items())
        assert set(made) - set(got) <= set(sorted(made)[-slack:]), wire.SIGNALS[number][1]


def test_a_quiet_board_says_nothing_before_start() -> None:
    bench = Bench()
    bench.run_ms(3000)
    assert not bench.port.to_host


def test_a_session_starts_with_a_delimiter_and_a_hello() -> None:
    bench = Bench()
    host = Host(bench)
    bench.run_ms(20)
    assert bench.port.to_host[0] == 0
    host.run_ms(1000)
    hello = next(event for event in host.events if isinstance(event, Hello) and event.streaming)
    assert hello.serial == b"benchtop".hex() and hello.chips == ("bvp", "eda", "temp", "acc")


def test_a_clean_minute_is_complete() -> None:
    bench = Bench(ppm={"max30102": 30_000, "lis3dh": -30_000})
    host = Host(bench)
    host.run_ms(60_000)
    assert_complete(bench, host)
    assert host.protocol.resends == 0 and sum(host.protocol.lost.values()) == 0
    assert bench.port.longest_write <= 64
    status = [event for event in host.events if isinstance(event, BoardStatus)]
    assert len(status) == 60 and status[-1].contact


def test_short_writes_change_nothing() -> None:
    bench = Bench()
    bench.port.short_writes = True
    host = Host(bench)
    host.run_ms(5_000)
    assert_complete(bench, host)
    assert host.protocol.decoder.bad_frames == 0


def test_a_hole_in_the_sensor_is_not_asked_for_again() -> None:
    bench = Bench()
    host = Host(bench)
    host.run_ms(3_000)
    bench.run_ms(500, sampling=False)
    host.run_ms(3_000)
    assert host.protocol.lost["bvp"] == bench.sampler.rings[BVP].fifo_lost > 0
    assert host.protocol.resends == 0
    assert_complete(bench, host)


@pytest.mark.parametrize("seed", range(4))
def test_a_noisy_cable_delivers_every_sample_in_order(seed: int) -> None:
    chance = random.Random(seed)

    def damage(data: bytes) -> bytes:
        if data and chance.random() < 0.03:
            at = chance.randrange(len(data))
            return chance.choice((data[:at], data[:at] + b"\x55" + data[at + 1 :], data[at:], data + data, b""))
        return data

    bench = Bench()
    host = Host(bench, damage=damage)
    host.run_ms(30_000)
    host.damage = lambda data: data
    host.run_ms(3_000)
    assert host.protocol.resends > 0
    assert sum(host.protocol.lost.values()) == 0
    assert_complete(bench, host)


def test_a_silent_host_ends_the_session_and_its_return_resumes_it() -> None:
    bench = Bench()
    host = Host(bench)
    host.run_ms(3_000)
    bench.run_ms(7_000)
    assert not bench.link.streaming
    host.run_ms(3_000)
    assert bench.link.streaming
    assert_complete(bench, host)
    assert not any(event.restarted for event in host.events if isinstance(event, Hello))


def test_commands_are_obeyed() -> None:
    bench = Bench(absent=("tmp117",))
    host = Host(bench)
    host.run_ms(1_000)
    protocol = host.protocol
    bench.port.to_board += protocol.identify(3) + protocol.ping(77) + protocol.selftest()
    host.run_ms(200)
    assert bench.link.identify_s > 0
    assert any(isinstance(event, Pong) and event.token == 77 for event in host.events)
    checks = [event for event in host.events if isinstance(event, Measured)]
    assert [event.signal for event in checks] == ["bvp", "bvp", "eda", "temp", "acc"]
    assert checks[3].chip_state == "absent"
    bench.port.to_board += protocol.repl()
    host.run_ms(20)
    assert bench.link.repl


def test_rubbish_from_the_host_is_counted_and_survived() -> None:
    bench = Bench()
    chance = random.Random(1)
    bench.port.to_board += b"\x03\x04" + chance.randbytes(20_000)
    host = Host(bench)
    host.run_ms(3_000)
    assert_complete(bench, host)
    status = [event for event in host.events if isinstance(event, BoardStatus)][-1]
    assert status.host_bad_frames > 0


def test_indices_and_ticks_wrap_without_a_seam() -> None:
    bench = Bench()
    start = (1 << 30) - 150
    for ring in bench.sampler.rings:
        ring.head = ring.tail = ring.sent = ring.acked = ring.ack_to = start
    bench.clock.charge_us((1 << 30) - 1_500_000)
    for number in ALL:
        bench.sampler._start_chip(number)
    bench._record = lambda: None
    bench.app._due_ms = bench.clock.now_us() // 1000 & wire.MASK
    host = Host(bench)
    host.run_ms(5_000)
    assert sum(host.protocol.lost.values()) == 0
    for number in ALL:
        chunks = [e for e in host.events if getattr(e, "signal", "") == wire.SIGNALS[number][1]]
        assert [c.index for c in chunks] == sorted(c.index for c in chunks)
        assert [c.ticks_us for c in chunks] == sorted(c.ticks_us for c in chunks)
    pulse = [e for e in host.events if getattr(e, "signal", "") == "bvp"]
    assert pulse[-1].index > (1 << 30) and pulse[-1].ticks_us > (1 << 30)
