"""Cuts a stream of sound into gestures: a gate over the noise floor, and spectral flux inside what is sounding.

Two rules, because one does not do. Slow gestures (a swell, a breath) show no flux: they are found where some bands rise
out of the room's noise and stay there (gate with hysteresis). A stroke into something that still sounds does not open
the gate: it is found as a peak of the log spectral flux with a threshold that follows the flux around it and a maximum
filter over neighbouring bands against vibrato (S. Boeck, G. Widmer, "Maximum filter vibrato suppression for onset
detection", DAFx 2013). Every band counts in units of how much noise fluctuates in it, which follows from its width.

Streaming: rows of `BandLevels` go in, gestures come out some ten seconds later; how the rows were split makes no
difference. The noise floor is taken over 3 s to either side, so a sound that stays much longer becomes the room.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from somatone.library.spectrum import SILENCE_DB, Levels

PAGE = 1024  # rows that are decided at once, with as many before and after for the room's noise
MARGIN = 64  # rows to either side that the flux needs
FLOOR_PERCENTILE = 20
FLOOR_S, FLOOR_ROWS, FLOOR_EACH = 3.0, 64, 5
ROOM_DB = 2.0  # a room drifts by about this much within FLOOR_S
FLOOR_LEAST_DB = SILENCE_DB + 10  # digital silence has no noise to measure against
STRONGEST = 4  # bands that must speak together
OPEN, CLOSE, START = 3.0, 1.8, 1.8  # gate, in standard deviations of the room's noise
HOLD_S = 0.06
BACK_S = 0.15
FLUX_APART_S = 0.02  # rows that are compared
FLUX_FLOOR_SIGMA = 2.5
FLUX_AROUND_S = 0.18
FLUX_OVER_MEAN, FLUX_LEAST = 1.6, 0.5
FLUX_PEAK_S = 0.03
APART_S = 0.07  # onsets closer than this are one
LONGEST_S = 12.0
SHORTEST_S = 0.01

Row = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cut:
    """One gesture in rows of the recording: from its onset to its end."""

    start: int
    end: int


class OnsetCutter:
    """One recording's gestures. `sigma_db` is what noise fluctuates by in each band, `hop_s` the time of a row."""

    def __init__(self, sigma_db: Row, hop_s: float) -> None:
        self._sigma_db, self._hop_s = sigma_db, hop_s
        self._unsure_db = np.hypot(sigma_db, ROOM_DB)
        self._levels: Levels = np.zeros((0, len(sigma_db)), np.float32)
        self._first = 0  # row number of the first that is kept
        self._decided = 0  # rows that are through
        self._gate = _Gate(hop_s)

    def feed(self, levels: Levels) -> Iterator[Cut]:
        """Gestures that ended, in order."""
        self._levels = np.concatenate([self._levels, levels])
        while self._first + len(self._levels) >= self._decided + 2 * PAGE:
            yield from self._page(self._decided + PAGE)

    def finish(self) -> Iterator[Cut]:
        """The gestures up to the recording's end."""
        end = self._first + len(self._levels)
        while self._decided < end:
            yield from self._page(min(self._decided + PAGE, end))
        yield from self._gate.finish(end)

    @property
    def settled(self) -> int:
        """Sound before this row is not asked for any more."""
        return self._gate.start if self._gate.start is not None else max(0, self._decided - self._rows(BACK_S) - 1)

    def _page(self, end: int) -> Iterator[Cut]:
        over, strokes = self._measures(self._decided - self._first, end - self._first)
        yield from self._gate.feed(self._decided, over, strokes)
        self._decided = end
        spare = max(0, self._decided - PAGE - self._first)
        self._levels = self._levels[spare:]
        self._first += spare

    def _measures(self, start: int, end: int) -> tuple[Row, npt.NDArray[np.bool_]]:
        """For kept rows `start` to `end`: how far each stands above the room, and whether a stroke begins in it."""
        margin = min(start, MARGIN)
        levels = self._levels[start - margin : end + MARGIN]
        here = slice(margin, margin + end - start)
        floor = self._floor(start, end)
        floor = np.pad(floor, ((margin, len(levels) - margin - len(floor)), (0, 0)), mode="edge")
        over = ((_smooth(levels, 3) - floor) / self._unsure_db)[here]
        strongest = np.sort(over, axis=1)[:, -STRONGEST:].mean(axis=1)
        return strongest, self._strokes(levels, floor)[here]

    def _floor(self, start: int, end: int) -> Levels:
        """The room in each row: what is rarely undercut within FLOOR_S to either side."""
        around = self._rows(FLOOR_S)
        floor = np.empty((end - start, self._levels.shape[1]), np.float32)
        for at in range(0, end - start, FLOOR_ROWS):
            middle = start + at + FLOOR_ROWS // 2
            near = _smooth(self._levels[max(0, middle - around) : middle + around], FLOOR_EACH)[::FLOOR_EACH]
            floor[at : at + FLOOR_ROWS] = np.percentile(near, FLOOR_PERCENTILE, axis=0)
        return np.maximum(floor, FLOOR_LEAST_DB)

    def _strokes(self, levels: Levels, floor: Levels) -> npt.NDArray[np.bool_]:
        apart = self._rows(FLUX_APART_S)
        heard = np.maximum(levels, floor + FLUX_FLOOR_SIGMA * self._sigma_db)
        before = heard.copy()
        before[:, 1:] = np.maximum(before[:, 1:], heard[:, :-1])
        before[:, :-1] = np.maximum(before[:, :-1], heard[:, 1:])
        rise = np.zeros_like(heard)
        rise[apart:] = np.maximum(heard[apart:] - before[:-apart], 0) / self._sigma_db
        flux = rise.mean(axis=1)
        around = self._rows(FLUX_AROUND_S)
        mean = _moving(flux, 2 * around + 1)
        peak = self._rows(FLUX_PEAK_S)
        padded = np.pad(flux, peak, constant_values=-1)
        highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * peak + 1).max(axis=1)
        found: npt.NDArray[np.bool_] = (flux >= highest) & (flux > FLUX_OVER_MEAN * mean + FLUX_LEAST)
        return found

    def _rows(self, seconds: float) -> int:
        return max(1, round(seconds / self._hop_s))


