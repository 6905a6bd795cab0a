"""Breath from the pulse: inhaling quickens the heart and weakens the pulse's height, exhaling undoes both.

Respiratory sinus arrhythmia and the height of the pulse wave are two of the three modulations by which a pulse
carries breath (Charlton et al. 2018, IEEE Rev. Biomed. Eng. 11); the third, the baseline, is drowned by movement.
Each is taken as its distance from its own mean over eight beats in units of its own usual distance, so that neither
drowns the other. Their sum is held from beat to beat at 8 ticks a second and goes through two boxcars: the newest
second less the second 1.25 s before. That is a slope and a band-pass in one, 0.1 to 0.5 Hz, exact at DC. It falls while
the wearer inhales.

Surprises: the gate speaks about two seconds late (`age_q8` says how late): half of that is the heart, which tells
something once a beat. And the phase between lungs and heart is a person's own, so `breath.in` is the phase in which the
heart quickens, not a spirometer. Irregular beats silence the rule: modulation cannot be told from missed beats.
Bounds: interval 2**16, strength 2**18 at 4 guard bits 2**22, distance times 256 2**26; ticks 2 * 1024, slope 2 * 8 of
them 2**15.
"""

from gates.common import OPENED, Cadence, FrugalSize, Hold, RunningMean, RunningMedian, clamped, samples_of

TICKS_HZ = 8
BOX = 8  # ticks: 1 s
LAG = 10  # ticks: 1.25 s
INTERVAL_LIMIT = 1 << 16  # Q8 samples: 2 s at 128 Hz
STRENGTH_LIMIT = 1 << 18  # counts
PART_LIMIT = 1024  # four usual distances
GOOD_MOST = 12


