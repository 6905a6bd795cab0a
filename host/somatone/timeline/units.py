"""From each source's native counts to the project's own (DESIGN, "Integers"): pure integers, floor semantics.

Input is clamped here, once, and the clamp is reported; nothing saturates further down the path. A native format whose
rate is not the signal's own is resampled between `pick` and `to_counts`, while it still has its full resolution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from somatone.records import Validity
from somatone.timeline import e4_ble_formats
from somatone.training_metrics import METRICS, RATE_HIGH_HZ, RATE_LOW_HZ
from wire import table

EDA_MAX_NANOSIEMENS = 100_000
TEMP_MAX_CENTICELSIUS = 5_000
BVP_MAX = 131_071
ACC_MAX_64TH_G = 128
MIC_MAX = 32_767  # envelope: mean magnitude of 16-bit sound over one sample

EDA_CODE_FORMAT = "ads1115.code"


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """The board's skin-conductance front end: G[nS] = 1e9 * c / (scale - series * c), c = code - offset.

    Without a calibration record it is what the parts' marks say, from the one table of both ends: `scale` is
    bias * feedback in codes, because volts = bias * feedback / (series + 1 / G).
    """

    scale_code_ohm: int = table.EDA_BIAS_UV * 1000 * table.EDA_FEEDBACK_OHM // table.EDA_CODE_NV
    series_ohm: int = table.EDA_SERIES_OHM
    offset_code: int = 0

    @property
    def native_format(self) -> str:
        """The name of this board's codes: with its numbers, so that whoever holds the samples can convert them."""
        return f"{EDA_CODE_FORMAT}:{self.scale_code_ohm}:{self.series_ohm}:{self.offset_code}"


NOMINAL = FrontEnd()
RUN_FORMAT = "training.q16"

# Of the body's signals; a training metric comes at the rate of its run, in one number.
RATES_HZ = {"bvp": 64, "eda": 4, "temp": 4, "acc": 32, "mic": 32}
WIDTHS = {"bvp": 1, "eda": 1, "temp": 1, "acc": 3, "mic": 1}


def _all(samples: Sequence[int]) -> Sequence[int]:
    return samples


@dataclass(frozen=True, slots=True)
class NativeFormat:
    """How a native format becomes the signal's counts: `pick` the samples that matter, resample, then `to_counts`."""

    signal: str
    low: int  # counts, what the signal may be
    high: int
    rate_hz: int
    convert: Callable[[Sequence[int]], Sequence[int]] = _all
    pick: Callable[[Sequence[int]], Sequence[int]] = _all
    estimated: bool = False  # usable, but never calibrated against a known quantity
    says: Validity | None = None  # the source itself says that there is no value, and why; such a chunk is empty

    def to_counts(self, samples: Sequence[int]) -> tuple[list[int], bool]:
        """The samples in the signal's counts, clamped to its range, and whether any had to be clamped."""
        counts = list(self.convert(samples))
        low, high = self.low, self.high
        if not counts or (min(counts) >= low and max(counts) <= high):
            return counts, False
        return [low if v < low else high if v > high else v for v in counts], True


def conductance_nanosiemens(code: int, front_end: FrontEnd = NOMINAL) -> int:
    """ADS1115 code of the front end to nS, rounded: at 50 nS the floor alone could cost 2 %.

    A code at or past the amplifier's limit reads as full scale.
    """
    code -= front_end.offset_code
    left = front_end.scale_code_ohm - front_end.series_ohm * code
    if left <= 0:
        return EDA_MAX_NANOSIEMENS + 1
    return (1_000_000_000 * code + (left >> 1)) // left


