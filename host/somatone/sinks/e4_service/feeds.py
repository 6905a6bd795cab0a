"""What a served band measures: a recorded session, or numbers that say their own place."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar

from somatone.sources.e4_files import E4Session
from somatone.sources.e4_stream.counting import SHAPES


class ArchiveFeed:
    """A session's samples from its first row on, once or for ever. Rows that were unusable repeat the one before."""

    def __init__(self, session: E4Session, *, loop: bool = False) -> None:
        self._samples = {
            name: _rows(session, shape.signal, shape.width)
            for name, shape in SHAPES.items()
            if shape.signal in session.streams
        }
        self._loop_s = session.length_s if loop else float("inf")
        self._beats = [(at_s, round(ibi_s * 1e6)) for at_s, ibi_s in session.ibi if ibi_s > 0]
        self._tags = list(session.tags_s)

    @property
    def streams(self) -> tuple[str, ...]:
        return tuple(self._samples)

    def samples(self, stream: str, first: int, count: int) -> Sequence[int]:
        held, width = self._samples[stream], SHAPES[stream].width
        rows = len(held) // width
        if self._loop_s == float("inf"):
            return held[first * width : (first + count) * width]
        return [held[(n % rows) * width + axis] for n in range(first, first + count) for axis in range(width)]

    def beats(self, from_s: float, to_s: float) -> Sequence[tuple[float, int]]:
        low, high = bisect_left(self._beats, (from_s, 0)), bisect_left(self._beats, (to_s, 0))
        return self._beats[low:high]

    def tags(self, from_s: float, to_s: float) -> Sequence[float]:
        return self._tags[bisect_left(self._tags, from_s) : bisect_left(self._tags, to_s)]


def _rows(session: E4Session, signal: str, width: int) -> list[int]:
    out: list[int] = []
    for run in session.streams[signal].runs:
        missing = run.index - len(out) // width
        out.extend((out[-width:] or [0] * width) * missing)
        out.extend(run.samples)
    return out


class NumberedFeed:
    """Samples that say their own number, within what an E4 can measure: the truth of the tests."""

    SPANS: ClassVar = {"bvp": 200_000, "gsr": 9_999_000, "tmp": 5_000, "acc": 1 << 24}

    def samples(self, stream: str, first: int, count: int) -> Sequence[int]:
        span = self.SPANS[stream]
        if stream == "acc":
            return [(n % span >> shift & 255) - 128 for n in range(first, first + count) for shift in (0, 8, 16)]
        low = -span // 2 if stream == "bvp" else 0
        return [low + n % span for n in range(first, first + count)]

    @classmethod
    def number(cls, stream: str, values: Sequence[int], near: int) -> int:
        """The number of the sample with these values, the first that is not below `near`."""
        span = cls.SPANS[stream]
        if stream == "acc":
            place = sum((v + 128) << shift for v, shift in zip(values, (0, 8, 16), strict=True))
        else:
            place = values[0] + (span // 2 if stream == "bvp" else 0)
        return near + (place - near) % span

    def beats(self, from_s: float, to_s: float) -> Sequence[tuple[float, int]]:
        return [(n * 0.8, 800_000) for n in range(-(-round(from_s * 10) // 8), -(-round(to_s * 10) // 8))]

    def tags(self, from_s: float, to_s: float) -> Sequence[float]:
        return [60.0 * n for n in range(int(from_s // 60) + 1, int(to_s // 60) + 1)]
