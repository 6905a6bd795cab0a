"""Is the sensor on a body? From skin conductance first, a flat pulse second, skin temperature only as a hint.

Dry electrodes off the skin read below 0.05 uS (Kleckner et al. 2018 use 0.05 uS as the floor of valid data).
Surprises: an E4 off the wrist does not read a flat pulse (its gain runs up and shows noise), so flatness only ever
adds evidence; and people in cool rooms have wrists of 28 C, so Kleckner's 30 to 40 C is no condition here: a
cold sensor asks for a longer look before it is believed to be worn, and a shorter one before it is taken off.
"""

from gates.common import Debounce, samples_of

MISSING = -1  # for a signal that this source does not have


class Contact:
    """Gate `contact.worn`. Feed `pulse(x)` at the pulse's rate and `step(...)` at `rate_hz`.

    `worn` is the state; after an edge `age_q8` says how many samples (1/256) before this one the change began.
    """

    def __init__(
        self,
        rate_hz: int = 4,
        *,
        open_nsiemens: int = 50,
        confirm_on_ms: int = 2_000,
        confirm_off_ms: int = 1_500,  # with filters and transport: closed within 3 s
        flat_counts: int = 16,  # pulse span within one step of this rule
        flat_ms: int = 2_500,  # longer than the flattest stretch of one beat at 30 bpm
        cold_centi: int = 2_600,
    ) -> None:
        self._open_nsiemens = open_nsiemens
        self._confirm_on = samples_of(confirm_on_ms, rate_hz)
        self._confirm_off = samples_of(confirm_off_ms, rate_hz)
        self._flat_counts = flat_counts
        self._flat_samples = samples_of(flat_ms, rate_hz)
        self._cold_centi = cold_centi
        self._state = Debounce(self._confirm_on, self._confirm_off)
        self.reset()

    def reset(self) -> None:
        self._state.reset()
        self.age_q8 = 0
        self.gap()

    def gap(self) -> None:
        """Samples are missing: confirmations start again, the state stays."""
        self._state.gap()
        self._flat = 0
        self._pulses = 0
        self._low = 0
        self._high = 0

    @property
    def worn(self) -> bool:
        return self._state.on

    def pulse(self, x: int) -> None:
        """One pulse sample (counts)."""
        if not self._pulses:
            self._low = self._high = x
        elif x < self._low:
            self._low = x
        elif x > self._high:
            self._high = x
        self._pulses = 1

    def step(self, eda_nsiemens: int, temp_centi: int) -> int:
        """One sample of conductance (nS) and temperature (centi-C), MISSING where there is none."""
        if self._pulses:
            flat = self._high - self._low < self._flat_counts
            self._flat = min(self._flat + 1, self._flat_samples) if flat else 0
            self._pulses = 0
        connected = eda_nsiemens >= self._open_nsiemens or eda_nsiemens == MISSING
        cold = 0 <= temp_centi < self._cold_centi
        state = self._state
        state.confirm_on = self._confirm_on << 1 if cold else self._confirm_on
        state.confirm_off = max(1, self._confirm_off >> 1) if cold else self._confirm_off
        edges = state.step(connected and self._flat < self._flat_samples)
        if edges:
            self.age_q8 = state.age << 8
        return edges
