"""The arithmetic of calibration, and its answers to a technician's mistakes."""

from __future__ import annotations

import random

import pytest

from somatone.calibration.fit import CalibrationError, fit_front_end
from somatone.calibration.steady import PATIENCE, SETTLE, WINDOW, SteadyReading
from somatone.timeline.units import NOMINAL, FrontEnd, conductance_nanosiemens

OHMS = (1_000_000, 100_000, 22_000)


def hundredths(front: FrontEnd, ohm: float) -> int:
    """What a front end makes of a resistor, in hundredths of a code."""
    return round(100 * (front.offset_code + front.scale_code_ohm / (front.series_ohm + ohm)))


@pytest.mark.parametrize("ohms", [OHMS, OHMS[:2], OHMS[1:]])
@pytest.mark.parametrize("seed", range(20))
def test_it_finds_the_parts_that_are_there(seed: int, ohms: tuple[int, ...]) -> None:
    draw = random.Random(seed)
    scale = round(NOMINAL.scale_code_ohm * draw.uniform(0.97, 1.03))
    true = FrontEnd(scale, round(NOMINAL.series_ohm * draw.uniform(0.98, 1.02)), draw.randint(-8, 8))
    fitted = fit_front_end(true.offset_code * 100, [(ohm, hundredths(true, ohm)) for ohm in ohms])
    assert fitted.offset_code == true.offset_code
    for nanosiemens in (50, 500, 1_000, 5_000, 10_000, 20_000, 40_000):
        code = round(hundredths(true, 1e9 / nanosiemens) / 100)
        assert abs(conductance_nanosiemens(code, fitted) / nanosiemens - 1) <= 0.01


@pytest.mark.parametrize(
    ("open_code", "readings", "said"),
    [
        (0, [(100_000, 25_532)], "two to five resistors"),
        (0, [(100_000, 25_532), (120_000, 24_490)], "too alike"),
        (0, [(100, 25_532), (120_000, 24_490)], "of no use"),
        (900, [(100_000, 25_532), (1_000_000, 8_759)], "With nothing connected the board reads 900"),
        (0, [(100_000, 25_532), (1_000_000, 2)], "Nothing seems to be connected"),
        (0, [(100_000, 8_759), (1_000_000, 8_759)], "The reading is that of 1 MOhm, not of 100 kOhm"),
        (0, [(100_000, 25_532), (1_000_000, 9_400), (22_000, 30_612)], "do not fit together"),
        (0, [(100_000, 25_000), (1_000_000, 9_400)], "more than tolerances explain"),
    ],
)
def test_a_mistake_is_one_sentence(open_code: int, readings: list[tuple[int, int]], said: str) -> None:
    with pytest.raises(CalibrationError, match=said) as caught:
        fit_front_end(open_code * 100, [(ohm, code * 100) for ohm, code in readings])
    assert "\n" not in str(caught.value)


def test_a_reading_waits_until_it_is_quiet() -> None:
    reading = SteadyReading()
    reading.feed(range(0, 100 * (SETTLE + 4), 100))
    reading.feed([5_000] * (WINDOW - 1))
    assert reading.hundredths is None
    reading.feed([5_003])
    assert reading.hundredths == 500_025


def test_a_reading_that_never_settles_is_given_up() -> None:
    with pytest.raises(CalibrationError, match="does not settle: it moves by"):
        SteadyReading().feed([5_000, 5_100] * PATIENCE)
