"""Layouts by law: no energy is lost or invented on the way to any loudspeakers, and a point stays where it was put."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from somatone.errors import SomatoneError
from somatone.space.directions import RING, VIRTUAL, Direction, placed, vectors
from somatone.space.layouts import NAMED, NAMES, find_layout
from somatone.space.vbap import gains_for

directions = st.tuples(st.floats(0, 359), st.floats(-30, 80))
rooms = st.lists(directions, min_size=1, max_size=16, unique_by=lambda d: (round(d[0] / 8), round(d[1] / 8)))


@settings(deadline=None, max_examples=60)
@given(rooms)
def test_any_room_plays_every_direction_with_the_same_energy(speakers: list[Direction]) -> None:
    gains = gains_for(speakers, VIRTUAL)
    assert gains.shape == (len(speakers), 12)
    assert (gains >= 0).all()
    assert np.square(gains).sum(axis=0) == pytest.approx(np.ones(12))


@pytest.mark.parametrize("room", [RING, VIRTUAL, RING[::2], VIRTUAL[1:8:2] + VIRTUAL[8:]])
def test_a_direction_that_has_a_speaker_comes_from_it_alone(room: tuple[Direction, ...]) -> None:
    gains = gains_for(list(room), room)
    assert gains == pytest.approx(np.eye(len(room)), abs=1e-6)


def test_a_direction_between_two_speakers_lies_between_them() -> None:
    gains = gains_for([(0, 0), (90, 0), (180, 0), (270, 0)], [(a, 0.0) for a in range(0, 91, 15)])
    assert (np.diff(gains[0]) < 0).all()
    assert (np.diff(gains[1]) > 0).all()
    assert gains[2:] == pytest.approx(np.zeros((2, 7)), abs=1e-9)
    towards = np.degrees(np.arctan2(gains[1], gains[0]))
    assert towards == pytest.approx(np.arange(0, 91, 15))


def test_a_room_without_a_back_brings_what_is_behind_to_its_sides() -> None:
    gains = gains_for([(-30, 0), (30, 0)], [(180.0, 0.0), (110.0, 0.0), (0.0, 0.0)])
    assert gains[:, 0] == pytest.approx([0.5**0.5] * 2)
    assert gains[1, 1] > gains[0, 1] > 0
    assert gains[:, 2] == pytest.approx([0.5**0.5] * 2)


@given(st.floats(-720, 720), st.floats(0, 90), st.floats(0, 1))
def test_a_point_has_energy_one_where_speakers_are_apart_and_points_where_it_should(
    azimuth: float, elevation: float, law: float
) -> None:
    assert np.square(placed(azimuth, elevation, 0)).sum() == pytest.approx(1)
    if elevation < 45:
        mean = np.square(placed(azimuth, elevation, law)) @ vectors(VIRTUAL)
        angle = abs((np.degrees(np.arctan2(mean[1], mean[0])) - azimuth + 180) % 360 - 180)
        assert angle < 25  # the upper ring has a speaker every 90 degrees


@pytest.mark.parametrize(("name", "within_db"), [("stereo", 0.5), ("quad", 0.5), ("ring8", 0.5), ("5.1", 2.0)])
def test_loudness_is_even_on_the_way_round(name: str, within_db: float) -> None:
    layout = find_layout(name)
    points = np.stack([placed(a, 0, layout.law) for a in range(360)], axis=1)
    level = 10 * np.log10(np.square(np.asarray(layout.gains) @ points).sum(axis=0))
    print(f"{name}: law {layout.law}, {level.min():+.2f} .. {level.max():+.2f} dB")
    assert np.abs(level).max() < within_db


def test_names_and_lists() -> None:
    assert [find_layout(name).channels for name in NAMES] == [2, 4, 6, 8, 2]
    assert set(NAMED) < set(NAMES)
    assert find_layout("5.1").lfe == 3
    assert find_layout([[0, 0], [120, 0], [240, 0]]).gains == find_layout("[[0,0],[120,0],[240,0]]").gains


@pytest.mark.parametrize(
    ("given_layout", "telling"),
    [
        ("ring9", "did you mean 'ring8'"),
        ("[[0, 0", "is no list of speakers"),
        ([], "1 to 16 speakers, not 0"),
        ([[0.0, 0.0]] * 17, "1 to 16 speakers, not 17"),
        ([[0, 0], [360, 0]], "same place"),
        ([[0, 0], [0, 95]], r"layout\[1\]"),
        ([[0, 0, 0]], r"layout\[0\]"),
    ],
)
def test_wrong_layouts_are_one_sentence(given_layout: object, telling: str) -> None:
    with pytest.raises(SomatoneError, match=telling):
        find_layout(given_layout)  # type: ignore[arg-type]
