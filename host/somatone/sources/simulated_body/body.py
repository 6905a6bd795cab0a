"""`SimulatedBody`: the parts put together, as records for the virtual board's chips and as signals for the rules.

The body is drawn second by second: everything is a function of time plus noise that depends only on the seed and
the second, so any split into blocks gives the same bytes. Things asked for live (`startle`, `take_off`,
`put_on`) happen at the earliest in the first second that is not yet drawn; the call returns when.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from somatone.sources.simulated_body.heart import Heart
from somatone.sources.simulated_body.movement import Motion
from somatone.sources.simulated_body.profile import BodyProfile
from somatone.sources.simulated_body.skin import Response, Skin
from somatone.sources.simulated_body.waves import Floats
from somatone.sources.simulated_body.wear import Wear

RECORD_FORMAT = "<IIIhhhhBB"  # ir, red (18-bit counts), eda_nsiemens, temp_centi, acc x y z (mg), contact, flags
RECORD_SIZE = struct.calcsize(RECORD_FORMAT)
RECORDS_PER_S = 100

IR_DC = 100_000.0  # 18-bit counts of reflected light on the skin
RED_DC = 82_000.0
RED_SHARE = 0.55  # red light pulses less than infrared
IR_OFF = 900.0  # nothing in front of the sensor
ADC_MAX = (1 << 18) - 1
BVP_PER_PULSE = 5000.0  # `bvp` counts per pulse height: 50 counts of an E4, in hundredths
OPEN_NSIEMENS = 6.0  # dry electrodes in the air

_Part = Callable[[Floats, Floats], Floats]

RECORD = np.dtype(
    [
        ("ir", "<u4"),
        ("red", "<u4"),
        ("eda", "<u4"),
        ("temp", "<i2"),
        ("acc", "<i2", 3),
        ("contact", "u1"),
        ("flags", "u1"),
    ]
)


@dataclass(frozen=True, slots=True)
class Truth:
    """What happened up to `until_s`, in body seconds."""

    until_s: float
    beats_s: tuple[float, ...]  # steepest upslope of each beat, while worn
    responses: tuple[Response, ...]  # while worn
    bouts_s: tuple[tuple[float, float], ...]
    worn_s: tuple[tuple[float, float], ...]


class SimulatedBody:
    """One body. Equal seeds and equal calls give equal bytes."""

    def __init__(self, seed: int, profile: BodyProfile | None = None) -> None:
        self.profile = profile or BodyProfile()
        self._seed = seed
        streams = [np.random.default_rng([seed, part]) for part in range(4)]
        self._heart = Heart(streams[0], self.profile)
        self._skin = Skin(streams[1], self.profile)
        self._motion = Motion(streams[2], self.profile)
        self._wear = Wear(streams[3], self.profile)
        self._drawn = 0  # whole seconds that are fixed
        self._cached: tuple[int, bytes] = (-1, b"")

    # --- things that happen on demand ---------------------------------------------------------------------------

    def startle(self, at_s: float, amplitude_nsiemens: float = 400.0) -> float:
        """A skin-conductance response starts, the heart runs faster for some seconds. Returns the onset time."""
        at_s = max(at_s, float(self._drawn))
        self._skin.startle(at_s, amplitude_nsiemens)
        self._heart.startles_s.append(at_s)
        return at_s

    def take_off(self, at_s: float) -> float:
        """The sensor leaves the body. Returns when."""
        return self._change(at_s, False)

    def put_on(self, at_s: float) -> float:
        """The sensor comes onto the body. Returns when."""
        return self._change(at_s, True)

    def _change(self, at_s: float, worn: bool) -> float:
        return self._wear.change(max(at_s, float(self._drawn)), worn)

    # --- what the chips see -------------------------------------------------------------------------------------

    def records(self, start_s: float, end_s: float) -> bytes:
        """Packed records from `start_s` up to, not including, `end_s`; ask for consecutive blocks."""
        first, last = round(start_s * RECORDS_PER_S), round(end_s * RECORDS_PER_S)
        parts = []
        while first < last:
            second, at = divmod(first, RECORDS_PER_S)
            count = min(RECORDS_PER_S - at, last - first)
            parts.append(self._second(second)[at * RECORD_SIZE : (at + count) * RECORD_SIZE])
            first += count
        return b"".join(parts)

    def _second(self, second: int) -> bytes:
        if self._cached[0] != second:
            self._cached = (second, self._draw(second))
        return self._cached[1]

    def _draw(self, second: int) -> bytes:
        t_s = second + np.arange(RECORDS_PER_S) / RECORDS_PER_S
        self._advance(second)
        rng = np.random.default_rng([self._seed, 100, second])
        noise = rng.standard_normal((6, RECORDS_PER_S))
        worn = self._wear.worn(t_s)
        acceleration, artefact = self._motion.at(t_s)
        pulse = self._heart.wave(t_s) + artefact + self.profile.pulse_noise * noise[0]
        light = self.profile.perfusion * pulse
        records = np.zeros(RECORDS_PER_S, RECORD)
        records["ir"] = _counts(np.where(worn > 0, IR_DC * (1.0 - light), IR_OFF + 2.0 * noise[0]), ADC_MAX)
        records["red"] = _counts(
            np.where(worn > 0, RED_DC * (1.0 - RED_SHARE * light), IR_OFF + 2.0 * noise[1]), ADC_MAX
        )
        records["eda"] = _counts(self._conductance(t_s, noise[2]), 1_000_000)
        records["temp"] = np.rint(self._temperature(t_s)).astype("<i2")
        shaken = 1000.0 * acceleration + self.profile.rest_mg * noise[3:]
        records["acc"] = np.clip(np.rint(shaken), -32768, 32767).astype("<i2").T
        records["contact"] = worn.astype("u1")
        return records.tobytes()

    def _advance(self, second: int) -> None:
        """Draw everything that reaches into this second; beats a second further, for the foot of the next wave."""
        while self._drawn <= second:
            self._drawn += 1
            self._heart.advance(self._drawn + 1.0)
            self._skin.advance(float(self._drawn))
            self._motion.advance(float(self._drawn))
            self._wear.advance(float(self._drawn))
        before_s = second - self.profile.history_s
        if before_s > 0.0 and second % 60 == 0:
            for part in (self._heart, self._skin, self._motion, self._wear):
                part.forget(before_s)

    def _conductance(self, t_s: Floats, noise: Floats) -> Floats:
        wet = self._wear.wetness(t_s)
        skin = self._skin.conductance(t_s) + self.profile.skin_noise_nsiemens * noise
        return np.where(wet > 0.0, wet * skin, OPEN_NSIEMENS + np.clip(noise, -4.0, 4.0))

    def _temperature(self, t_s: Floats) -> Floats:
        skin = self._skin.temperature(t_s)
        return skin + (self.profile.room_centi - skin) * self._wear.coldness(t_s)

    # --- the same body straight in the rules' own units ---------------------------------------------------------

    def bvp_64hz(self, seconds: int) -> list[int]:
        """Blood volume pulse, counts as an E4 gives them (hundredths), 64 Hz, from the start."""
        return self._signal(seconds, 64, self._bvp)

    def eda_4hz(self, seconds: int) -> list[int]:
        """Skin conductance, nS, 4 Hz."""
        return self._signal(seconds, 4, lambda t_s, noise: self._conductance(t_s, noise[0]))

    def temp_4hz(self, seconds: int) -> list[int]:
        """Skin temperature, centi-C, 4 Hz."""
        return self._signal(seconds, 4, lambda t_s, _: self._temperature(t_s))

    def acc_32hz(self, seconds: int) -> list[int]:
        """Acceleration, 1/64 g, 32 Hz, x y z interleaved."""
        return self._signal(seconds, 32, self._acceleration)

    def _bvp(self, t_s: Floats, noise: Floats) -> Floats:
        pulse = self._heart.wave(t_s) + self._motion.at(t_s)[1] + self.profile.pulse_noise * noise[0]
        counts: Floats = self._wear.worn(t_s) * BVP_PER_PULSE * pulse
        return counts

    def _acceleration(self, t_s: Floats, noise: Floats) -> Floats:
        shaken = self._motion.at(t_s)[0] + 0.001 * self.profile.rest_mg * noise[:3]
        interleaved: Floats = 64.0 * shaken.T.reshape(-1)
        return interleaved

    def _signal(self, seconds: int, rate_hz: int, part: _Part) -> list[int]:
        values: list[int] = []
        for second in range(seconds):
            self._advance(second)
            noise = np.random.default_rng([self._seed, rate_hz, second]).standard_normal((3, rate_hz))
            values += np.rint(part(second + np.arange(rate_hz) / rate_hz, noise)).astype(np.int64).tolist()
        return values

    def breath_phase(self, t_s: Floats) -> Floats:
        """Radians at `t_s` (n,): intervals and heights swell with its sine, so inhaling is where its cosine is < 0."""
        return self._heart.breath_phase(t_s)

    @property
    def truth(self) -> Truth:
        """What happened in the seconds drawn so far, as far back as the profile's `history_s`."""
        until_s = float(self._drawn)
        worn_s = self._wear.intervals(until_s)

        def worn(at_s: float) -> bool:
            return any(start_s <= at_s < end_s for start_s, end_s in worn_s)

        return Truth(
            until_s,
            tuple(at_s for at_s in self._heart.beats_s if worn(at_s)),
            tuple(response for response in self._skin.responses if worn(response.onset_s)),
            tuple((bout.start_s, min(bout.end_s, until_s)) for bout in self._motion.bouts if bout.start_s < until_s),
            worn_s,
        )


def _counts(values: Floats, largest: int) -> NDArray[np.uint32]:
    return np.clip(np.rint(values), 0, largest).astype("<u4")
