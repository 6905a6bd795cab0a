"""The pace of a training process, with clocks moved by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from somatone.training.pace import PATIENCE_S, Pace


class Machine:
    """A clock, a processor that is used by `work`, and sleep that only moves the clock."""

    def __init__(self, speed: float = 1.0) -> None:
        self.now_s = self.used_s = 0.0
        self.speed = speed

    def pace(self, rate_hz: float, share: float) -> Pace:
        return Pace(rate_hz, share, lambda: self.now_s, lambda: self.used_s, self.sleep)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now_s += seconds

    def work(self, seconds: float) -> None:
        self.used_s += seconds
        self.now_s += seconds / self.speed


@given(st.floats(0.001, 0.2), st.sampled_from([4, 10, 30]), st.floats(0.05, 1.0))
def test_never_faster_than_the_rate_nor_dearer_than_the_share(work_s: float, rate_hz: int, share: float) -> None:
    machine = Machine()
    pace = machine.pace(rate_hz, share)
    for _ in range(200):
        machine.work(work_s)
        pace.wait()
    assert machine.now_s >= 200 / rate_hz - 1e-6
    assert machine.used_s <= share * (machine.now_s + PATIENCE_S) + 1e-6


def test_a_frame_that_fits_comes_on_time() -> None:
    machine = Machine()
    pace = machine.pace(10, 0.5)
    for k in range(1, 100):
        machine.work(0.03)
        pace.wait()
        assert machine.now_s == pytest.approx(k / 10)
    assert pace.late == 0
    assert pace.taken() == pytest.approx(0.3, abs=0.01)


def test_what_was_late_is_not_caught_up_with() -> None:
    machine = Machine()
    pace = machine.pace(10, 1.0)
    machine.work(5.0)
    pace.wait()
    before_s = machine.now_s
    for k in range(1, 6):
        machine.work(0.01)
        pace.wait()
        assert machine.now_s == pytest.approx(before_s + k / 10)
    assert pace.late == 1
