"""Surprise of a training metric: a value that departs from its running median by many median absolute deviations.

Median and deviation are robust (Hampel 1974; the "Hampel identifier"), so a spike does not hide the next one, and they
are the metric's own: a noisy metric needs a larger spike. Adding a constant to the metric changes nothing.

Surprise: after a lasting jump the gate closes by itself when the median has followed, within about two windows.
Bounds: |x| <= 2**21; `FrugalSpread` 2**28; limit 64 * 2**22 = 2**28.
"""

from gates.common import OPENED, FrugalSpread, Hold, clamped, samples_of, shift_for

LIMIT = 1 << 21  # Q16; clamp of the input
LEARN_FRAMES = 64  # fewer tell too little about the deviation, whatever the rate


class MetricSurprise:
    """Gate `<metric>.surprise`. `strength` is the largest departure since the gate opened (Q16 counts).

    `median` and `limit`, how far from it a surprise begins, are public, for whoever draws them.
    """

    def __init__(
        self,
        rate_hz: int = 10,
        *,
        times: int = 8,  # MADs; 5.4 standard deviations of normal noise
        least: int = 3277,  # Q16 counts; smaller is no surprise
        window_ms: int = 6_000,  # how fast median and deviation follow
        min_on_ms: int = 300,
        refractory_ms: int = 1_000,
        learn_ms: int = 5_000,
    ) -> None:
        self._times = times
        self._least = least
        self._spread = FrugalSpread(shift_for(samples_of(window_ms, rate_hz), 10))
        self._hold = Hold(samples_of(min_on_ms, rate_hz), samples_of(refractory_ms, rate_hz))
        self._learn_samples = max(LEARN_FRAMES, samples_of(learn_ms, rate_hz))
        self.reset()

    def reset(self) -> None:
        """A new run."""
        self._spread.reset()
        self._hold.reset()
        self._learn = self._learn_samples
        self.strength = 0

    def gap(self) -> None:
        """Frames are missing: nothing here depends on continuity."""

    @property
    def on(self) -> bool:
        return self._hold.on

    @property
    def median(self) -> int:
        return self._spread.median

    @property
    def limit(self) -> int:
        return max(self._least, self._spread.mad * self._times)

    def step(self, x: int) -> int:
        """One frame (Q16); returns OPENED, CLOSED or 0."""
        if x > LIMIT or x < -LIMIT:
            x = clamped(x, LIMIT)
        limit = self.limit
        away = abs(self._spread.step(x))
        if self._learn:
            self._learn -= 1
            return 0
        hold = self._hold
        edges = hold.step(away >= (limit >> 1 if hold.on else limit))
        if edges & OPENED or (hold.on and away > self.strength):
            self.strength = away
        return edges
