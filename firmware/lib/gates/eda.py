"""Skin-conductance responses: onset, end of the rise, half recovery, amplitude, and the tonic level beneath.

A response is a rise of 1 to 3 s of at least 0.01 to 0.05 uS (Boucsein et al. 2012). The slope is compared with
its own lowest value of the last 5 samples, its valley: a response lifts off it within a second, drift does not, up or
down. It is said once the lift has passed the threshold (noise: frugal median of the slope's own changes), lasted
three samples and gained enough height, and not in one go: a second's whole gain within half a second is an
electrode that was pressed. Artefacts (Kleckner et al. 2018: range and jump; falls, steps and spikes of one or two
samples, which no skin can make) silence the rule until its filters hold nothing of them.

Surprises: the level may still be falling when a response starts (overlapping responses are the normal case under
stress), so heights are taken above the line that the valley's slope would have drawn; and the mean level is kept as
a sum of one second of samples, 1/4 nS at 4 Hz. The gate closes early, when the lift has lost a fifth of its top, so
that a second response on the shoulder of the first is heard.
Bounds: sum 4 * 100000 = 2**18.6, five lifts 2**22, slope noise 800000 << 8 = 2**27.6, tonic 100000 << 8 = 2**24.6;
rate_hz <= 4.
"""

from gates.common import FrugalQuantile, Hold, RunningMedian, samples_of

LIMIT = 100_000  # nS; clamp of the input
GUARD = 8
RECENT = 5  # slopes among which the valley is sought
STEP_FLOOR = 20  # nS; smaller steps are not looked at
RECOVERED = 4  # the level fell back by half of the last response's amplitude


