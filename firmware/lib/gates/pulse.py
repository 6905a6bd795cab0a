"""Pulse beats from a photoplethysmogram: an upslope detector that works sample by sample.

Boxcar, slope, sum of positive slopes (Zong et al. 2003, "slope sum function"; Vest et al. 2018, qppg): the sum
peaks once per upstroke. Only at its local maxima (2 to 6 a second) is anything decided: a peak is a beat when it
is high enough for the *phase* at which it comes, measured in the usual interval. Height is the median of the
last 3 beats and the usual interval that of the last 24, so one artefact changes nothing, heights recover within
two beats of a burst of motion, and the rhythm outlasts it.

Surprises: boxcar and slope share one ring (the slope is x[n] - 2 x[n-b] + x[n-2b], summed up), and the beat lies
at the steepest upslope, not at the peak: it is sharper in time and comes earlier. A beat is known about 90 ms
after the systolic peak. With `early` the gate opens as soon as the sum, still rising, passes what its peak must
reach: at about the systolic peak itself. The beat is measured at the peak of the sum as ever, so `MEASURED`, the
intervals and all that the rule learns are the same in both modes, to the bit. A dip in the signal must be
diastole: sources turn reflectance upside down first.

Bounds at |x| <= 131071 and b = 6: slope 2**20.6, slope sum 2**24.2, flatness 2**26.6,
threshold product 2**26.9, interpolation 2**27.0. All grow with b, so b is limited to 12.
"""

from gates.common import CLOSED, OPENED, RunningMedian, clamped, samples_of

MEASURED = 4  # the beat's place, interval and strength are known; comes with OPENED, or a little later when early

LIMIT = 131071  # counts; clamp of the input

# Least height of a beat, in 1/16 of the usual height, by the eighth of the usual interval since the last beat:
# impossible, then suspicious, most welcome a little late; after half an interval more a beat was missed.
PHASE_SHARE = (99, 99, 99, 15, 14, 14, 10, 5, 3, 2, 2, 3, 5, 7, 5, 4)
LARGE_SHARE = 11  # a refused peak this high, again and again half-way between beats, means locked at half rate
LOCKED = 4  # beats in a row with such a peak before them
FLAT = 32  # the slope sum counts as flat when it grows by less than this part of itself: a sample sooner known
FREE_SHARE = 10  # least height while there is no rhythm yet
SMALL_SHARE = 9  # lower than this much of the last tall beat is small; tall and small by turns is a dicrotic wave


