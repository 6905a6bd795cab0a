"""A threshold out of the wearer's own values: a running quantile of them, between a floor and a ceiling.

A fixed threshold leaves a quiet body's gate shut for ever and a lively one's open. The floor says what is noise or too
small to matter (a quiet body stays quiet), the ceiling what is large for anybody.

The quantile is frugal (`common.FrugalQuantile`). Surprise: steps are a share of the quantile itself, so that one rule
fits values of any size; it therefore starts at the floor, never falls below it, and follows with `fast_ms` at first.
Bounds: values <= 2**20 (clamped), with 8 guard bits 2**28, steps below a quarter of that.
"""

from gates.common import samples_of

LIMIT = 1 << 20  # clamp of the input


class OwnThreshold:
    """`value` (counts) after each `step`. `up` : `down` sets the quantile: 3 : 1 rests where a quarter lies above."""

    def __init__(
        self,
        rate_hz: int,
        floor: int,
        ceiling: int,
        up: int,
        down: int,
        half_life_ms: int = 150_000,
        warm_ms: int = 60_000,
        fast_ms: int = 8_000,
    ) -> None:
        self._floor = floor
        self._ceiling = max(floor, ceiling)
        self._up = up
        self._down = down
        self._slow = samples_of(half_life_ms, rate_hz)
        self._warm_samples = samples_of(warm_ms, rate_hz)
        self._fast = max(4 * up, samples_of(fast_ms, rate_hz))
        self.reset()

    def reset(self) -> None:
        """A new wearer."""
        self._q8 = self._floor << 8
        self._left = self._warm_samples

    @property
    def value(self) -> int:
        return min(self._q8 >> 8, self._ceiling)

    def step(self, x: int) -> int:
        """One value (counts, not negative); returns the threshold. Do not feed what is invalid: it freezes."""
        q8 = self._q8
        time = self._slow
        if self._left:
            self._left -= 1
            time = self._fast
        target = min(max(x, self._floor), LIMIT) << 8
        small = q8 // time + 1
        q8 = min(q8 + small * self._up, target) if target > q8 else max(q8 - small * self._down, target)
        self._q8 = q8
        return min(q8 >> 8, self._ceiling)
