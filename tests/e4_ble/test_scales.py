"""Scales: the shipped record, a band's own, wrong ones, and what their formats make of raw counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from somatone.sources.e4_ble import scales
from somatone.timeline.e4_ble_formats import EdaScale, PpgScale, TempScale
from somatone.timeline.units import native_format

ADDRESS = "00:07:80:43:D0:11"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path))


def write(text: str) -> None:
    path = scales.record_path(ADDRESS)
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")


def test_the_shipped_record_is_unverified_and_estimated() -> None:
    shipped = scales.load(ADDRESS)
    assert not shipped.verified
    for scale in (shipped.ppg, shipped.eda, shipped.temp):
        assert native_format(scale.native_format).estimated


def test_a_band_has_its_own_record() -> None:
    text = scales.SHIPPED.read_text(encoding="utf-8")
    write(
        text.replace("unverified = true", "unverified = false").replace(
            "offset_centi = -27315", "offset_centi = -27554"
        )
    )
    own = scales.load(ADDRESS)
    assert own.verified and own.temp.offset_centi == -27554
    assert not native_format(own.temp.native_format).estimated
    assert scales.load("00:07:80:00:00:00") == scales.shipped()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("gain = 16", "gain = 0"),
        ("gain = 16", "gian = 16"),
        ("gain = 16", "gain = "),
        ("colour = 0", "colour = 2"),
        ("reciprocal = 1_000_000_000", "points = [[5, 1]]"),
        ("reciprocal = 1_000_000_000", "points = [[5, 1], [5, 2]]"),
        ("reciprocal = 1_000_000_000", ""),
        ("step_centi = 2", "step_centi = 0.02"),
    ],
)
def test_a_wrong_record_is_refused_with_its_name(old: str, new: str) -> None:
    write(scales.SHIPPED.read_text(encoding="utf-8").replace(old, new, 1))
    with pytest.raises(scales.ScaleError, match=r"e4-00078043d011\.toml"):
        scales.load(ADDRESS)


def test_pulse_takes_one_colour_turned_over() -> None:
    fmt = native_format(PpgScale(colour=1, sign=-1, gain=16).native_format)
    assert fmt.to_counts(fmt.pick((1, 2, 3, 4, 5, -8192))) == ([-32, -64, 131071], True)
    assert fmt.to_counts(fmt.pick((1, 2, 3, 4))) == ([-32, -64], False)


def test_temperature_in_hundredths() -> None:
    fmt = native_format(TempScale(2, -27315).native_format)
    assert fmt.to_counts([15285, 0]) == ([3255, 0], True)


def test_conductance_by_the_only_published_formula_and_by_measured_points() -> None:
    fmt = native_format(EdaScale(False, reciprocal=1_000_000_000).native_format)
    assert fmt.to_counts([1_000_000, 100_000]) == ([1000, 10_000], False)
    assert fmt.to_counts([0]) == ([100_000], True)
    fmt = native_format(EdaScale(True, points=((0, 0), (1000, 500), (3000, 4500))).native_format)
    swapped = [raw << 12 for raw in (0, 500, 2000, 3500)]
    assert fmt.to_counts(swapped) == ([0, 250, 2500, 5500], False)


@pytest.mark.parametrize(
    "name",
    ["e4_ble.", "e4_ble.ppg:2:1:1:unverified", "e4_ble.temp:a:1:verified", "e4_ble.temp:1:1:perhaps",
     "e4_ble.eda:0:points:1=1:verified", "e4_ble.eda:0:points:2=1,1=2:verified", "e4_ble.eda:0:sum:1:verified"],
)  # fmt: skip
def test_other_names_are_none(name: str) -> None:
    with pytest.raises(KeyError):
        native_format(name)