class PulseBeats:
    """Gate `pulse.beat`: opens at each beat for `on_ms`.

    After OPENED: `age_q8` says how long before this sample the beat lay (1/256 sample). After MEASURED also
    `interval_q8`, the inter-beat interval (1/256 sample, 0 when the beat before is unknown or implausible), and
    `strength`, the height of the upstroke (counts). When OPENED comes alone, `age_q8` is a first estimate, up to
    two samples late, and the other two are still those of the beat before.
    """

    def __init__(
        self,
        rate_hz: int = 64,
        *,
        boxcar_ms: int = 94,  # half the length of a systolic upstroke; 6 samples at 64 Hz
        refractory_ms: int = 240,  # 250 bpm; the dicrotic wave is kept out by the phase
        on_ms: int = 125,
        early: int = 0,  # 1: opens at about the systolic peak
        learn_ms: int = 2000,  # one beat at 30 bpm
        shortest_ms: int = 240,  # valid inter-beat interval, 0.24 .. 2.1 s: 250 .. 28 bpm
        longest_ms: int = 2100,
        floor_counts: int = 8,  # least upstroke; lower is converter noise
    ) -> None:
        self.rate_hz = rate_hz
        self._box = box = min(12, samples_of(boxcar_ms, rate_hz))
        self._min_on = samples_of(on_ms, rate_hz)
        self._refractory = max(samples_of(refractory_ms, rate_hz), self._min_on)
        self._early = bool(early)
        self._lead = box // 2  # from the early opening to the peak of the sum, at least
        self._learn_samples = samples_of(learn_ms, rate_hz)
        self._shortest_q8 = samples_of(shortest_ms, rate_hz) << 8
        self._longest_q8 = samples_of(longest_ms, rate_hz) << 8
        self._floor = floor_counts * box * box
        self._patience = samples_of(1500, rate_hz)  # then thresholds fall by half each second
        self._long_ago = 8 * rate_hz  # `since` stops counting here
        self._samples = [0] * (2 * box)
        self._rises = [0] * (2 * box)
        self._one = [0]
        self.taken = 0
        self._heights = RunningMedian(3)
        self._intervals = RunningMedian(24)
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
        self._top = -1
        self._foreseen = False  # the gate has opened early for this upstroke
        self._since = self._long_ago  # samples since the last beat was confirmed
        self._last_age_q8 = 0
        self._refused = 0
        self._refused_now = False
        self._tall = 0  # height of the last tall beat
        self._small = 0  # small beats since then
        self._turns = 0  # tall beats in a row with a small one behind them

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
        return max(self._threshold(self._since), self._floor) // (self._box * self._box)

    def step(self, x: int) -> int:
        """One sample (counts); returns a mask of OPENED, CLOSED and MEASURED."""
        self._one[0] = x if -LIMIT <= x <= LIMIT else clamped(x, LIMIT)
        return self.run(self._one, 0, True)

    def run(self, samples: list[int] | tuple[int, ...], first: int = 0, clean: bool = False) -> int:
        """Samples from place `first` on, up to and with the first that has an edge: its mask, 0 when none has.

        `taken` is the place behind the last sample used. However samples are cut, the edges are the same. `clean` says
        that all lie within LIMIT, as the timeline's chunks do.
        """
        if not clean and (max(samples) > LIMIT or min(samples) < -LIMIT):
            samples = [clamped(x, LIMIT) for x in samples]
        edges = 0
        end = len(samples)
        while first < end and not edges:
            count = self._climb(samples, first, end)
            first += count
            edges = self._pass(count)
            if self._top >= 0:
                edges |= self._peak(self._top)
                self._foreseen = False
            elif self._early and self._rising and not self._on_left and not self._foreseen:
                edges |= self._foresee(self._sum)
        self.taken = first
        return edges

    def _climb(self, samples: list[int] | tuple[int, ...], first: int, end: int) -> int:
        """Boxcar, slope and slope sum, until there is something to decide; returns how many samples that took.

        That is where the sum has stopped to grow (`_top` is its peak, else -1), where a counter runs out, and, while
        the gate may open early, wherever the sum grows.
        """
        if self._on_left:
            end = min(end, first + self._on_left)
        if self._learn:
            end = min(end, first + self._learn)
        foresees = self._early and not self._on_left and not self._foreseen
        line = self._samples
        rises = self._rises
        box = self._box
        size = 2 * box
        slope = self._slope
        total = self._sum
        rising = self._rising
        top = -1
        at = self._at if self._at >= 0 else self._begin(samples[first])
        k = first
        for k in range(first, end):
            x = samples[k]
            slope += x - 2 * line[at - box] + line[at]
            line[at] = x
            if slope > 0:
                change = slope - rises[at]
                rises[at] = slope
            else:
                change = -rises[at]
                rises[at] = 0
            at += 1
            if at == size:
                at = 0
            if change > 0 and change * FLAT > total:
                rising = True
                if foresees:
                    total += change
                    break
            elif rising:
                rising = False
                top = total
                total += change
                break
            total += change
        self._at = at
        self._slope = slope
        self._sum = total
        self._rising = rising
        self._top = top
        return k + 1 - first

    def _pass(self, count: int) -> int:
        """Time goes on by samples between which nothing was due."""
        self._since = min(self._since + count, self._long_ago)
        if self._learn:
            self._learn -= count
            if not self._learn:
                self._heights.add(self._learnt)
        if self._on_left:
            self._on_left -= count
            if not self._on_left:
                return CLOSED
        return 0

    def _begin(self, x: int) -> int:
        for k in range(2 * self._box):
            self._samples[k] = x
            self._rises[k] = 0
        return 0

    def _foresee(self, height: int) -> int:
        """The slope sum rises: is it already what its peak, a little later, would have to reach?"""
        since = self._since
        if height < self._floor or self._learn or since + self._lead < self._refractory:
            return 0
        if height < self._threshold(since + self._lead):
            return 0
        self._foreseen = True
        self._locate()
        self._on_left = self._min_on
        return OPENED

    def _peak(self, height: int) -> int:
        """The slope sum stopped to grow one sample ago."""
        if height < self._floor:
            return 0
        if self._learn:
            self._listen(height)
            return 0
        if self._since < self._refractory or not self._accepted(height):
            return 0
        self._beat(height)
        if self._foreseen or self._on_left:  # opened early, or still open across a gap
            return MEASURED
        self._on_left = self._min_on
        return OPENED | MEASURED

    def _listen(self, height: int) -> None:
        """While learning: the largest height, and where the last large peak lay, so that the first beat has a phase."""
        if 2 * height >= self._learnt and (self._since >= self._refractory or height > self._learnt):
            self._locate()
            self._last_age_q8 = self.age_q8
            self._since = 0
        self._learnt = max(self._learnt, height)

    def _accepted(self, height: int) -> bool:
        since = self._since
        if height >= self._threshold(since):
            return True
        if 3 <= self._phase(since) <= 6 and height >= (self._heights.value >> 4) * LARGE_SHARE:
            self._refused_now = True
        return False

    def _phase(self, since: int) -> int:
        """Eighths of the usual interval since the last beat, 15 at most and while there is no rhythm."""
        rhythm_q8 = self._intervals.value
        return min(15, 2048 * since // rhythm_q8) if rhythm_q8 else 15

    def _threshold(self, since: int) -> int:
        """Least slope sum of a beat `since` samples after the last."""
        rhythm_q8 = self._intervals.value
        late = since - (rhythm_q8 >> 8) if rhythm_q8 else since - self._patience
        threshold = (self._heights.value >> 4) * (PHASE_SHARE[self._phase(since)] if rhythm_q8 else FREE_SHARE)
        if late > 0:  # overdue: the contact may have become weaker
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
        if self._refused >= LOCKED:  # at half the rate
            self._intervals.clear()
            self._refused = 0
        if self._alternates(height):  # at twice or three times the rate
            self._intervals.clear()
            self._heights.clear()
            self._heights.add(self._tall)
        self.interval_q8 = interval_q8
        self.strength = height // (self._box * self._box)
        self._last_age_q8 = self.age_q8
        self._since = 0

    def _alternates(self, height: int) -> bool:
        """Tall beats with one or two small ones between them, LOCKED times in a row."""
        if height < (self._tall >> 4) * SMALL_SHARE:
            self._small += 1
            if self._small == 1:
                self._turns += 1
            elif self._small > 2:  # the pulse has become weaker
                self._tall = height
                self._small = self._turns = 0
        else:
            if not self._small:
                self._turns = 0
            self._tall = height
            self._small = 0
        if self._turns < LOCKED:
            return False
        self._turns = 0
        return True

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
