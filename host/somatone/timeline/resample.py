"""From a chip's own rate to the signal's rate: a streaming rational resampler in integers.

A chip with a FIFO samples at 100 Hz of its *own* oscillator, up to a few percent off. Output k lies at input position
k * step, kept as an integer phase (1/2**20 of an input sample), so 100 -> 64 is exactly 25/16 and a measured rate is
as deterministic as the nominal one. Each output is one polyphase FIR of integer taps that sum to exactly 1, so a
constant comes out unchanged: a Kaiser-windowed sinc, or, `quick`, the cubic through four samples.

Surprise: the filters are short, because delay is worth more here than steep edges. With 100 Hz in,
  to 32 Hz: 12 taps, -0.8 dB at 5 Hz, -34 dB from 24 Hz, 60 ms; what aliases under 8 Hz comes from 24 Hz and above,
  to 64 Hz: 8 taps, within +-0.2 dB up to 12 Hz, -36 dB from 38 Hz, 40 ms; nothing below 50 Hz can alias under 14 Hz,
  to 64 Hz, quick: 4 taps, 0 .. 0.1 dB and 0.1 ms up to 12 Hz, no stop band, 10 ms at most. For the pulse: a beat has
  to be said at once, above 32 Hz lies the chip's noise alone, and the rule's smoothing takes away what aliases.
The delay is compensated in time: `first_s` says where the first output of a block lies. A full-scale step overshoots
by up to 30 %, so outputs may exceed the input range; the rules clamp.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from operator import mul

PHASE_BITS = 20
PHASES_BITS = 8  # filters between two input samples: time is right to 1/512 of an input sample
GAIN_BITS = 15
KAISER_BETA = 3.0
QUICK_AT = (-2, -1, 0, 1)  # where the taps of the quick filter lie, in input samples from the one before the output


def _bessel_i0(x: float) -> float:
    """Modified Bessel function of order 0, by its series."""
    term, total, k = 1.0, 1.0, 1
    while term > 1e-12 * total:
        term *= (x / (2.0 * k)) ** 2
        total += term
        k += 1
    return total


def _taps(count: int, cutoff: float, fraction: float) -> tuple[int, ...]:
    """Integer taps for an output `fraction` of a sample behind the tap count / 2 - 1; cutoff in cycles a sample."""
    weights = []
    for n in range(count):
        at = n - (count // 2 - 1) - fraction
        edge = max(0.0, 1.0 - (at / (count / 2)) ** 2)
        x = 2.0 * cutoff * at
        sinc = math.sin(math.pi * x) / (math.pi * x) if x else 1.0
        weights.append(sinc * _bessel_i0(KAISER_BETA * math.sqrt(edge)))
    return _whole(weights)


def _cubic(fraction: float) -> tuple[int, ...]:
    """Integer taps of the cubic (Lagrange) through the three samples up to the output and the one behind it."""
    weights = []
    for at in QUICK_AT:
        others = [other for other in QUICK_AT if other != at]
        weights.append(math.prod((fraction - other) / (at - other) for other in others))
    return _whole(weights)


def _whole(weights: Sequence[float]) -> tuple[int, ...]:
    """As integers that sum to exactly 1."""
    total = sum(weights)
    taps = [round(weight / total * (1 << GAIN_BITS)) for weight in weights]
    largest = max(range(len(taps)), key=taps.__getitem__)
    taps[largest] += (1 << GAIN_BITS) - sum(taps)
    return tuple(taps)


@cache
def _bank(in_hz: int, out_hz: int, *, quick: bool = False) -> tuple[tuple[int, ...], ...]:
    """Filters for fractions 0, 1/256 .. 256/256; a slow one cuts off at 3/8 of the output rate."""
    steps = 1 << PHASES_BITS
    if quick:
        return tuple(_cubic(k / steps) for k in range(steps + 1))
    count = 2 * max(4, 2 * in_hz // out_hz)
    return tuple(_taps(count, 0.375 * out_hz / in_hz, k / steps) for k in range(steps + 1))


class Resampler:
    """Resamples `width` interleaved axes from `in_hz` to `out_hz` (`out_hz` below `in_hz`)."""

    def __init__(self, in_hz: int, out_hz: int, width: int = 1, *, quick: bool = False) -> None:
        if not 0 < out_hz < in_hz:
            raise ValueError(f"resampling from {in_hz} to {out_hz} Hz is not meant: the output must be slower")
        self._bank = _bank(in_hz, out_hz, quick=quick)
        self._ahead = QUICK_AT[-1] if quick else len(self._bank[0]) // 2  # taps behind the output's place
        self._behind = len(self._bank[0]) - self._ahead - 1
        self._width = width
        self._out_hz = out_hz
        self.first_s = 0.0
        self.set_rate(in_hz)
        self.gap()

    def set_rate(self, in_hz: float) -> None:
        """The chip's measured rate, from the next output on; taken to 1/1000 Hz."""
        self._in_mhz = round(in_hz * 1000)
        self._step = (self._in_mhz << PHASE_BITS) // (self._out_hz * 1000)

    @property
    def in_hz(self) -> float:
        return self._in_mhz / 1000

    @property
    def delay_s(self) -> float:
        """An output is known this long after the moment that it speaks of."""
        return self._ahead / self.in_hz

    def gap(self) -> None:
        """Samples are missing: forget what came before; the next outputs need a filter's length of input."""
        self._held: list[int] = []
        self._phase = self._behind << PHASE_BITS  # of the next output, from the first sample held

    def feed(self, samples: Sequence[int]) -> list[int]:
        """Consecutive input samples (axes interleaved) to the outputs that they complete (axes interleaved).

        `first_s` then holds when the first output lies, in seconds after the first sample fed (mostly negative).
        """
        width, ahead, behind = self._width, self._ahead, self._behind
        held_before = len(self._held) // width
        held = [*self._held, *samples]
        count = len(held) // width
        phase = self._phase
        self.first_s = (phase / (1 << PHASE_BITS) - held_before) / self.in_hz
        out: list[int] = []
        shift = PHASE_BITS - PHASES_BITS
        rounding = 1 << (shift - 1)
        while (phase >> PHASE_BITS) + ahead < count:
            taps = self._bank[((phase & ((1 << PHASE_BITS) - 1)) + rounding) >> shift]
            first = ((phase >> PHASE_BITS) - behind) * width
            last = first + len(taps) * width
            for axis in range(width):
                out.append(sum(map(mul, taps, held[first + axis : last : width])) >> GAIN_BITS)
            phase += self._step
        done = max(0, min((phase >> PHASE_BITS) - behind, count))
        self._held = held[done * width :]
        self._phase = phase - (done << PHASE_BITS)
        return out


def response(in_hz: int, out_hz: int, frequency_hz: float, *, quick: bool = False) -> tuple[float, float]:
    """Smallest and largest gain of all phases at a frequency: the figures in this file's head come from here."""
    bank = _bank(in_hz, out_hz, quick=quick)
    omega = 2.0 * math.pi * frequency_hz / in_hz
    gains = [
        abs(sum(tap * complex(math.cos(omega * n), math.sin(omega * n)) for n, tap in enumerate(taps))) for taps in bank
    ]
    return min(gains) / (1 << GAIN_BITS), max(gains) / (1 << GAIN_BITS)
