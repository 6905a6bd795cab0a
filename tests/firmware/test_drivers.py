"""Drivers against register-level chips: right values, right counts, faults seen, counted and mended."""

from __future__ import annotations

from typing import Any

import pytest

import wire
from fakes.board_bench import Bench, board  # no types there
from wire.table import ACC, BVP, CHIP_ABSENT, CHIP_OK, CHIP_WRONG, EDA, TEMP

ALL = (BVP, EDA, TEMP, ACC)


def last(bench: Any, number: int) -> tuple[int, ...]:
    truth = bench.truth[number]
    return wire.packing.unpack_samples(number, truth[max(truth)])


def test_each_signal_holds_what_the_body_does() -> None:
    bench = Bench()
    bench.run_ms(2000)
    ir, red = last(bench, BVP)
    assert red == 90_000 and 120_000 <= ir < 129_001
    assert last(bench, ACC)[1:] == (-20, 1000)
    assert last(bench, TEMP) == (33_000 * 128 // 1000,)
    (code,) = last(bench, EDA)
    assert abs(conductance_ns(code) - 5_000) <= 1


def conductance_ns(code: int) -> int:
    """The front end's transfer backwards, for codes of 62.5 uV."""
    return 1_000_000_000 * code // (12_000_000_000 - 370_000 * code)


@pytest.mark.parametrize("nano_siemens", [50, 1_000, 10_000, 40_000, 100_000])
def test_the_front_end_inverts_within_one_code(nano_siemens: int) -> None:
    code = board.chip_ads1115.code_of(nano_siemens)
    assert conductance_ns(code - 1) <= nano_siemens <= conductance_ns(code + 1) + 1


def test_off_the_skin_there_is_only_ambient_light_and_no_conductance() -> None:
    bench = Bench()
    bench.body.contact = 0
    bench.run_ms(1000)
    assert last(bench, BVP) == (900, 900) and last(bench, EDA) == (0,)
    assert bench.sampler.pulse.contact == 0
    bench.body.contact = 1
    bench.run_ms(200)
    assert bench.sampler.pulse.contact == 1


def test_negative_values_keep_their_sign() -> None:
    bench = Bench()
    bench.body.temp_cc, bench.body.acc_y = -512, -2000
    bench.run_ms(1000)
    assert last(bench, TEMP) == (-655,) and last(bench, ACC)[1] == -2000


@pytest.mark.parametrize("ppm", [-30_000, 0, 30_000])
def test_each_chip_keeps_its_own_time(ppm: int) -> None:
    bench = Bench(ppm=dict.fromkeys(("max30102", "lis3dh", "tmp117", "ads1115"), ppm))
    bench.run_ms(20_000)
    heads = [bench.sampler.rings[number].head for number in ALL]
    fast = 2000 * (1_000_000 + ppm) // 1_000_000
    assert heads[BVP] == pytest.approx(fast, abs=4)
    assert heads[ACC] == pytest.approx(fast, abs=6)
    assert heads[TEMP] == heads[EDA] == 80  # means over 250 ms of the board's clock
    assert bench.sampler.callback_errors == 0


@pytest.mark.parametrize("absent", ["max30102", "ads1115", "tmp117", "lis3dh"])
def test_an_absent_chip_is_reported_and_the_rest_goes_on(absent: str) -> None:
    bench = Bench(absent=(absent,))
    bench.run_ms(3000)
    gone = ("max30102", "ads1115", "tmp117", "lis3dh").index(absent)
    assert [bench.sampler.states[n] for n in ALL] == [CHIP_ABSENT if n == gone else CHIP_OK for n in ALL]
    assert all(bool(bench.truth[n]) == (n != gone) for n in ALL)


def test_a_wrong_chip_is_not_read() -> None:
    bench = Bench()
    chip = bench.chips[board.pins.LIS3DH]
    chip._registers[0x0F] = 0x32
    assert bench.sampler._start_chip(ACC) == CHIP_WRONG


@pytest.mark.parametrize("pause_ms", [300, 330, 500, 620])
def test_an_overflow_is_counted_exactly_and_leaves_the_index_in_time(pause_ms: int) -> None:
    bench = Bench()
    bench.run_ms(1000)
    bench.run_ms(pause_ms, sampling=False)
    bench.run_ms(1000)
    ring = bench.sampler.rings[BVP]
    made = (2000 + pause_ms) // 10
    assert ring.head == pytest.approx(made, abs=3)
    assert ring.fifo_lost == ring.head - len(bench.truth[BVP])
    assert ring.fifo_lost == pytest.approx(max(0, pause_ms // 10 - 31), abs=2)


def test_a_long_overflow_is_judged_by_the_pause() -> None:
    bench = Bench()
    bench.run_ms(1000)
    bench.run_ms(5000, sampling=False)
    bench.run_ms(1000)
    for number in (BVP, ACC):
        assert bench.sampler.rings[number].head == pytest.approx(700, abs=8)


@pytest.mark.parametrize("number", ALL)
def test_a_chip_that_lost_power_is_started_again(number: int) -> None:
    bench = Bench()
    bench.run_ms(2000)
    address = (board.pins.MAX30102, board.pins.ADS1115, board.pins.TMP117, board.pins.LIS3DH)[number]
    bench.chips[address].__init__()
    bench.run_ms(5000)
    assert bench.sampler.states[number] == CHIP_OK
    assert bench.sampler.rings[number].head == pytest.approx(7 * wire.SIGNALS[number][4][0], rel=0.2)


@pytest.mark.parametrize("number", ALL)
def test_a_bus_that_fails_is_counted_and_comes_back(number: int) -> None:
    bench = Bench()
    bench.run_ms(2000)
    address = (board.pins.MAX30102, board.pins.ADS1115, board.pins.TMP117, board.pins.LIS3DH)[number]
    bench.bus.failing.add(address)
    bench.run_ms(3000)
    assert bench.sampler.states[number] == CHIP_ABSENT and bench.sampler.errors[number] > 0
    assert bench.sampler.callback_errors == 0
    bench.bus.failing.clear()
    bench.run_ms(3000)
    assert bench.sampler.states[number] == CHIP_OK
    rate = wire.SIGNALS[number][4][0]
    assert bench.sampler.rings[number].head == pytest.approx(8 * rate, abs=1.5 * rate)  # time was kept


def test_the_tail_of_a_fifo_is_stamped_backwards_from_the_read() -> None:
    bench = Bench()
    bench.run_ms(1000)
    bench.run_ms(200, sampling=False)
    bench.run_ms(20)
    stamps = bench.sampler.rings[BVP].stamps
    head = bench.sampler.rings[BVP].head
    steps = [stamps[n] - stamps[n - 1] for n in range(head - 18, head)]
    assert steps == pytest.approx([10_000] * 18, abs=10_001)
    assert sum(steps) == pytest.approx(180_000, abs=20_000)
