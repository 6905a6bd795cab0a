"""Breath from a microphone's envelope: the gate opens where the sound rises into the upper half of its own range.

The envelope is smoothed over an eighth of a second and placed between its own running P10 and P80, floor and usual
burst, so that neither the gain of the microphone nor the noise of the room matters. P80 and not more: somebody who
speaks for a tenth of the time must not become the scale.

Surprises: inhaling and exhaling both sound. The gate takes what is loud: place the microphone where inhaling is (a
headset in front of the mouth, away from the stream of exhaled air), or raise `on_256th` above the quieter of the two.
Speech is loud for longer than a breath: the gate closes after `max_on_ms` and waits for silence.
Bounds: 32767 << 8 = 2**23, a quantile's larger step 9 * 2**22 = 2**25.2; shares 32767 * 256 = 2**23.
"""

from gates.common import OPENED, Cadence, FrugalQuantile, Hold, RunningMean, samples_of, shift_for

LIMIT = 32767  # clamp of the input
GUARD = 8


class BreathFromSound:
    """Gate `breath.in`. `depth` is the loudest of the breath that ended last (counts above the floor)."""

    def __init__(
        self,
        rate_hz: int = 32,
        *,
        smooth_ms: int = 125,
        on_256th: int = 240,  # of the range between floor and usual burst; exhaling stays below
        off_256th: int = 120,
        span_floor: int = 200,  # counts; a quieter room is silence
        half_life_ms: int = 30_000,
        warm_ms: int = 10_000,
        min_on_ms: int = 300,
        min_off_ms: int = 300,
        max_on_ms: int = 4_000,
        shortest_ms: int = 1_500,
        longest_ms: int = 12_000,
    ) -> None:
        self.rate_hz = rate_hz
        self._mean = RunningMean(shift_for(samples_of(smooth_ms, rate_hz), GUARD), GUARD)
        self._floor = FrugalQuantile()
        self._burst = FrugalQuantile()
        self._span_floor = span_floor
        self._slow = 2 * samples_of(half_life_ms, rate_hz)
        self._warm_samples = samples_of(warm_ms, rate_hz)
        self._on_at = on_256th
        self._off_at = off_256th
        self._max_on = samples_of(max_on_ms, rate_hz)
        self._hold = Hold(samples_of(min_on_ms, rate_hz), samples_of(min_off_ms, rate_hz))
        self._cadence = Cadence(samples_of(shortest_ms, rate_hz), samples_of(longest_ms, rate_hz))
        self.reset()

    def reset(self) -> None:
        """A new wearer."""
        self._mean.reset()
        self._warm = self._warm_samples
        self._empty = True
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
        span = self._follow(smooth)
        above = (smooth - self._floor.value) << 8
        if above < span * self._off_at:
            self._loud = 0
        elif self._loud <= self._max_on:
            self._loud += 1
        hold = self._hold
        wanted = above >= span * (self._off_at if hold.on else self._on_at) and self._loud <= self._max_on
        edges = hold.step(wanted and not self._warm)
        self._cadence.step(edges == OPENED)
        if hold.on:
            self._loudest = max(self._loudest, above >> 8)
        elif edges:
            self.depth = self._loudest
            self._loudest = 0
        return edges

    def _follow(self, x: int) -> int:
        """Floor and usual burst take a sample; returns how far they are apart. Warm, they are pulled along."""
        low, high = self._floor, self._burst
        if self._empty:
            self._empty = False
            low.start(x)
            high.start(x + self._span_floor)
        span_q8 = max(high.q8 - low.q8, self._span_floor << GUARD)
        reach = 0
        if self._warm:
            self._warm -= 1
            small = 4 * span_q8 // self._warm_samples + 1
            reach = abs((x << GUARD) - (high.q8 if x > high.value else low.q8)) >> 4
        else:
            small = span_q8 // self._slow + 1
        high.step(x, max(4 * small, reach), small)
        low.step(x, small, max(9 * small, reach))
        return max(high.value - low.value, self._span_floor)