class SkinResponses:
    """Gate `eda.onset`: opens at a response, closes when its rise ends.

    After OPENED: `age_q8`, how long before this sample the onset lay (1/256 sample). `amplitude_nsiemens` grows
    until CLOSED and is then the response's height. After RECOVERED: `recovery_samples` from peak to half recovery.
    `tonic_nsiemens` is the slow level at all times, `blocked` says that an artefact silences the rule.
    """

    def __init__(
        self,
        rate_hz: int = 4,
        *,
        least_slope: int = 10,  # nS/s
        least_amplitude: int = 10,  # nS; Boucsein 2012: 0.01 to 0.05 uS
        refractory_ms: int = 750,
        block_ms: int = 750,  # half again what the filters hold; artefacts in a row start it anew
        min_on_ms: int = 500,
        max_on_ms: int = 6_000,
        valid_low: int = 50,  # nS; Kleckner 2018: 0.05 .. 60 uS
        valid_high: int = 60_000,
        noise_times: int = 6,  # threshold in medians of the slope's noise
        jump: int = 10_000,  # nS/s; Kleckner 2018
        give_up_ms: int = 20_000,  # no half recovery by then: it is drift
    ) -> None:
        self._rate = rate_hz
        self._span = rate_hz  # samples in the boxcar: 1 s
        self._lag = max(1, rate_hz >> 1)  # the slope looks 1/2 s back
        self._least_slope = least_slope * self._lag  # nS/s * span * lag / rate, with span = rate
        self._least_amplitude = least_amplitude
        self._refractory = samples_of(refractory_ms, rate_hz)
        self._block = samples_of(block_ms, rate_hz)
        self._max_on = samples_of(max_on_ms, rate_hz)
        self._give_up = samples_of(give_up_ms, rate_hz)
        self._valid_low = valid_low
        self._valid_high = valid_high
        self._noise_times = noise_times
        self._jump = max(1, jump // rate_hz)
        self._raw = [0] * (self._span + self._lag)
        self._slopes = [0] * RECENT
        self._means = [0] * RECENT
        self._hold = Hold(samples_of(min_on_ms, rate_hz), 1)
        self._noise = FrugalQuantile()
        self._usual = RunningMedian(8)
        self._recent_at = 0
        self.reset()

    def reset(self) -> None:
        """A new wearer: forget noise, tonic level and usual amplitude."""
        self._noise.start(0)
        self._usual.clear()
        self._hold.reset()
        self._tonic = -1
        self._since = self._give_up
        self._peak = -1
        self.age_q8 = 0
        self.amplitude_nsiemens = 0
        self.recovery_samples = 0
        self.blocked = 0
        self.gap()

    def gap(self) -> None:
        """Samples are missing: the filters start again, noise, tonic level and usual amplitude stay."""
        self._empty = True
        self._climb = 0
        self._peak = -1

    @property
    def on(self) -> bool:
        return self._hold.on

    @property
    def tonic_nsiemens(self) -> int:
        return max(self._tonic, 0) >> GUARD

    @property
    def lift(self) -> int:
        """How far the slope stands above its valley (nS/s): an onset begins where it passes `threshold`."""
        ground = self._ground if self._climb else min(self._slopes)
        return 0 if self.blocked else (self._slopes[self._recent_at] - ground) // self._lag

    @property
    def threshold(self) -> int:
        """What the lift must pass now (nS/s)."""
        return self._threshold(min(self._slopes)) // self._lag

    def _threshold(self, valley: int) -> int:
        return max(self._least_slope, (self._noise.q8 >> GUARD) * self._noise_times) + (abs(valley) >> 1)

    def step(self, x: int) -> int:
        """One sample (nS); returns a mask of OPENED, CLOSED, RECOVERED."""
        if x < 0 or x > LIMIT:
            x = min(max(x, 0), LIMIT)
        if self._empty:
            self._begin(x)
        if self._since < self._give_up:
            self._since += 1
        if self._artefact(x):
            self.blocked = self._block
        if self.blocked:
            self.blocked -= 1
            self._empty = not self.blocked
            self._climb = 0
            self._peak = -1
            return self._hold.step(False)
        slope = self._filter(x)
        at = self._recent_at + 1
        self._recent_at = at = at if at < RECENT else 0
        self._slopes[at] = slope
        self._means[at] = self._mean
        edges = self._grow(slope) if self._hold.on else self._rise(slope)
        self._follow(x, slope)
        return edges | self._recovery() if self._peak >= 0 else edges

    def _begin(self, x: int) -> None:
        self._empty = False
        for k in range(len(self._raw)):
            self._raw[k] = x
        self._at = 0
        self._mean = self._span * x  # of the newest second, as a sum
        self._old_mean = self._mean  # the same, `lag` samples ago
        self._last = x
        self._step1 = 0
        self._step2 = 0
        self._step3 = 0
        self._step4 = 0
        self._slope = 0
        self._base = self._mean
        self._ground = 0
        self._top = 0
        for k in range(RECENT):
            self._slopes[k] = 0
            self._means[k] = self._mean
        self._recent_at = 0
        if self._tonic < 0:
            self._tonic = x << GUARD

    def _artefact(self, x: int) -> bool:
        """Range, jump, a fall by an eighth; one sample later steps of one or two samples, and spikes of one."""
        change = x - self._last
        self._last = x
        before, earlier, first = self._step1, self._step2, self._step3
        self._step1 = change
        self._step2 = before
        self._step3 = earlier
        self._step4 = first
        if not self._valid_low <= x <= self._valid_high or abs(change) > self._jump:
            return True
        pair = abs(before + earlier)
        if change >= -STEP_FLOOR and pair <= STEP_FLOOR and -STEP_FLOOR <= before <= STEP_FLOOR:
            return False  # by far the most frequent case
        floor = STEP_FLOOR + 4 * (self._noise.q8 >> GUARD)
        if change < -floor - (x >> 3):
            return True
        middle = abs(before)
        lone = middle > 4 * (abs(change) + abs(earlier)) or middle > 4 * (abs(before + change) + abs(earlier))
        if lone and middle > floor:
            return True
        return pair > floor and pair > 6 * (abs(change) + abs(first))

    def _filter(self, x: int) -> int:
        """Slope: change of the one-second sum over half a second."""
        raw = self._raw
        size = len(raw)
        at = self._at  # holds x[n - span - lag]
        self._old_mean += raw[at - self._lag] - raw[at]
        self._mean += x - raw[at - self._span]
        raw[at] = x
        at += 1
        self._at = at if at < size else 0
        return self._mean - self._old_mean

    def _rise(self, slope: int) -> int:
        """Opens when the slope has lifted off its own recent valley; closes when the lift passes its top."""
        valley = min(self._slopes)
        threshold = self._threshold(valley)
        if self._climb:
            self._climb += 1
        elif slope - valley > threshold:
            age = self._age_of(valley)
            self._climb = age + 1
            self._ground = valley
            self._base = self._means[(self._recent_at - age) % RECENT]
        else:
            return 0
        if slope - self._ground < threshold >> 1 or self._climb > self._rate << 1:
            self._climb = 0  # it came to nothing
            return 0
        height = self._height()
        if self._climb < 3 or self._since < self._refractory:
            return 0
        if height <= max(self._least_amplitude, self._usual.value // 10):
            return 0
        return 0 if self._in_one_go() else self._open(slope, height)

    def _in_one_go(self) -> bool:
        """Whether two neighbouring samples made nearly all of what the last four gained above the old slope."""
        drift = self._ground // (self._span * self._lag)  # nS a sample
        newest, before, earlier, first = self._step1, self._step2, self._step3, self._step4
        most = max(newest + before, before + earlier, earlier + first) - 2 * drift
        return 8 * most > 7 * (newest + before + earlier + first - 4 * drift)

    def _age_of(self, valley: int) -> int:
        """How many samples ago the slope was last as low as its valley."""
        age = 0
        while self._slopes[self._recent_at - age] != valley:
            age += 1
        return age

    def _open(self, slope: int, height: int) -> int:
        self.age_q8 = self._onset_age_q8(slope)
        self.amplitude_nsiemens = height
        self._since = 0
        self._peak = -1
        self._top = slope
        return self._hold.step(True)

    def _onset_age_q8(self, slope: int) -> int:
        """Back to where a quarter of the present lift was reached; the valley itself may be long and flat."""
        foot = self._ground + ((slope - self._ground) >> 2)
        back = 0
        while back < RECENT - 1 and self._slopes[self._recent_at - back] > foot:
            back += 1
        return back << 8

    def _grow(self, slope: int) -> int:
        self._climb += 1
        self._top = max(self._top, slope)
        self.amplitude_nsiemens = max(self.amplitude_nsiemens, self._height())
        rising = 5 * (slope - self._ground) > 4 * (self._top - self._ground) and slope > 0
        return 0 if rising and self._since < self._max_on else self._end()

    def _height(self) -> int:
        """nS gained since the valley, above the straight line that the slope there would have drawn."""
        return (self._mean - self._base - self._ground * self._climb // self._lag) // self._span

    def _end(self) -> int:
        """The rise is over; the peak is remembered for the recovery."""
        edges = self._hold.step(False)
        if edges:
            self._climb = 0
            self._usual.add(self.amplitude_nsiemens)
            self._peak = self._mean
            self._since_peak = 0
        return edges

    def _follow(self, x: int, slope: int) -> None:
        """Noise, tonic slope and tonic level; the last two stand still while a response rises."""
        noise = self._noise
        step_q8 = (noise.q8 >> 5) + 8
        noise.step(abs(slope - self._slope), step_q8, step_q8)
        self._slope = slope
        if self._hold.on:
            return
        self._tonic += ((x << GUARD) - self._tonic) >> 6

    def _recovery(self) -> int:
        """The level falls from its peak: half of the response's height is its recovery."""
        self._since_peak += 1
        if self._since_peak > self._give_up:
            self._peak = -1
            return 0
        if self._mean > self._peak:
            self._peak = self._mean
            self._since_peak = 0
        if 2 * (self._peak - self._mean) < self.amplitude_nsiemens * self._span:
            return 0
        self._peak = -1
        self.recovery_samples = self._since_peak
        return RECOVERED
