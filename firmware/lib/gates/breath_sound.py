"""Breath from a microphone's envelope: the gate opens where the sound rises into the upper half of its own range.

The envelope is smoothed over an eighth of a second and placed between its own running P5 and P95, floor and usual
burst, so that neither the gain of the microphone nor the noise of the room matters.

Surprises: inhaling and exhaling both sound. The gate takes what is loud: place the microphone where inhaling is (a
headset in front of the mouth, away from the stream of exhaled air), or raise `on_256th` above the quieter of the two.
Speech is loud for longer than a breath: the gate closes after `max_on_ms` and waits for silence.
Bounds: 32767 << 8 = 2**23; the range as in `level`.
"""

from gates.common import OPENED, Cadence, Hold, RunningMean, samples_of, shift_for
from gates.level import RunningRange

LIMIT = 32767  # clamp of the input
GUARD = 8


class BreathFromSound:
    """Gate `breath.in`. `depth` is the loudest of the breath that ended last (counts above the floor)."""

    def __init__(
        self,
        rate_hz: int = 32,
        *,
        smooth_ms: int = 125,
        on_256th: int = 144,  # of the range between floor and usual burst
        off_256th: int = 80,
        span_floor: int = 200,  # counts; a quieter room is silence
        half_life_ms: int = 60_000,
        warm_ms: int = 10_000,
        min_on_ms: int = 300,
        min_off_ms: int = 300,
        max_on_ms: int = 4_000,
        shortest_ms: int = 1_500,
        longest_ms: int = 12_000,
    ) -> None:
        self.rate_hz = rate_hz
        self._mean = RunningMean(shift_for(samples_of(smooth_ms, rate_hz), GUARD), GUARD)
        self._range = RunningRange(rate_hz, span_floor=span_floor, half_life_ms=half_life_ms, warm_ms=warm_ms)
        self._on_at = on_256th << 8
        self._off_at = off_256th << 8
        self._max_on = samples_of(max_on_ms, rate_hz)
        self._hold = Hold(samples_of(min_on_ms, rate_hz), samples_of(min_off_ms, rate_hz))
        self._cadence = Cadence(samples_of(shortest_ms, rate_hz), samples_of(longest_ms, rate_hz))
        self.reset()

    def reset(self) -> None:
        """A new wearer."""
        self._mean.reset()
        self._range.reset()
        self._hold.reset()
        self._cadence.reset()
        self._loud = 0  # samples above the lower threshold, without a break
        self._loudest = 0
        self.depth = 0
        self.age_q8 = 128 << self._mean.shift  # half the smoothing

    def gap(self) -> None:
        """Samples are missing: the spacing of breaths is not taken across the hole."""
        self._cadence.gap()

    @property
    def on(self) -> bool:
        return self._hold.on

    @property
    def period_samples(self) -> int:
        return self._cadence.spacing

    def step(self, x: int) -> int:
        """One sample of the envelope (counts); returns OPENED, CLOSED or 0."""
        smooth = self._mean.step(min(max(x, 0), LIMIT)) >> GUARD
        place = self._range.step(smooth)
        if place < self._off_at:
            self._loud = 0
        elif self._loud <= self._max_on:
            self._loud += 1
        hold = self._hold
        wanted = place >= (self._off_at if hold.on else self._on_at) and self._loud <= self._max_on
        edges = hold.step(wanted and not self._range.warming)
        self._cadence.step(edges == OPENED)
        if hold.on:
            self._loudest = max(self._loudest, smooth - self._range.low)
        elif edges:
            self.depth = self._loudest
            self._loudest = 0
        return edges
