"""The clock against simulated one-way arrivals. The bars are the project's promise; the figures are printed (-s)."""

from __future__ import annotations

import random

import pytest

from somatone.timeline.board_clock import BoardClock, IndexClock

BASE_US = 7_000_000_000


def arrivals(seed: int, ppm: float, jitter_s: float, per_s: int, seconds: int) -> list[tuple[float, int, float]]:
    """(true time, ticks, arrival): exponential delay, 3 % spikes of 0.1 to 0.6 s, in order as on a serial line."""
    rng = random.Random(seed)
    out, last_s = [], 0.0
    for n in range(per_s * seconds):
        true_s = n / per_s
        delay_s = rng.expovariate(1.0 / jitter_s) + (rng.uniform(0.1, 0.6) if rng.random() < 0.03 else 0.0)
        last_s = max(last_s, true_s + delay_s)
        out.append((true_s, BASE_US + round(true_s * (1e6 + ppm)), last_s))
    return out


@pytest.mark.parametrize(
    ("ppm", "jitter_s", "per_s", "p95_s", "p99_s"),
    [
        (200, 0.02, 30, 0.002, 0.005),
        (-200, 0.02, 30, 0.002, 0.005),
        (1300, 0.02, 30, 0.002, 0.005),
        (-1300, 0.03, 10, 0.004, 0.008),
    ],
)
def test_error_after_a_minute(ppm: float, jitter_s: float, per_s: int, p95_s: float, p99_s: float) -> None:
    errors, held = [], 0
    for seed in range(5):
        clock = BoardClock()
        for true_s, ticks_us, arrival_s in arrivals(seed, ppm, jitter_s, per_s, 180):
            clock.observe(ticks_us, arrival_s)
            error_s = abs(clock.host_s(ticks_us) - true_s)
            if true_s > 60:
                errors.append(error_s)
                held += error_s <= clock.bound_s
    errors.sort()
    at95, at99 = errors[len(errors) * 95 // 100], errors[len(errors) * 99 // 100]
    print(f"{ppm} ppm, {1000 * jitter_s:.0f} ms jitter: p95 {1000 * at95:.2f} ms, p99 {1000 * at99:.2f} ms")
    assert at95 <= p95_s
    assert at99 <= p99_s
    assert held / len(errors) >= 0.99


@pytest.mark.parametrize("seed", range(4))
def test_usable_at_once_and_never_backwards(seed: int) -> None:
    clock, said_s, held, count = BoardClock(), -1.0, 0, 0
    for true_s, ticks_us, arrival_s in arrivals(seed, 200, 0.02, 30, 60):
        clock.observe(ticks_us, arrival_s)
        host_s = clock.host_s(ticks_us)
        assert host_s >= said_s
        assert host_s <= arrival_s + 0.1
        held, count = held + (abs(host_s - true_s) <= clock.bound_s), count + 1
        said_s = host_s
    assert held >= 0.98 * count


def test_a_long_stall_moves_nothing() -> None:
    """Ten seconds of data that arrive at once, late, as after a host that slept."""
    clock = BoardClock()
    for true_s, ticks_us, arrival_s in arrivals(1, 100, 0.01, 30, 120):
        late_s = 80.0 if 70.0 < true_s < 80.0 else arrival_s
        clock.observe(ticks_us, max(arrival_s, late_s))
        if true_s > 60:
            assert abs(clock.host_s(ticks_us) - true_s) < 0.005


@pytest.mark.parametrize("off", [0.0, 0.03, -0.03, 0.0005])
def test_chip_oscillator(off: float) -> None:
    """Chunks of a FIFO read up to 20 ms late: time within 20 ms early on, 2 ms later; rate within 0.1 %."""
    rng = random.Random(3)
    clock, true_hz, index = IndexClock(100), 100 * (1 + off), 0
    while index < 6000:
        true_s = index / true_hz
        clock.observe(index, round((true_s + rng.uniform(0, 0.02)) * 1e6))
        error_s = abs(clock.ticks_us(index) / 1e6 - true_s)
        assert error_s < (0.08 if true_s < 5 else 0.01 if true_s < 15 else 0.002)
        if true_s > 10:
            assert clock.rate_hz == pytest.approx(true_hz, rel=0.001)
        index += rng.randint(3, 6)
