"""From readings at known resistors to the front end's numbers, or one sentence on what does not fit.

The circuit says code - offset = scale / (series + R), so R = scale / (code - offset) - series: a straight line through
the resistors in x = 1 / (code - offset). The offset is the reading with nothing connected. Readings come in hundredths
of a code, because a mean of many is finer than one; the results are integers, as the path wants them.

Surprise: the line is fitted to R + series, not to R, with equal relative weight: at 40 uS, where the series resistance
is fifteen times the skin's, an error of the line there counts most.
"""

from __future__ import annotations

from collections.abc import Sequence

from somatone.errors import SomatoneError
from somatone.timeline.units import NOMINAL, FrontEnd

LOWEST_OHM, HIGHEST_OHM = 10_000, 10_000_000  # 100 uS and 0.1 uS
LEAST_RATIO = 3  # between the largest and the smallest resistor, or the line has no length
MOST_OFFSET_CODES = 30  # the amplifier's and the converter's own errors are below 10 (hardware/front_end.py)
MOST_OFF = 0.15  # of a resistor from what the parts' tolerances explain: beyond that it is another resistor
MOST_RESIDUAL = 0.01  # of a resistor from the fitted line
HUNDREDTHS = 100

Reading = tuple[int, int]  # ohm, hundredths of a code


class CalibrationError(SomatoneError):
    """The readings cannot be believed, or a record cannot be read or written."""


def spoken_ohm(ohm: float) -> str:
    """22 kOhm, 1 MOhm, 4.99 kOhm."""
    for factor, name in ((1_000_000, "MOhm"), (1_000, "kOhm")):
        if ohm >= factor:
            return f"{ohm / factor:.4g} {name}"
    return f"{ohm:.4g} Ohm"


def check_resistors(ohms: Sequence[int]) -> None:
    """Raises CalibrationError unless these resistors can calibrate."""
    if not 2 <= len(set(ohms)) == len(ohms) <= 5:
        raise CalibrationError("Calibration needs two to five resistors, each of another value.")
    for ohm in ohms:
        if not LOWEST_OHM <= ohm <= HIGHEST_OHM:
            raise CalibrationError(
                f"A resistor of {spoken_ohm(ohm)} is of no use here: give values from 10 kOhm to 10 MOhm."
            )
    if max(ohms) < LEAST_RATIO * min(ohms):
        raise CalibrationError(f"The resistors are too alike: the largest must be {LEAST_RATIO} times the smallest.")


def check_open(hundredths: int) -> None:
    """Raises CalibrationError when the reading with nothing connected is not near zero."""
    if abs(hundredths) > MOST_OFFSET_CODES * HUNDREDTHS:
        raise CalibrationError(
            f"With nothing connected the board reads {hundredths / HUNDREDTHS:.0f} codes instead of 0: "
            "hold the clips apart, dry their leads, and look for a solder bridge at R4, R5 and R6."
        )


def seen_ohm(hundredths: int, front_end: FrontEnd) -> float:
    """The resistance that a reading speaks of; infinite when nothing flows."""
    codes = hundredths / HUNDREDTHS - front_end.offset_code
    return front_end.scale_code_ohm / codes - front_end.series_ohm if codes > 0 else float("inf")


def check_reading(ohm: int, hundredths: int) -> None:
    """Raises CalibrationError when this cannot be a resistor of `ohm` on a board whose parts are within tolerance."""
    seen = seen_ohm(hundredths, NOMINAL)
    if seen > 50 * HIGHEST_OHM:
        raise CalibrationError(f"Nothing seems to be connected: clip both leads to the {spoken_ohm(ohm)} resistor.")
    total, expected = seen + NOMINAL.series_ohm, ohm + NOMINAL.series_ohm
    if abs(total - expected) > expected * 0.04 + ohm * MOST_OFF:
        raise CalibrationError(
            f"The reading is that of {spoken_ohm(max(seen, 0))}, not of {spoken_ohm(ohm)}: "
            "check the resistor's value, that no finger touches its ends, and R4, R6 and R7 on the board."
        )


def fit_front_end(open_hundredths: int, readings: Sequence[Reading]) -> FrontEnd:
    """The front end that explains the readings. Raises CalibrationError with the reason when none does."""
    check_resistors([ohm for ohm, _ in readings])
    check_open(open_hundredths)
    for ohm, hundredths in readings:
        check_reading(ohm, hundredths)
    offset = (open_hundredths + HUNDREDTHS // 2) // HUNDREDTHS
    scale, series = _line([(HUNDREDTHS / (c - offset * HUNDREDTHS), ohm) for ohm, c in readings])
    fitted = FrontEnd(round(scale), round(series), offset)
    _check_fit(fitted, readings)
    return fitted


def _line(points: Sequence[tuple[float, int]]) -> tuple[float, float]:
    """Scale and series of R = scale * x - series, least squares with weights 1 / (R + nominal series)^2."""
    weights = [(ohm + NOMINAL.series_ohm) ** -2 for _, ohm in points]
    total = sum(weights)
    mean_x = sum(w * x for w, (x, _) in zip(weights, points, strict=True)) / total
    mean_r = sum(w * ohm for w, (_, ohm) in zip(weights, points, strict=True)) / total
    spread = sum(w * (x - mean_x) ** 2 for w, (x, _) in zip(weights, points, strict=True))
    common = sum(w * (x - mean_x) * (ohm - mean_r) for w, (x, ohm) in zip(weights, points, strict=True))
    scale = common / spread
    return scale, scale * mean_x - mean_r


def residuals(front_end: FrontEnd, readings: Sequence[Reading]) -> list[float]:
    """How far each resistor is from what the front end makes of its reading, as a share of it."""
    return [seen_ohm(hundredths, front_end) / ohm - 1 for ohm, hundredths in readings]


def _check_fit(fitted: FrontEnd, readings: Sequence[Reading]) -> None:
    for (ohm, _), off in zip(readings, residuals(fitted, readings), strict=True):
        if abs(off) > MOST_RESIDUAL:
            raise CalibrationError(
                f"The resistors do not fit together ({spoken_ohm(ohm)} is {100 * off:+.1f} % off the others): "
                "check their values and tolerance, and start again."
            )
    if not plausible(fitted):
        raise CalibrationError(
            f"The readings speak of {spoken_ohm(max(fitted.series_ohm, 0))} in series and a gain of "
            f"{100 * fitted.scale_code_ohm / NOMINAL.scale_code_ohm:.0f} %, more than tolerances explain: "
            "check the resistors' values, and R2, R3, R4, R6 and R7 on the board."
        )


def plausible(front_end: FrontEnd) -> bool:
    """Within what parts of 1 % can be, and some."""
    return (
        abs(front_end.scale_code_ohm - NOMINAL.scale_code_ohm) <= NOMINAL.scale_code_ohm // 20
        and abs(front_end.series_ohm - NOMINAL.series_ohm) <= NOMINAL.series_ohm // 20
        and abs(front_end.offset_code) <= MOST_OFFSET_CODES
    )