def _eda_from_e4(samples: Sequence[int]) -> list[int]:
    return [v // 1000 for v in samples]


def _eda_from_codes(samples: Sequence[int], front_end: FrontEnd = NOMINAL) -> list[int]:
    return [conductance_nanosiemens(v, front_end) for v in samples]


def _temp_from_tmp117(samples: Sequence[int]) -> list[int]:
    """7.8125 m-degrees a count is 25/32 of a hundredth."""
    return [v * 25 >> 5 for v in samples]


def _acc_from_mg(samples: Sequence[int]) -> list[int]:
    return [(v * 64 + 500) // 1000 for v in samples]


def _infrared(samples: Sequence[int]) -> Sequence[int]:
    return samples[::2]


def _bvp_from_infrared(samples: Sequence[int]) -> list[int]:
    """Infrared reflectance falls at systole; the volume pulse rises. 18 bits turned over about the middle."""
    return [BVP_MAX - v for v in samples]


FORMATS = {
    "e4.eda_picosiemens": NativeFormat("eda", 0, EDA_MAX_NANOSIEMENS, 4, _eda_from_e4),
    "e4.temp_centicelsius": NativeFormat("temp", 0, TEMP_MAX_CENTICELSIUS, 4),
    "e4.acc_64th_g": NativeFormat("acc", -ACC_MAX_64TH_G, ACC_MAX_64TH_G, 32),
    "e4.bvp_hundredths": NativeFormat("bvp", -BVP_MAX, BVP_MAX, 64),
    EDA_CODE_FORMAT: NativeFormat("eda", 0, EDA_MAX_NANOSIEMENS, 4, _eda_from_codes, estimated=True),
    "tmp117.raw": NativeFormat("temp", 0, TEMP_MAX_CENTICELSIUS, 4, _temp_from_tmp117),
    "lis3dh.mg": NativeFormat("acc", -ACC_MAX_64TH_G, ACC_MAX_64TH_G, 100, _acc_from_mg),
    "mic.envelope": NativeFormat("mic", 0, MIC_MAX, 32),
    "max30102.ir_red": NativeFormat("bvp", -BVP_MAX, BVP_MAX, 100, _bvp_from_infrared, _infrared),
}


@cache
def native_format(name: str) -> NativeFormat:
    """The format of that name; a calibrated board's carries its numbers (`FrontEnd.native_format`), a band's too.

    Raises KeyError for a name that is neither in FORMATS nor such a one.
    """
    kind, _, numbers = name.partition(":")
    if kind.startswith(e4_ble_formats.PREFIX):
        return _from_band(name)
    if kind == RUN_FORMAT:
        return _from_run(name, *numbers.split(":"))
    if not numbers or kind != EDA_CODE_FORMAT:
        return FORMATS[name]
    try:
        scale, series, offset = map(int, numbers.split(":"))
    except ValueError:
        raise KeyError(name) from None
    convert = partial(_eda_from_codes, front_end=FrontEnd(scale, series, offset))
    return replace(FORMATS[kind], convert=convert, estimated=False)


def run_format(metric: str, rate_hz: int, says: str = "") -> str:
    """The native format of a training metric; `says` is a validity where the chunk holds no value."""
    return f"{RUN_FORMAT}:{metric}:{rate_hz}" + (f":{says}" if says else "")


def _from_run(name: str, metric: str = "", rate: str = "", says: str = "") -> NativeFormat:
    found = METRICS.get(metric)
    if found is None or not rate.isdecimal() or not RATE_LOW_HZ <= int(rate) <= RATE_HIGH_HZ:
        raise KeyError(name)
    try:
        validity = Validity(says) if says else None
    except ValueError:
        raise KeyError(name) from None
    return NativeFormat(metric, found.low_counts, found.high_counts, int(rate), says=validity)


BAND_RANGES = {"bvp": (-BVP_MAX, BVP_MAX), "eda": (0, EDA_MAX_NANOSIEMENS), "temp": (0, TEMP_MAX_CENTICELSIUS)}


def _from_band(name: str) -> NativeFormat:
    signal, pick, convert, estimated = e4_ble_formats.parse(name)
    low, high = BAND_RANGES[signal]
    return NativeFormat(signal, low, high, RATES_HZ[signal], convert, pick, estimated)
