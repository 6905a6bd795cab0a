"""A body that does not exist, with the truth about it: pulse, skin, temperature, movement, contact.

`SimulatedBody` is what the virtual board's chips are fed with and what the rules are measured against.
"""

from somatone.sources.simulated_body.body import (
    RECORD,
    RECORD_FORMAT,
    RECORD_SIZE,
    RECORDS_PER_S,
    SimulatedBody,
    Truth,
)
from somatone.sources.simulated_body.profile import CALM, CLEAN, LIVELY, NOISY, VISITORS, BodyProfile
from somatone.sources.simulated_body.skin import Response

__all__ = [
    "CALM",
    "CLEAN",
    "LIVELY",
    "NOISY",
    "RECORD",
    "RECORDS_PER_S",
    "RECORD_FORMAT",
    "RECORD_SIZE",
    "VISITORS",
    "BodyProfile",
    "Response",
    "SimulatedBody",
    "Truth",
]
