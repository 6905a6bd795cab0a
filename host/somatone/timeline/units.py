"""From each source's native counts to the project's own (DESIGN, "Integers"): pure integers, floor semantics.

Input is clamped here, once, and the clamp is reported; nothing saturates further down the path. A native format whose
rate is not the signal's own is resampled after conversion (`resample_from_hz`), so the filter sees final units.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

EDA_MAX_NANOSIEMENS = 100_000
TEMP_MAX_CENTICELSIUS = 5_000
BVP_MAX = 131_071
ACC_MAX_64TH_G = 128

# The board's skin-conductance front end (reference: hardware/, transimpedance amplifier). One code of the ADS1115 at
# +-2.048 V is 62.5 uV; with 0.5 V across the skin, 200 kOhm feedback and 51 kOhm in series the conductance is
# G[nS] = 1e9 * code / (0.5 V * 200e3 / 62.5e-6 V - 51e3 * code).
FRONT_END_NUMERATOR = 1_000_000_000
FRONT_END_FULL = 1_600_000_000
FRONT_END_SERIES_OHM = 51_000

RATES_HZ = {"bvp": 64, "eda": 4, "temp": 4, "acc": 32}
WIDTHS = {"bvp": 1, "eda": 1, "temp": 1, "acc": 3}


@dataclass(frozen=True, slots=True)
class NativeFormat:
    """How a native format becomes the signal's counts: `convert` maps interleaved samples to interleaved counts."""

    signal: str
    limit_low: int
    limit_high: int
    convert: Callable[[Sequence[int]], list[int]]
    rate_hz: int
    estimated: bool = False  # usable, but never calibrated against a known quantity


def conductance_nanosiemens(code: int) -> int:
    """ADS1115 code of the front end to nS, floor. A code at or past the amplifier's limit reads as full scale."""
    left = FRONT_END_FULL - FRONT_END_SERIES_OHM * code
    if left <= 0:
        return EDA_MAX_NANOSIEMENS + 1
    return FRONT_END_NUMERATOR * code // left


def _eda_from_e4(samples: Sequence[int]) -> list[int]:
    return [v // 1000 for v in samples]


def _eda_from_codes(samples: Sequence[int]) -> list[int]:
    return [conductance_nanosiemens(v) for v in samples]


def _temp_from_tmp117(samples: Sequence[int]) -> list[int]:
    """7.8125 m-degrees a count is 25/32 of a hundredth."""
    return [v * 25 >> 5 for v in samples]


def _acc_from_mg(samples: Sequence[int]) -> list[int]:
    return [(v * 64 + 500) // 1000 for v in samples]


def _bvp_from_infrared(samples: Sequence[int]) -> list[int]:
    """Infrared reflectance falls at systole; the volume pulse rises. 18 bits turned over about the middle."""
    return [BVP_MAX - v for v in samples[::2]]


def _same(samples: Sequence[int]) -> list[int]:
    return list(samples)


FORMATS = {
    "e4.eda_picosiemens": NativeFormat("eda", 0, EDA_MAX_NANOSIEMENS, _eda_from_e4, 4),
    "e4.temp_centicelsius": NativeFormat("temp", 0, TEMP_MAX_CENTICELSIUS, _same, 4),
    "e4.acc_64th_g": NativeFormat("acc", -ACC_MAX_64TH_G, ACC_MAX_64TH_G, _same, 32),
    "e4.bvp_hundredths": NativeFormat("bvp", -BVP_MAX, BVP_MAX, _same, 64),
    "ads1115.code": NativeFormat("eda", 0, EDA_MAX_NANOSIEMENS, _eda_from_codes, 4, estimated=True),
    "tmp117.raw": NativeFormat("temp", 0, TEMP_MAX_CENTICELSIUS, _temp_from_tmp117, 4),
    "lis3dh.mg": NativeFormat("acc", -ACC_MAX_64TH_G, ACC_MAX_64TH_G, _acc_from_mg, 100),
    "max30102.ir_red": NativeFormat("bvp", -BVP_MAX, BVP_MAX, _bvp_from_infrared, 100),
}


def to_counts(native: NativeFormat, samples: Sequence[int]) -> tuple[list[int], bool]:
    """The samples in the signal's counts, clamped to its range, and whether any had to be clamped."""
    counts = native.convert(samples)
    low, high = native.limit_low, native.limit_high
    if min(counts) >= low and max(counts) <= high:
        return counts, False
    return [low if v < low else high if v > high else v for v in counts], True