class _Gate:
    """Walks row by row: where something begins, where it ends, where a stroke cuts it in two."""

    def __init__(self, hop_s: float) -> None:
        self.start: int | None = None
        self._last = 0  # last row that was loud enough
        self._ended = 0  # where the gesture before ended
        self._recent: list[float] = []
        self._hold, self._back = (max(1, round(s / hop_s)) for s in (HOLD_S, BACK_S))
        self._apart, self._longest, self._shortest = (
            max(1, round(s / hop_s)) for s in (APART_S, LONGEST_S, SHORTEST_S)
        )

    def feed(self, row: int, over: Row, strokes: npt.NDArray[np.bool_]) -> Iterator[Cut]:
        for level, stroke in zip(over.tolist(), strokes.tolist(), strict=True):
            if self.start is None:
                if level >= OPEN or stroke:
                    self.start, self._last = self._began(row), row
            else:
                if level >= CLOSE:
                    self._last = row
                if row - self._last > self._hold or row - self.start >= self._longest:
                    yield from self._close(self._last + 1)
                elif stroke and row - self.start >= self._apart:
                    yield from self._close(row)
                    self.start = self._last = row
            self._recent.append(level)
            del self._recent[: -self._back]
            row += 1

    def finish(self, end: int) -> Iterator[Cut]:
        if self.start is not None:
            yield from self._close(min(self._last + 1, end))

    def _began(self, row: int) -> int:
        """The row in which it left the room's noise, at most BACK_S ago."""
        back = 0
        for level in reversed(self._recent):
            if level < START:
                break
            back += 1
        return max(row - back, self._ended, 0)

    def _close(self, end: int) -> Iterator[Cut]:
        start, self.start, self._ended = self.start, None, end
        if start is not None and end - start >= self._shortest:
            yield Cut(start, end)


def _smooth(levels: Levels, rows: int) -> Levels:
    """Mean over `rows` rows, centred; the ends repeat."""
    half = rows // 2
    padded = np.pad(levels, ((half, half), (0, 0)), mode="edge")
    return np.asarray(sum(padded[k : k + len(levels)] for k in range(rows)) / rows, np.float32)


def _moving(values: Row, rows: int) -> Row:
    half = rows // 2
    sums = np.cumsum(np.pad(values.astype(np.float64), (half + 1, half)))
    return np.asarray((sums[rows:] - sums[:-rows]) / rows, np.float32)
