"""The front end in ngspice against the host's conversion, and against what it may do to a wearer.

Three things are held together: the parts list, the constants of the wire table, and the simulated circuit.
"""

from __future__ import annotations

import random
import re

import pytest

from hardware import front_end, parts
from somatone.calibration.fit import fit_front_end
from somatone.timeline.units import NOMINAL, conductance_nanosiemens
from wire import table

Circuit, value_of = front_end.Circuit, parts.value_of
pytestmark = pytest.mark.skipif(not front_end.available(), reason="ngspice is not installed")

CURVE_US = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 100.0)
PROMISED_US = tuple(us for us in CURVE_US if 0.05 <= us <= 40)
KNOWN_OHM = (22_000, 100_000, 1_000_000)


def test_the_table_says_what_the_parts_are() -> None:
    bias_v = value_of("U3") * value_of("R3") / (value_of("R2") + value_of("R3"))
    assert round(bias_v * 1e6) == table.EDA_BIAS_UV
    assert value_of("R4") == table.EDA_FEEDBACK_OHM
    assert value_of("R6") + value_of("R7") == table.EDA_SERIES_OHM
    assert round(front_end.CODE_V * 1e9) == table.EDA_CODE_NV


def test_the_curve_agrees_with_the_conversion() -> None:
    codes = front_end.codes(Circuit(), [1e6 / us for us in CURVE_US])
    assert codes == sorted(set(codes))
    for us, code in zip(CURVE_US, codes, strict=True):
        error = 100 * (conductance_nanosiemens(code) / (us * 1000) - 1)
        print(f"{us:7.2f} uS  code {code:5d}  error {error:+.2f} %")
        assert abs(error) <= (1 if us in PROMISED_US else 10), us


@pytest.mark.parametrize("fault", list(front_end.faults()), ids=lambda fault: fault.name)
def test_no_single_fault_passes_ten_microamperes(fault: front_end.Fault) -> None:
    current_ua = front_end.electrode_ua(fault)
    print(f"{fault.name}: {current_ua:.2f} uA")
    assert current_ua <= front_end.LIMIT_UA


def test_the_safety_page_shows_the_simulated_currents() -> None:
    page = (parts.HERE / "safety.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^\| ([^|]+?) \| +([\d.]+) \|$", page, re.MULTILINE))
    assert shown == {name: f"{ua:.2f}" for name, ua in front_end.fault_table()}


@pytest.mark.parametrize("seed", range(6))
def test_calibration_takes_the_tolerances_out(seed: int) -> None:
    """Parts anywhere in their tolerance, the converter's own offset and gain error (TI SBAS444D: 3 codes,
    0.15 %), with the substitute amplifier's offset and input current (OPA2333, TI SBOS351).
    """
    draw = random.Random(seed)
    changes = {name: value_of(name) * (1 + draw.uniform(-0.01, 0.01)) for name in front_end.RESISTORS}
    changes |= {"U3": value_of("U3") * (1 + draw.uniform(-0.005, 0.005))}
    changes |= {"vos": draw.uniform(-10e-6, 10e-6), "ib": 200e-12}
    gain, offset = 1 + draw.uniform(-0.0015, 0.0015), draw.randint(-3, 3)

    def board(us_or_ohm: list[float]) -> list[int]:
        return [round(code * gain) + offset for code in front_end.codes(Circuit(changes), us_or_ohm)]

    open_code, *known = board([front_end.OPEN_OHM, *map(float, KNOWN_OHM)])
    fitted = fit_front_end(open_code * 100, [(ohm, code * 100) for ohm, code in zip(KNOWN_OHM, known, strict=True)])
    curve = board([1e6 / us for us in PROMISED_US])
    before = max(abs(conductance_nanosiemens(c) / us / 1000 - 1) for us, c in zip(PROMISED_US, curve, strict=True))
    after = [conductance_nanosiemens(c, fitted) / us / 1000 - 1 for us, c in zip(PROMISED_US, curve, strict=True)]
    print(f"worst error {100 * before:.1f} % before, {100 * max(map(abs, after)):.2f} % after calibration")
    assert max(map(abs, after)) <= 0.01
    assert fitted != NOMINAL


def test_hum_is_weakened_and_the_loop_is_calm() -> None:
    """50 Hz falls by more than 10 here (and to nothing in the boxcar of 250 ms); no peak anywhere up to 3 MHz."""
    skin = Circuit({"skin": 200_000.0}, ("Cskin ska skb 20n",))
    frequencies_hz = [0.1 * 10 ** (step / 4) for step in range(31)]
    slow, *rest = front_end.hum_volts_per_ampere(skin, frequencies_hz)
    assert max(rest) <= slow * 1.001
    (mains,) = front_end.hum_volts_per_ampere(skin, [50.0])
    print(f"50 Hz is weakened {slow / mains:.1f} times")
    assert mains < slow / 10
