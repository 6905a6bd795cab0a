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
            self._own = OwnThreshold(4, active_least << OWN, 4 * active_on << OWN, 3, 1, own_half_life_ms)
        self._every = max(1, rate_hz // 4)
        self._still = Debounce(samples_of(still_after_ms, rate_hz), min_on)
        self._still_below = still_below << GUARD
        self.reset()

    def reset(self) -> None:
        self._active.reset()
        self._still.reset()
        self._until_own = 0
        if self._own:
            self._own.reset()
            self._follow_own(0)
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
        if not (-LIMIT <= x <= LIMIT and -LIMIT <= y <= LIMIT and -LIMIT <= z <= LIMIT):
            x, y, z = clamped(x, LIMIT), clamped(y, LIMIT), clamped(z, LIMIT)
        if self._empty:
            self._empty = False
            self._x, self._y, self._z = x, y, z
        jerk = abs(x - self._x) + abs(y - self._y) + abs(z - self._z)
        self._x = x
        self._y = y
        self._z = z
        energy = self.energy_q8
        energy += ((jerk << GUARD) - energy) >> self._shift
        self.energy_q8 = energy
        if self._own:
            self._until_own -= 1
            if self._until_own < 0:
                self._follow_own(energy)
        # What nearly always happens, that nothing changes, costs no call.
        switch = self._active
        hold = switch.hold
        edges = 0
        if hold.left or (energy >= (switch.off_at if hold.on else switch.on_at)) != hold.on:
            edges = switch.step(energy)
        debounce = self._still
        if (energy < self._still_below) != debounce.on:
            edges |= debounce.step(not debounce.on) << 2
        elif debounce.run:
            debounce.run = 0
        return edges

    def _follow_own(self, energy_q8: int) -> None:
        """Four times a second: where `active` opens for this wearer; it closes at two thirds of that."""
        self._until_own = self._every - 1
        if self._own:
            on_at = self._own.step(energy_q8 >> (GUARD - OWN)) << (GUARD - OWN)
            self._active.on_at = on_at
            self._active.off_at = on_at * 2 // 3
