"""A running range: where does this value lie between the wearer's own P5 and P95?

Range correction (Lykken and Venables 1971) with percentiles instead of extremes, so that one artefact does not
become the scale. Two frugal quantiles whose steps are a share of the present span: a fresh wearer is met within
a minute (`warming`), afterwards the range follows with `half_life_ms`.

Surprises: P5 .. P95 fill the middle four fifths of the level, because a slow signal that drifts stands at the edge of
its own past for minutes and would stick to the end. And the span has a floor. About one person in ten shows no
skin-conductance responses (Boucsein 2012); their noise stays small on the level instead of being blown up to full
scale.
Bounds: |x| <= 2**20, differences with 8 guard bits 2**29, widened span 2**21.4; part and span are shifted below 2**13
before `<< 16`.
"""

from gates.common import Switch, samples_of

LIMIT = 1 << 20  # clamp of the input
FULL = 65536  # level 1.0


class RunningRange:
    """Level (Q16): 0.1 at the running P5, 0.9 at P95, within 0 .. 65536. `low`, `high` and `warming` are public."""

    def __init__(
        self,
        rate_hz: int = 4,
        *,
        span_floor: int = 40,  # counts; for skin conductance in nS: 0.04 uS
        half_life_ms: int = 150_000,  # a fixed range fails within one visit (signals.md, 5): keep adapting
        warm_ms: int = 60_000,
        pull_shift: int = 3,  # each sample beyond the range takes its end an eighth of the way; half that when warm
    ) -> None:
        self._pull = pull_shift
        self.span_floor = max(1, span_floor)
        self._half_life = samples_of(half_life_ms, rate_hz)
        self._warm_samples = samples_of(warm_ms, rate_hz)
        self._fast = max(8, self._warm_samples // 8)
        self.reset()

    def reset(self) -> None:
        """A new wearer: the next sample is the middle of a range as wide as the floor."""
        self._left = self._warm_samples
        self._empty = True
        self._low_q8 = 0
        self._high_q8 = 0

    def gap(self) -> None:
        """Samples are missing: nothing here depends on continuity."""

    @property
    def low(self) -> int:
        return self._low_q8 >> 8

    @property
    def high(self) -> int:
        return self._high_q8 >> 8

    @property
    def warming(self) -> bool:
        return self._left > 0

    def step(self, x: int) -> int:
        """One sample (counts); returns the level. Do not feed samples that are invalid: the range freezes."""
        x = LIMIT if x > LIMIT else -LIMIT if x < -LIMIT else x
        if self._empty:
            self._empty = False
            self._low_q8 = (x - (self.span_floor >> 1)) << 8
            self._high_q8 = (x + (self.span_floor >> 1)) << 8
        low_q8 = self._low_q8
        high_q8 = self._high_q8
        x_q8 = x << 8
        span_q8 = max(high_q8 - low_q8, self.span_floor << 8)
        if self._left:
            self._left -= 1
            small = span_q8 // (2 * self._fast) + 1
        else:
            small = span_q8 // (2 * self._half_life) + 1
        # A sample beyond the range pulls it along: quickly at first, so that any offset is met within seconds, and
        # later slowly, so that a drift does not leave the level stuck at its end.
        reach = x_q8 - high_q8 if x > high_q8 >> 8 else low_q8 - x_q8
        reach >>= self._pull if self._left else self._pull + 1
        large = 19 * small if reach < 19 * small else reach
        # Two frugal quantiles, see `common.FrugalQuantile`.
        high_q8 = min(high_q8 + large, x_q8) if x_q8 > high_q8 else max(high_q8 - small, x_q8)
        low_q8 = min(low_q8 + small, x_q8) if x_q8 > low_q8 else max(low_q8 - large, x_q8)
        self._high_q8 = high_q8
        self._low_q8 = low_q8
        return self._level(x, low_q8 >> 8, high_q8 >> 8)

    def _level(self, x: int, low: int, high: int) -> int:
        span = high - low
        if span < self.span_floor:
            low -= (self.span_floor - span) >> 1
            span = self.span_floor
        low -= span >> 3
        span += span >> 2
        part = min(max(x - low, 0), span)
        while span >= 1 << 13:
            span >>= 1
            part >>= 1
        return min(FULL, (part << 16) // span)


class HighLevel:
    """Gate of a level: it stands in the upper part of the wearer's own range."""

    def __init__(
        self,
        rate_hz: int = 4,
        *,
        on_percent: int = 60,
        off_percent: int = 45,
        min_on_ms: int = 3_000,
        min_off_ms: int = 3_000,
    ) -> None:
        on_at, off_at = FULL * on_percent // 100, FULL * min(off_percent, on_percent) // 100
        self._switch = Switch(on_at, off_at, samples_of(min_on_ms, rate_hz), samples_of(min_off_ms, rate_hz))

    def reset(self) -> None:
        """A new wearer, or nothing can be trusted now: the gate is shut."""
        self._switch.reset()

    def gap(self) -> None:
        """Samples are missing: nothing here depends on continuity."""

    @property
    def on(self) -> bool:
        return self._switch.on

    def step(self, level: int) -> int:
        """One level (0 .. 65536); returns a mask of OPENED, CLOSED."""
        return self._switch.step(level)
