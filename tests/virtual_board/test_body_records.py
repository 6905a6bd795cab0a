"""Faults that ride on the body's records strike exactly the records they are meant for."""

from __future__ import annotations

import struct

from somatone.sources.simulated_body import RECORD_FORMAT, RECORD_SIZE
from somatone.sources.virtual_board.faults import impose, parse_fault

ONE = struct.pack(RECORD_FORMAT, 100_000, 90_000, 2000, 3250, 1, 2, 1000, 1, 0)


def struck(spec: str, first: int = 0, count: int = 600) -> list[tuple[int, ...]]:
    records = impose([parse_fault(spec)], ONE * count, first)
    assert len(records) == count * RECORD_SIZE
    return list(struct.iter_unpack(RECORD_FORMAT, records))


def test_a_nack_sets_the_chips_bit_for_its_time_only() -> None:
    flags = [record[-1] for record in struck("nack:temp@2+1")]
    assert flags == [0] * 200 + [4] * 100 + [0] * 300


def test_a_stuck_chip_falls_over_once() -> None:
    flags = [record[-1] for record in struck("stuck:bvp@2")]
    assert flags == [0] * 200 + [0x10] + [0] * 399


def test_any_cut_of_the_records_gives_the_same(first: int = 150) -> None:
    assert struck("sweat@2+3", first, 200) == struck("sweat@2+3")[first : first + 200]


def test_a_sweat_step_rises_by_two_microsiemens_in_a_second() -> None:
    conductance = [record[2] for record in struck("sweat@1+4")]
    assert conductance[100] == 2000 and conductance[150] == 3000 and conductance[200:500] == [4000] * 300
    assert conductance[500] == 2000


def test_off_the_body_every_sensor_that_knows_says_so() -> None:
    record = struck("off-body@1+1")[150]
    assert record[:3] == (900, 900, 6) and record[-2] == 0
