"""The resampler: any split gives the same, a constant stays a constant, tones come through in time and height."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from somatone.timeline.resample import Resampler, response


def tone(hz: float, rate_hz: float, seconds: float, height: int = 10_000) -> list[int]:
    return [round(height * math.sin(2 * math.pi * hz * n / rate_hz)) for n in range(int(seconds * rate_hz))]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(-131_071, 131_071), min_size=0, max_size=120),
    st.lists(st.integers(0, 17), max_size=60),
    st.sampled_from([(64, 1, False), (32, 3, False), (64, 2, False), (64, 1, True), (32, 3, True)]),
)
def test_any_split(frames: list[int], cuts: list[int], kind: tuple[int, int, bool]) -> None:
    out_hz, width, quick = kind
    samples = [value + axis for value in frames for axis in range(width)]
    whole = Resampler(100, out_hz, width, quick=quick).feed(samples)
    parts, split, at = Resampler(100, out_hz, width, quick=quick), [], 0
    for cut in [*cuts, len(samples)]:
        split += parts.feed(samples[at : at + cut * width])
        at += cut * width
    assert split == whole


@pytest.mark.parametrize("out_hz", [64, 32])
def test_constant_and_count(out_hz: int) -> None:
    resampler = Resampler(100, out_hz)
    out = resampler.feed([-777] * 10_000)
    assert set(out) == {-777}
    assert len(out) == pytest.approx(100 * out_hz, abs=out_hz * 0.13)


@pytest.mark.parametrize(
    ("out_hz", "hz", "tolerance", "quick"),
    [
        (64, 1.3, 0.01, False),
        (64, 8.0, 0.03, False),
        (32, 1.0, 0.02, False),
        (64, 1.3, 0.001, True),
        (64, 8.0, 0.01, True),
    ],
)
def test_tone_lies_where_first_s_says(out_hz: int, hz: float, tolerance: float, quick: bool) -> None:
    resampler = Resampler(100, out_hz, quick=quick)
    samples, fed_s, compared = tone(hz, 100, 10), 0.0, 0
    for start in range(0, len(samples), 7):
        out = resampler.feed(samples[start : start + 7])
        fed_s = start / 100
        for k, value in enumerate(out):
            expected = 10_000 * math.sin(2 * math.pi * hz * (fed_s + resampler.first_s + k / out_hz))
            assert value == pytest.approx(expected, abs=10_000 * tolerance)
            compared += 1
    assert compared > 9 * out_hz


@pytest.mark.parametrize(
    ("out_hz", "pass_hz", "ripple_db", "stop_hz", "stop_db"), [(64, 12, 0.25, 38, -35), (32, 5, 1.3, 24, -29)]
)
def test_stated_response(out_hz: int, pass_hz: int, ripple_db: float, stop_hz: int, stop_db: float) -> None:
    def db(gain: float) -> float:
        return 20 * math.log10(max(gain, 1e-9))

    passed = [db(gain) for hz in range(0, pass_hz + 1) for gain in response(100, out_hz, hz)]
    stopped = max(db(response(100, out_hz, hz)[1]) for hz in range(stop_hz, 51))
    print(f"100 -> {out_hz}: pass {min(passed):.2f} .. {max(passed):.2f} dB, stop {stopped:.1f} dB")
    assert max(abs(value) for value in passed) <= ripple_db
    assert stopped <= stop_db


def test_quick_is_known_soon_and_true_below_12_hz() -> None:
    """Every output is known with the next input sample; no gain is off by more than 0.1 dB where a pulse lives."""
    resampler = Resampler(100, 64, quick=True)
    assert resampler.delay_s == pytest.approx(0.01)
    fed, late_s = 0, []
    for n in range(1_000):
        for k, _ in enumerate(resampler.feed([n])):
            late_s.append(-resampler.first_s - k / 64)
            fed += 1
    assert fed == pytest.approx(640, abs=2)
    assert min(late_s) > 0
    assert max(late_s) <= 0.0101
    gains = [gain for hz in range(13) for gain in response(100, 64, hz, quick=True)]
    assert max(abs(20 * math.log10(gain)) for gain in gains) <= 0.1


@pytest.mark.parametrize("off", [0.03, -0.03, 0.0007])
def test_measured_rate(off: float) -> None:
    """A chip 3 % fast, its rate told: the output keeps 64 per true second to a tenth of a percent."""
    true_hz = 100 * (1 + off)
    resampler = Resampler(100, 64)
    resampler.set_rate(true_hz)
    out = resampler.feed(tone(1.0, true_hz, 100))
    assert len(out) == pytest.approx(6400, rel=0.001)
    starts = [n for n in range(1, len(out)) if out[n - 1] < 0 <= out[n]]
    assert (starts[-1] - starts[0]) / (len(starts) - 1) == pytest.approx(64.0, rel=0.001)


def test_gap_starts_afresh() -> None:
    resampler, fresh = Resampler(100, 64), Resampler(100, 64)
    resampler.feed(tone(3.0, 100, 1.234))
    resampler.gap()
    samples = tone(2.0, 100, 2)
    assert resampler.feed(samples) == fresh.feed(samples)
    assert resampler.first_s == fresh.first_s


def test_rejects_what_it_is_not_for() -> None:
    with pytest.raises(ValueError, match="slower"):
        Resampler(64, 64)
