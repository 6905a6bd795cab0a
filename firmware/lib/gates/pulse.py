"""Pulse beats from a photoplethysmogram: an upslope detector that works sample by sample.

Boxcar, slope, sum of positive slopes (Zong et al. 2003, "slope sum function"; Vest et al. 2018, qppg): the sum
peaks once per upstroke. Only at its local maxima (2 to 6 a second) is anything decided: a peak is a beat when it
is high enough for the *phase* at which it comes, measured in the usual interval. Thresholds are medians of the
last eight beats, so one artefact changes nothing.

Surprises: boxcar and slope share one ring (the slope is x[n] - 2 x[n-b] + x[n-2b], summed up), and the beat lies
at the steepest upslope, not at the peak: it is sharper in time and comes earlier. A beat is known about 90 ms
after the systolic peak. A dip in the signal must be diastole: sources turn reflectance upside down first.

Bounds at |x| <= 131071 and b = 6: slope 2**20.6, slope sum 2**24.2, threshold product 2**26.9,
interpolation 2**27.0. All grow with b, so b is limited to 12.
"""

from gates.common import CLOSED, OPENED, RunningMedian, samples_of

LIMIT = 131071  # counts; clamp of the input

# Least height of a beat, in 1/16 of the usual height, by the eighth of the usual interval since the last beat:
# impossible, then suspicious, then ever more welcome.
PHASE_SHARE = (99, 99, 99, 14, 13, 14, 11, 6, 5, 5, 5, 5, 5, 5, 4, 4)
LARGE_SHARE = 9  # a refused peak this high, again and again half-way between beats, means locked at half rate
FREE_SHARE = 8  # least height while there is no rhythm yet


