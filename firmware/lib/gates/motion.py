"""Movement from three axes: energy, and the two gates active and still.

Energy is the mean jerk (sum over the axes of |change from sample to sample|, Karantonis et al. 2006 use the same
L1 sum), smoothed over half a second: no multiplication, no square root, and gravity drops out by itself.

Surprises: active and still are not opposites. Between them lies the small restless movement of a sitting person.
And `active` has two meanings: with `own_half_life_ms` it opens in the livelier quarter of this wearer's movement
(from `active_least` up), without it at `active_on` for everybody, which is what the pulse's quality needs.
Bounds: jerk <= 3 * 256, energy 768 << 8 = 2**17.6; own threshold 2**13.6 << 8.
"""

from gates.common import Debounce, Switch, clamped, samples_of
from gates.own import OwnThreshold

LIMIT = 128  # 1/64 g; clamp of the input
GUARD = 8
OWN = 4  # guard bits of the own threshold
ENERGY_MOST = 1 << 18  # counts << GUARD; above all

ACTIVE_OPENED = 1
ACTIVE_CLOSED = 2
STILL_OPENED = 4
STILL_CLOSED = 8


class Movement:
    """Gates `motion.active` and `motion.still`. `energy_q8` is in 1/256 of 1/64 g of jerk per sample."""

    def __init__(
        self,
        rate_hz: int = 32,
        *,
        smooth_ms: int = 500,
        active_on: int = 8,  # 1/64 g per sample; above it wrist pulse is unreliable (signals.md, 3.3)
        active_off: int = 4,
        active_least: int = 3,  # a sitting wearer's median is 1 to 3
        own_half_life_ms: int = 0,  # 0: the threshold is the same for everybody
        still_below: int = 3,  # a sitting wearer's median is 1 to 3
        min_on_ms: int = 500,
        min_off_ms: int = 500,
        still_after_ms: int = 3_000,
    ) -> None:
        self._shift = 0
        while (2 << self._shift) <= samples_of(smooth_ms, rate_hz):
            self._shift += 1
        min_on, min_off = samples_of(min_on_ms, rate_hz), samples_of(min_off_ms, rate_hz)
        self._active = Switch(active_on << GUARD, active_off << GUARD, min_on, min_off)
        self._own = None
        if own_half_life_ms:
            self._own = OwnThreshold(
                1, active_least << OWN, 4 * active_on << OWN, 3, 1, own_half_life_ms, fast_ms=12_000
            )
        self._every = rate_hz
        self._still = Debounce(samples_of(still_after_ms, rate_hz), min_on)
        self._still_below = still_below << GUARD
        self._one = [0, 0, 0]
        self.taken = 0
        self.reset()

    def reset(self) -> None:
        self._active.reset()
        self._still.reset()
        self._until_own = self._every  # samples until its next step
        if self._own:
            self._own.reset()
            self._follow_own(self._own, 0)
        self.energy_q8 = 0
        self.gap()

    def gap(self) -> None:
        """Samples are missing: no jerk is taken across the hole."""
        self._empty = True
        self._x = self._y = self._z = 0
        self._still.gap()

    @property
    def active(self) -> bool:
        return self._active.on

    @property
    def still(self) -> bool:
        return self._still.on

    def step(self, x: int, y: int, z: int) -> int:
        """One sample of three axes (1/64 g); returns a mask of ACTIVE_* and STILL_* edges."""
        self._one[0] = x
        self._one[1] = y
        self._one[2] = z
        return self.run(self._one)

    def run(self, samples: list[int] | tuple[int, ...], first: int = 0, clean: bool = False) -> int:
        """Samples (x, y, z, x, ...) from place `first` on, up to and with the first that has an edge: its mask.

        0 when none has; `taken` is the place behind the last one used. However samples are cut, the edges are the same.
        `clean` says that all lie within LIMIT, as the timeline's chunks do.
        """
        if not clean and (max(samples) > LIMIT or min(samples) < -LIMIT):
            samples = [clamped(value, LIMIT) for value in samples]
        edges = 0
        end = len(samples)
        while first < end and not edges:
            count = self._shake(samples, first, end)
            edges = self._decide(count)
            first += 3 * count
        self.taken = first
        return edges

    def _shake(self, samples: list[int] | tuple[int, ...], first: int, end: int) -> int:
        """Energy, until a threshold is passed or a counter runs out; returns how many samples (of 3) that took."""
        hold, still = self._active.hold, self._still
        low, high = 0, ENERGY_MOST
        if hold.left:
            end = min(end, first + 3 * hold.left)
        elif hold.on:
            low = self._active.off_at
        else:
            high = self._active.on_at
        if still.run:
            end = min(end, first + 3 * still.left)
        if self._own:
            end = min(end, first + 3 * self._until_own)
        if still.on != bool(still.run):
            high = min(high, self._still_below)
        else:
            low = max(low, self._still_below)
        if self._empty:
            self._empty = False
            self._x, self._y, self._z = samples[first], samples[first + 1], samples[first + 2]
        x0, y0, z0 = self._x, self._y, self._z
        energy, shift, count = self.energy_q8, self._shift, 0
        axes = samples[first:end:3], samples[first + 1 : end : 3], samples[first + 2 : end : 3]
        for x, y, z in zip(*axes):  # noqa: B905 - MicroPython's zip knows no `strict`
            energy += ((abs(x - x0) + abs(y - y0) + abs(z - z0) << GUARD) - energy) >> shift
            x0, y0, z0 = x, y, z
            count += 1
            if not low <= energy < high:
                break
        self._x, self._y, self._z = x0, y0, z0
        self.energy_q8 = energy
        return count

    def _decide(self, count: int) -> int:
        """So many samples have passed, of which only the last may have passed a threshold."""
        energy = self.energy_q8
        if self._own:
            self._until_own -= count
            if not self._until_own:
                self._follow_own(self._own, energy)
        switch, still = self._active, self._still
        hold = switch.hold
        edges = 0
        active = energy >= (switch.off_at if hold.on else switch.on_at)
        if active != hold.on or hold.left:
            edges = hold.step(active, count)
        calm = energy < self._still_below
        if calm != still.on:
            edges |= still.step(calm, count if still.run else 1) << 2
        else:
            still.run = 0
        return edges

    def _follow_own(self, own: OwnThreshold, energy_q8: int) -> None:
        """Once a second: where `active` opens for this wearer; it closes at two thirds of that."""
        self._until_own = self._every
        on_at = own.step(energy_q8 >> (GUARD - OWN)) << (GUARD - OWN)
        self._active.on_at = on_at
        self._active.off_at = on_at * 2 // 3
