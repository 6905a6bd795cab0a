"""What the self-test measures: one number for each of the table's CHECKS, from the samples that are coming in anyway.

Nothing is switched or disturbed for it, so it may be asked for at any time, also while the board streams.
"""

import wire
from wire.table import BVP, CHECKS, CHIP_OK, CHIP_SILENT, EDA, TEMP

INFRARED, LED_CURRENT, ELECTRODES, TEMPERATURE, GRAVITY = range(len(CHECKS))
_LED_STEP_UA = 200


def measure(sampler, check: int) -> tuple[int, int]:  # type: ignore[no-untyped-def]
    """State of the check's chip and the value in the table's unit; 0 where there is none."""
    signal = CHECKS[check][1]
    state = sampler.states[signal]
    ring = sampler.rings[signal]
    at = ring.newest()
    if state != CHIP_OK or at < 0:
        return state or CHIP_SILENT, 0
    if check == LED_CURRENT:
        return state, sampler.pulse.led * _LED_STEP_UA
    values = wire.unpack_samples(signal, ring.data[at : at + ring.width])
    if signal in (BVP, EDA):
        return state, values[0]
    if signal == TEMP:
        return state, values[0] * 25 >> 5  # 7.8125 mC to 10 mC
    return state, _root(sum([axis * axis for axis in values]))  # at most 3 * 2048^2


def _root(square: int) -> int:
    """Integer square root, floor (Newton); `square` below 2^24."""
    root = 1 << 12
    while root * root > square:
        root = (root + square // root) >> 1
    return root