class PulseBeats:
    """Gate `pulse.beat`: opens at each beat for `on_ms`.

    After OPENED: `age_q8` says how long before this sample the beat lay (1/256 sample), `interval_q8` the
    inter-beat interval (1/256 sample, 0 when the beat before is unknown or implausible), `strength` the height of
    the upstroke (counts).
    """

    def __init__(
        self,
        rate_hz: int = 64,
        *,
        boxcar_ms: int = 94,  # half the length of a systolic upstroke; 6 samples at 64 Hz
        refractory_ms: int = 280,  # 214 bpm; with 1/8-phase table: the dicrotic wave is never a beat
        on_ms: int = 125,
        learn_ms: int = 2000,  # one beat at 30 bpm
        shortest_ms: int = 250,  # valid inter-beat interval, 0.25 .. 2 s
        longest_ms: int = 2000,
        floor_counts: int = 8,  # least upstroke; lower is converter noise
    ) -> None:
        self.rate_hz = rate_hz
        self._box = box = min(12, samples_of(boxcar_ms, rate_hz))
        self._refractory = samples_of(refractory_ms, rate_hz)
        self._min_on = samples_of(on_ms, rate_hz)
        self._learn_samples = samples_of(learn_ms, rate_hz)
        self._shortest_q8 = samples_of(shortest_ms, rate_hz) << 8
        self._longest_q8 = samples_of(longest_ms, rate_hz) << 8
        self._floor = floor_counts * box * box
        self._patience = samples_of(1500, rate_hz)  # then thresholds fall by half each second
        self._long_ago = 8 * rate_hz  # `since` stops counting here
        self._samples = [0] * (2 * box)
        self._rises = [0] * (2 * box)
        self._heights = RunningMedian(8)
        self._intervals = RunningMedian(8)
        self.reset()

    def reset(self) -> None:
        """A new wearer: forget rhythm and heights, learn anew for `learn_ms`."""
        self._heights.clear()
        self._intervals.clear()
        self._learn = self._learn_samples
        self._learnt = 0
        self._on_left = 0
        self.age_q8 = 0
        self.interval_q8 = 0
        self.strength = 0
        self.gap()

    def gap(self) -> None:
        """Samples are missing: the next one starts a new run, rhythm and heights stay."""
        self._at = -1
        self._slope = 0
        self._sum = 0
        self._rising = False
        self._since = self._long_ago  # samples since the last beat was confirmed
        self._last_age_q8 = 0
        self._refused = 0
        self._refused_now = False

    @property
    def on(self) -> bool:
        return self._on_left > 0

    @property
    def height(self) -> int:
        """The upstroke as it stands (counts); its peaks are compared with `threshold`."""
        return self._sum // (self._box * self._box)

    @property
    def threshold(self) -> int:
        """What the upstroke must reach to be a beat now (counts)."""
        return max(self._threshold(), self._floor) // (self._box * self._box)

    def step(self, x: int) -> int:
        """One sample (counts); returns OPENED, CLOSED or 0."""
        if x > LIMIT:
            x = LIMIT
        elif x < -LIMIT:
            x = -LIMIT
        at = self._at
        samples = self._samples
        box = self._box
        if at < 0:
            at = self._begin(x)
        oldest = samples[at]
        slope = self._slope + x - 2 * samples[at + box if at < box else at - box] + oldest
        samples[at] = x
        self._slope = slope
        rise = slope if slope > 0 else 0
        rises = self._rises
        change = rise - rises[at]
        rises[at] = rise
        at += 1
        self._at = at if at < 2 * box else 0
        self._since += 1
        edges = 0
        if self._on_left:
            self._on_left -= 1
            if not self._on_left:
                edges = CLOSED
        if self._learn:
            self._learn -= 1
            if not self._learn:
                self._heights.add(self._learnt)
        if change > 0:
            self._rising = True
        elif change < 0 and self._rising:
            self._rising = False
            edges |= self._peak(self._sum)
        self._sum += change
        return edges

    def _begin(self, x: int) -> int:
        for k in range(2 * self._box):
            self._samples[k] = x
            self._rises[k] = 0
        return 0

    def _peak(self, height: int) -> int:
        """A local maximum of the slope sum, one sample ago."""
        self._since = min(self._since, self._long_ago)
        if height < self._floor:
            return 0
        if self._learn:
            self._learnt = max(self._learnt, height)
            return 0
        if self._since < self._refractory or self._on_left or not self._accepted(height):
            return 0
        self._beat(height)
        return OPENED

    def _accepted(self, height: int) -> bool:
        if height >= self._threshold():
            return True
        if 3 <= self._phase() <= 6 and height >= (self._heights.value >> 4) * LARGE_SHARE:
            self._refused_now = True
        return False

    def _phase(self) -> int:
        """Eighths of the usual interval since the last beat, 15 at most and while there is no rhythm."""
        rhythm_q8 = self._intervals.value
        return min(15, 2048 * self._since // rhythm_q8) if rhythm_q8 else 15

    def _threshold(self) -> int:
        """Least slope sum of a beat now, at this phase."""
        since = self._since
        rhythm_q8 = self._intervals.value
        late = since - (rhythm_q8 >> 7) if rhythm_q8 else since - self._patience
        threshold = (self._heights.value >> 4) * (PHASE_SHARE[self._phase()] if rhythm_q8 else FREE_SHARE)
        if late > 0:  # nothing came for long: the contact may have become weaker
            threshold >>= 1 + late // self.rate_hz
        return threshold

    def _beat(self, height: int) -> None:
        self._locate()
        since = self._since
        interval_q8 = (since << 8) + self._last_age_q8 - self.age_q8
        if since >= self._long_ago or not self._shortest_q8 <= interval_q8 <= self._longest_q8:
            interval_q8 = 0
        else:
            self._intervals.add(interval_q8)
        self._heights.add(height)
        self._refused = self._refused + 1 if self._refused_now else 0
        self._refused_now = False
        if self._refused >= 3:
            self._intervals.clear()
            self._refused = 0
        self.interval_q8 = interval_q8
        self.strength = height // (self._box * self._box)
        self._last_age_q8 = self.age_q8
        self._since = 0
        self._on_left = self._min_on

    def _locate(self) -> None:
        """The steepest upslope of the last ring, by a parabola through three slopes; |a - c| < 2**20.1."""
        rises = self._rises
        size = len(rises)
        steepest = max(rises)
        at = rises.index(steepest)
        back = (self._at - 1 - at) % size  # samples before this one
        before = rises[at - 1]
        after = rises[at + 1 if at + 1 < size else 0]
        bend = 2 * steepest - before - after
        later_q8 = 0
        if 0 < back < size - 1 and bend > 0:
            later_q8 = ((after - before) << 7) // bend
        # The slope filter looks back box - 1/2 samples.
        self.age_q8 = (back << 8) - later_q8 + (self._box << 8) - 128
