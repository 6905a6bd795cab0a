"""Vector base amplitude panning for any set of loudspeakers, after V. Pulkki, "Virtual Sound Source Positioning Using
Vector Base Amplitude Panning", J. Audio Eng. Soc. 45(6), 1997: a direction is made of the three speakers around it.

Surprise: few rooms surround the listener from all sides, so imaginary speakers close the holes. What an imaginary
zenith or nadir would play is left out (the speakers around it play it louder); one in a wide gap of the ring gives its
energy to its real neighbours.
"""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np

from somatone.space.directions import Direction, Vectors, vectors

WIDEST_GAP = 150.0  # degrees: beyond, two vectors span a direction badly
POLE = 50.0  # a speaker above this is a zenith of its own


def gains_for(speakers: list[Direction], directions: list[Direction] | tuple[Direction, ...]) -> Vectors:
    """Gains of shape (speakers, directions), no gain below 0, the squares of each direction's gains adding up to 1."""
    if len(speakers) == 1:
        return np.ones((1, len(directions)))
    helpers, heirs = _imaginary(speakers)
    points = vectors([*speakers, *helpers])
    bases = _triangles(points)
    columns = []
    for direction in vectors(directions):
        played = _panned(points, bases, direction)
        gains = played[: len(speakers)].copy()
        for helper, (left, right) in enumerate(heirs):
            energy = played[len(speakers) + helper] ** 2 / 2
            gains[left], gains[right] = np.sqrt(gains[left] ** 2 + energy), np.sqrt(gains[right] ** 2 + energy)
        if not gains.any():  # straight above or below, where there is nobody: all of them
            gains += 1
        columns.append(gains / np.sqrt(np.square(gains).sum()))
    return np.stack(columns, axis=1)


def _imaginary(speakers: list[Direction]) -> tuple[list[Direction], list[tuple[int, int]]]:
    """Directions that close the holes, and for the first of them (those in the ring) the pair that inherits."""
    order = sorted(range(len(speakers)), key=lambda index: speakers[index][0] % 360)
    helpers, heirs = list[Direction](), list[tuple[int, int]]()
    for one, other in pairwise([*order, order[0]]):
        gap = (speakers[other][0] - speakers[one][0]) % 360 or (360 if len(set(speakers)) == 1 else 0)
        parts = int(np.ceil(gap / WIDEST_GAP))
        for part in range(1, parts):
            helpers.append((speakers[one][0] + gap * part / parts, 0.0))
            heirs.append((one, other))
    elevations = [elevation for _, elevation in speakers]
    if max(elevations) < POLE:
        helpers.append((0.0, 90.0))
    if min(elevations) > -POLE:
        helpers.append((0.0, -90.0))
    return helpers, heirs


def _triangles(points: Vectors) -> list[tuple[int, int, int]]:
    """Every triangle of the hull: all other points lie on one side of it. Four in a plane give both ways to cut it."""
    found = []
    for corners in combinations(range(len(points)), 3):
        one, two, three = points[list(corners)]
        normal = np.cross(two - one, three - one)
        length = float(np.linalg.norm(normal))
        if length < 1e-9 or abs(float(np.linalg.det(points[list(corners)]))) < 1e-6:
            continue
        sides = (points - one) @ normal / length
        if (sides < 1e-9).all() or (sides > -1e-9).all():
            found.append(corners)
    return found


def _panned(points: Vectors, bases: list[tuple[int, int, int]], direction: Vectors) -> Vectors:
    """Gains of the triangle that holds the direction best; where cuts overlap, the fewest speakers that do."""
    best, gains = -np.inf, np.zeros(len(points))
    for corners in bases:
        weights = np.linalg.solve(points[list(corners)].T, direction)
        weights /= np.linalg.norm(weights)
        if weights.min() > best + 1e-9:
            best, gains = float(weights.min()), np.zeros(len(points))
            gains[list(corners)] = np.clip(weights, 0, None)
    return gains
