"""Does the sensor sit well, and when does the heart beat: the host's own rules, on the board, for its LED alone.

Runs in the main loop, a few samples a turn, at the chip's 100 Hz without resampling (the rule takes any rate). What
the loop has missed for long is skipped: a lamp that shows old beats would lie. Allocates nothing, like the callback.
Costs about 5 % of an RP2040 (tests/firmware/test_cpu_budget.py prints the estimate).
"""

from micropython import const

from gates.common import OPENED
from gates.contact import MISSING, Contact
from gates.pulse import LIMIT, PulseBeats
from wire.table import (
    BVP,
    CHIP_OK,
    EDA,
    EDA_BIAS_UV,
    EDA_CODE_NV,
    EDA_FEEDBACK_OHM,
    EDA_SERIES_OHM,
    MASK,
    TEMP,
)

_RATE_HZ = const(100)
_A_TURN = const(8)  # samples: the loop must go on
_LATE = const(100)  # one second behind: give up and begin anew
_REGULAR = const(3)  # plausible intervals in a row
_FORGET = const(250)  # samples without a beat

_CANCEL = const(10_000)  # from numerator and denominator, so that nothing passes 2^30
_SCALE = EDA_BIAS_UV * 1000 // EDA_CODE_NV * (EDA_FEEDBACK_OHM // _CANCEL)
_SERIES = EDA_SERIES_OHM // _CANCEL
_CODES_MAX = const(10_000)  # 1.2 uS: far above what decides about contact


def nanosiemens(code: int) -> int:
    """The host's conversion, uncalibrated: 10^9 * code / (scale - series * code), rounded."""
    code = min(max(code, 0), _CODES_MAX)
    left = _SCALE - _SERIES * code
    return (1_000_000_000 // _CANCEL * code + (left >> 1)) // left


class Heartbeat:
    """`worn`: on a body. `regular`: beats come one after the other. `on`: a beat, for an eighth of a second."""

    def __init__(self, sampler) -> None:  # type: ignore[no-untyped-def]
        self._sampler = sampler
        self._ring = sampler.rings[BVP]
        self._eda = sampler.rings[EDA]
        self._next = self._eda_next = 0
        self._beats = PulseBeats(_RATE_HZ)
        self._contact = Contact()
        self._in_a_row = 0
        self._since = 0

    @property
    def worn(self) -> bool:
        return self._contact.worn and bool(self._sampler.pulse.contact)

    @property
    def regular(self) -> bool:
        return self._in_a_row >= _REGULAR

    @property
    def on(self) -> bool:
        return self._beats.on

    def turn(self) -> None:
        """Take a few of the samples that have come since the last turn."""
        ring = self._ring
        if (ring.head - self._next) & MASK > _LATE:
            self._next = ring.head
            self._gap()
        left = _A_TURN
        while left and self._next != ring.head:
            left -= 1
            slot = self._next & (ring.capacity - 1)
            self._next = (self._next + 1) & MASK
            if ring.stamps[slot] < 0:
                self._gap()
            else:
                self._pulse(ring.data, slot * ring.width)
        if self._eda_next != self._eda.head:
            self._eda_next = self._eda.head
            self._contact.step(self._conductance(), self._temperature())

    def _gap(self) -> None:
        self._beats.gap()
        self._in_a_row = 0

    def _pulse(self, data, at: int) -> None:  # type: ignore[no-untyped-def]
        x = LIMIT - (data[at] | data[at + 1] << 8 | data[at + 2] << 16)  # more blood, less light
        self._contact.pulse(x)
        self._since += 1
        if self._beats.step(x) & OPENED:
            self._in_a_row = min(self._in_a_row + 1, _REGULAR) if self._beats.interval_q8 else 0
            self._since = 0
        elif self._since > _FORGET:
            self._since = self._in_a_row = 0

    def _conductance(self) -> int:
        return nanosiemens(self._value(EDA)) if self._sampler.states[EDA] == CHIP_OK else MISSING

    def _temperature(self) -> int:
        return self._value(TEMP) * 25 >> 5 if self._sampler.states[TEMP] == CHIP_OK else MISSING

    def _value(self, number: int) -> int:
        """The newest sample of a slow signal, signed; 0 while there is none."""
        ring = self._sampler.rings[number]
        at = ring.newest()
        if at < 0:
            return 0
        high = ring.data[at + 1]
        return (high - 0x100 if high & 0x80 else high) << 8 | ring.data[at]
