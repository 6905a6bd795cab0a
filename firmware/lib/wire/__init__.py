"""The wire format between board and host: one copy, imported by both ends.

`table` says what is sent, `framing` how a payload becomes a frame, `packing` how a message becomes a payload.
MicroPython subset: no floats, no input or output, no clock.
"""

from wire.framing import (
    DELIMITER,
    FRAME_MAX,
    PAYLOAD_MAX,
    FrameDecoder,
    FrameEncoder,
    cobs_decode,
    cobs_encode,
    encode_frame,
)
from wire.packing import DATA_HEADER, pack, pack_data_header, sample_bytes, samples_max, unpack, unpack_samples
from wire.table import CHECKS, MASK, MESSAGES, MODULO, SIGNALS, WireError, fingerprint

__all__ = [
    "CHECKS",
    "DATA_HEADER",
    "DELIMITER",
    "FRAME_MAX",
    "MASK",
    "MESSAGES",
    "MODULO",
    "PAYLOAD_MAX",
    "SIGNALS",
    "FrameDecoder",
    "FrameEncoder",
    "WireError",
    "cobs_decode",
    "cobs_encode",
    "encode_frame",
    "fingerprint",
    "pack",
    "pack_data_header",
    "sample_bytes",
    "samples_max",
    "unpack",
    "unpack_samples",
]
