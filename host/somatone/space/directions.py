"""Directions as everybody here writes them: azimuth clockwise from the front seen from above, elevation up; degrees.

The virtual loudspeakers are the ones of sclang/lib/place.scd: voices are compiled for them and know nothing of a room.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float64]
Direction = tuple[float, float]  # azimuth, elevation

RING: tuple[Direction, ...] = tuple((45.0 * index, 0.0) for index in range(8))
UPPER: tuple[Direction, ...] = tuple((45.0 + 90.0 * index, 45.0) for index in range(4))
VIRTUAL: tuple[Direction, ...] = RING + UPPER


def vectors(directions: list[Direction] | tuple[Direction, ...]) -> Vectors:
    """Unit vectors of shape (n, 3): to the front, to the right, up."""
    azimuth, elevation = np.radians(np.asarray(directions, np.float64).reshape(-1, 2)).T
    flat = np.cos(elevation)
    return np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], axis=1)


def placed(azimuth: float, elevation: float = 0.0, law: float = 0.0) -> Vectors:
    """The twelve gains by which a voice puts a point of sound there: what `~gains` of place.scd computes at size 0."""
    eighths = azimuth / 45 % 8
    up = min(max(elevation, 0.0), 90.0) / 90
    zenith = min(max(2 * up - 1, 0.0), 1.0)
    height = min(up, 0.5) * np.pi
    ear = _pairwise(8, eighths) * np.cos(height)
    above = _pairwise(4, (eighths - 1) / 2 % 4) * np.sin(height) * (1 - zenith) + zenith * 0.5 * np.sin(height)
    gains = np.concatenate([ear, above])
    energy = float(np.sqrt(np.square(gains).sum()))
    scaled: Vectors = gains / energy * max(float(gains.sum()) / energy, 1.0) ** -law
    return scaled


def _pairwise(count: int, where: float) -> Vectors:
    gains = np.zeros(count)
    part = where % 1
    gains[int(where) % count] = np.cos(part * np.pi / 2)
    gains[(int(where) + 1) % count] += np.sin(part * np.pi / 2)
    return gains
