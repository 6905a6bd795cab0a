"""A training run's end of the wire: numbers and images in, frames of `lib/wire` out. Needs neither jax nor numpy.

Metrics are named as in `training_metrics` and given in their units there (losses and norms as they are: the base-2
logarithm is taken here). What is not a number is said to be none; the host clamps what is out of range, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import wire
from somatone.errors import UsageError
from somatone.training_metrics import METRICS, ONE, RATE_HIGH_HZ, RATE_LOW_HZ
from wire import table

PIXELS_IN_PART = wire.PAYLOAD_MAX - len(wire.pack("picture", 0, 0, 0, 0, 0, 0, b""))
LARGEST_SIDE = LARGEST_COUNT = 255

Write = Callable[[bytes], object]


def counts_of(name: str, value: float) -> int | None:
    """Q16 counts of a metric in its natural unit, unclamped within 30 bits; None for what is not a number."""
    if METRICS[name].unit == "log2":
        value = math.log2(value) if value > 0 else (math.nan if math.isnan(value) or value < 0 else -math.inf)
    if math.isnan(value):
        return None
    return round(min(max(value * ONE, -table.MASK), table.MASK))


class FrameWriter:
    """Writes one run; `write` takes bytes and may block. Counts frames from 0."""

    def __init__(self, write: Write, rate_hz: int, seed: int, name: str) -> None:
        if not RATE_LOW_HZ <= rate_hz <= RATE_HIGH_HZ:
            raise UsageError(f"a run sends {RATE_LOW_HZ} to {RATE_HIGH_HZ} frames a second, not {rate_hz}.")
        self.frames = 0
        self._write = write
        self._pictures = 0
        self._send("run", table.FORMAT_VERSION, wire.fingerprint(), rate_hz, seed, name)

    def frame(self, metrics: Mapping[str, float]) -> bool:
        """One frame with any of the metrics; False where one of them is not a number. Raises UsageError for a name."""
        present = numbers = 0
        values = [0] * len(table.METRICS)
        for name, value in metrics.items():
            if name not in METRICS:
                raise UsageError(f"{name!r} is no metric: give one of {', '.join(METRICS)}.")
            at = table.METRICS.index(name)
            present |= 1 << at
            counts = counts_of(name, float(value))
            if counts is not None:
                numbers |= 1 << at
                values[at] = counts
        self._send("frame", self.frames, present, numbers, tuple(values))
        self.frames += 1
        return present == numbers

    def picture(self, shows: str, width: int, height: int, pixels: bytes) -> None:
        """Images of `width` x `height`, 8-bit grey, one after another; at most 255 of at most 255 x 255."""
        count = len(pixels) // (width * height)
        if count * width * height != len(pixels) or not 0 < count <= LARGEST_COUNT or max(width, height) > LARGEST_SIDE:
            raise UsageError(
                f"a picture has 1 to {LARGEST_COUNT} whole images of at most {LARGEST_SIDE} pixels a side."
            )
        number = table.PICTURES.index(shows)
        parts = [
            wire.encode_frame(
                wire.pack("picture", self._pictures, number, width, height, count, at, pixels[at : at + PIXELS_IN_PART])
            )
            for at in range(0, len(pixels), PIXELS_IN_PART)
        ]
        self._pictures += 1
        self._write(b"".join(parts))

    def pace(self, cpu_share: float, late: int) -> None:
        """What training took of one processor since the last time (0..1), and frames that were late so far."""
        self._send("pace", round(cpu_share * 1000), late)

    def log(self, level: int, sentence: str) -> None:
        self._send("log", level, sentence)

    def _send(self, name: str, *values: object) -> None:
        self._write(wire.encode_frame(wire.pack(name, *values)))
