"""The body's records: read forward only, held at the end, caught up with when a live pipe was late."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.board_bench import board  # no types there

Feed = board.body_feed.BodyFeed


def record(ir: int) -> bytes:
    return struct.pack(board.body_feed.RECORD_FORMAT, ir, 0, 0, 0, 0, 0, 0, 1, 0)


@pytest.fixture
def live() -> Iterator[tuple[int, Any]]:
    """A pipe's writing end, and a feed that reads the other in real time."""
    out, into = os.pipe()
    feed = Feed(f"/dev/fd/{out}", False)
    os.close(out)
    yield into, feed
    os.close(into)


def test_a_record_has_22_bytes() -> None:
    assert board.body_feed.RECORD_SIZE == 22


def test_a_file_is_read_by_number_and_held_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "feed"
    path.write_bytes(b"".join(record(n) for n in range(5)) + b"half a record")
    feed = Feed(str(path), True)
    assert [feed.at(number).ir for number in (0, 1, 1, 3, 4, 5, 1000)] == [0, 1, 1, 3, 4, 4, 4]


def test_a_late_pipe_is_held_and_caught_up_with(live: tuple[int, Any]) -> None:
    into, feed = live
    os.write(into, record(100) + record(101) + record(102)[:7])
    assert [feed.at(number).ir for number in (0, 1, 2, 5)] == [100, 101, 101, 101]
    os.write(into, record(102)[7:] + b"".join(record(n) for n in range(103, 110)))
    assert feed.at(6).ir == 106
    assert feed.at(7).ir == 107


def test_no_feed_is_a_quiet_room() -> None:
    feed = Feed("", False)
    assert (feed.at(7).contact, feed.acc_z, feed.temp_cc) == (0, 1000, 2200)