class _Modulation:
    """One quantity of the beat as distance from its own mean, 256 to its usual distance."""

    def __init__(self) -> None:
        self._mean = RunningMean(3, 4)
        self._size = FrugalSize(5)

    def reset(self) -> None:
        self._mean.reset()
        self._size.reset()

    def step(self, x: int) -> int:
        away = x - (self._mean.step(x) >> 4)
        self._size.step(abs(away))
        usual = self._size.value + 1
        return clamped((away << 8) // usual, PART_LIMIT)


class BreathFromPulse:
    """Gate `breath.in`. Call `step_beat` at every beat, and `step` at every sample of the pulse or `run` for many.

    After OPENED and CLOSED `age_q8` says how long before this sample the turn lay (1/256 sample), after OPENED `depth`
    is the swing of the last breath (512 is usual). `period_samples` is the usual breath (0: unknown), `usable` whether
    the beats have been regular enough to tell.
    """

    def __init__(
        self,
        rate_hz: int = 64,
        *,
        min_on_ms: int = 500,
        min_off_ms: int = 500,
        hysteresis_256th: int = 80,  # of the usual slope
        shortest_ms: int = 1_800,  # a breath: 33 a minute
        longest_ms: int = 12_000,  # 5 a minute
        regular_256th: int = 64,  # an interval this much off the median says nothing
    ) -> None:
        self.rate_hz = rate_hz
        self._every = max(1, rate_hz // TICKS_HZ)  # samples a tick
        ticks_hz = rate_hz // self._every
        self._hold = Hold(samples_of(min_on_ms, ticks_hz), samples_of(min_off_ms, ticks_hz))
        self._cadence = Cadence(samples_of(shortest_ms, ticks_hz), samples_of(longest_ms, ticks_hz))
        self._hysteresis = hysteresis_256th
        self._regular = regular_256th
        self._patience = 3 * rate_hz  # no beat for so long: no breath either
        self._interval = _Modulation()
        self._strength = _Modulation()
        self._intervals = RunningMedian(8)
        self._slope_size = FrugalSize(6)
        self._held = [0] * (BOX + LAG)
        self.reset()

    def reset(self) -> None:
        """A new wearer."""
        self._interval.reset()
        self._strength.reset()
        self._intervals.clear()
        self._slope_size.reset()
        self._cadence.reset()
        self._hold.reset()
        self.age_q8 = 0
        self.depth = 0
        self.gap()

    def gap(self) -> None:
        """Samples are missing: the filters start again, what is usual stays."""
        for k in range(len(self._held)):
            self._held[k] = 0
        self._at = 0
        self._wait = self._every  # samples until the next tick
        self.taken = 0
        self._value = 0
        self._new_sum = 0
        self._old_sum = 0
        self._top = 0
        self._bottom = 0
        self._quiet = 0  # samples since the last beat
        self._good = 0
        self._cadence.gap()

    @property
    def on(self) -> bool:
        return self._hold.on

    @property
    def usable(self) -> bool:
        return self._good > GOOD_MOST >> 1

    @property
    def period_samples(self) -> int:
        return self._cadence.spacing * self._every

    def step_beat(self, interval_q8: int, strength: int) -> None:
        """A beat was said: its interval (1/256 sample, 0 unknown) and the height of its upstroke (counts)."""
        self._quiet = 0
        usual = self._intervals.value
        if not interval_q8:
            self._good = max(self._good - 4, 0)
            return
        interval_q8 = min(interval_q8, INTERVAL_LIMIT)
        self._intervals.add(interval_q8)
        if not usual or abs(interval_q8 - usual) > (usual >> 8) * self._regular:
            self._good = max(self._good - 4, 0)
            return
        self._good = min(self._good + 1, GOOD_MOST)
        quickness = self._interval.step(interval_q8)
        height = self._strength.step(min(max(strength, 0), STRENGTH_LIMIT))
        self._value = quickness + height

    def step(self) -> int:
        """One sample of the pulse has passed; returns OPENED, CLOSED or 0."""
        return self.run(1)

    def run(self, samples: int) -> int:
        """So many samples of the pulse pass, up to and with the first that has an edge: OPENED, CLOSED, 0 for none.

        `taken` says how many passed; no beat may lie between them.
        """
        left = samples
        edges = 0
        while left >= self._wait and not edges:
            left -= self._wait
            edges = self._tick()
        if not edges:
            self._wait -= left
            left = 0
        self.taken = samples - left
        return edges

    def _tick(self) -> int:
        """The slope is the newest second less the second LAG ticks before it; the ring is as long as both."""
        self._wait = self._every
        held = self._held
        at = self._at
        old = self._old_sum + held[at - LAG] - held[at]
        new = self._new_sum + self._value - held[at - BOX]
        held[at] = self._value
        self._at = at + 1 if at + 1 < BOX + LAG else 0
        self._old_sum = old
        self._new_sum = new
        if new > self._top:
            self._top = new
        elif new < self._bottom:
            self._bottom = new
        if self._quiet < self._patience:
            self._quiet += self._every
        else:
            self._good = 0
        if self._good > GOOD_MOST >> 1:  # usable
            return self._decide(new - old)
        self._cadence.gap()
        return self._hold.step(False)

    def _decide(self, slope: int) -> int:
        """The gate follows the slope's sign, with a margin that is a share of its usual size."""
        self._slope_size.step(abs(slope))
        margin = (self._slope_size.value * self._hysteresis) >> 8
        hold = self._hold
        wanted = -slope > (-margin if hold.on else margin)
        edges = hold.step(wanted) if wanted != hold.on or hold.left else 0
        self._cadence.step(edges == OPENED)
        if edges:
            self.age_q8 = self._lag_q8()
            if edges == OPENED:
                self.depth = (self._top - self._bottom) // BOX
                self._top = self._bottom = self._new_sum
        return edges

    def _lag_q8(self) -> int:
        """Filter delay, and half a beat of waiting, and the quarter that an interval lies in the past on average."""
        usual = self._intervals.value
        return ((BOX + LAG) * self._every << 7) + (usual >> 1) + (usual >> 2)
