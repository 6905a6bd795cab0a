"""Frames on a byte stream: COBS(payload + CRC-32 little-endian) 00, and nothing else about their meaning.

The zero byte occurs only between frames, so a reader that joined late, or lost bytes, is in step again at the next
zero. Consistent Overhead Byte Stuffing: Cheshire and Baker, 1997; the CRC is zlib's (ISO-HDLC). A payload of 240
bytes plus its CRC stays below COBS' block of 254, which is why the board can stuff a frame in place: each zero byte
just becomes the distance to the next one.

Surprise: on a 32-bit board a CRC above 2^30 - 1 takes the heap for an instant. It is made in the main loop only.
"""

import binascii
import struct

from wire.table import WireError

PAYLOAD_MAX = 240
CRC_BYTES = 4
FRAME_MAX = 1 + PAYLOAD_MAX + CRC_BYTES  # without its delimiter
DELIMITER = b"\x00"
_BLOCK = 254  # COBS: the longest run without a code byte


def cobs_encode(data: bytes) -> bytes:
    """`data` of any length without zero bytes; at most 1 + len // 254 longer. No delimiter."""
    out = bytearray()
    pieces = data.split(DELIMITER)
    last = len(pieces) - 1
    for number, piece in enumerate(pieces):
        while len(piece) > _BLOCK or (len(piece) == _BLOCK and number < last):
            out.append(_BLOCK + 1)
            out += piece[:_BLOCK]
            piece = piece[_BLOCK:]  # noqa: PLW2901
        out.append(len(piece) + 1)
        out += piece
    return bytes(out)


def cobs_decode(block: bytes) -> bytes:
    """The inverse of `cobs_encode`; raises WireError where a code byte points outside the block or is zero."""
    if block.find(DELIMITER) >= 0:
        raise WireError("a zero byte inside a COBS block")
    out = bytearray()
    end = len(block)
    at = 0
    while at < end:
        code = block[at]
        after = at + code
        if after > end:
            raise WireError("a COBS code points past the end")
        out += block[at + 1 : after]
        at = after
        if code <= _BLOCK and at < end:
            out.append(0)
    return bytes(out)


def encode_frame(payload: bytes) -> bytes:
    """A whole frame with its delimiter; raises WireError when the payload is empty or above 240 bytes."""
    if not 0 < len(payload) <= PAYLOAD_MAX:
        raise WireError("a payload has 1 to %d bytes, not %d" % (PAYLOAD_MAX, len(payload)))
    return cobs_encode(payload + struct.pack("<I", binascii.crc32(payload))) + DELIMITER


class FrameEncoder:
    """The board's encoder: one buffer, made once. Write into `payload`, then `seal`; `frame` holds the result."""

    def __init__(self) -> None:
        self.frame = bytearray(FRAME_MAX + 1)
        self.payload = memoryview(self.frame)[1 : 1 + PAYLOAD_MAX]

    def seal(self, length: int) -> int:
        """Turn the first `length` bytes of the payload into a frame; return the frame's length in bytes."""
        if not 0 < length <= PAYLOAD_MAX:
            raise WireError("a payload has 1 to %d bytes, not %d" % (PAYLOAD_MAX, length))
        frame = self.frame
        end = 1 + length + CRC_BYTES
        struct.pack_into("<I", frame, 1 + length, binascii.crc32(self.payload[:length]))
        frame[0] = 0
        frame[end] = 0
        at = 0
        while at < end:
            zero = frame.find(DELIMITER, at + 1, end + 1)
            frame[at] = zero - at
            at = zero
        return end + 1


class FrameDecoder:
    """Bytes in, whole payloads out. Any split of the bytes gives the same payloads and the same counts.

    Keeps at most one frame of unfinished bytes. What is no frame is counted and dropped, never raised.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.bad_crc = 0
        self.bad_cobs = 0
        self.too_long = 0
        self._rest = b""
        self._skipping = False  # inside an overlong block that is already counted

    @property
    def bad_frames(self) -> int:
        return self.bad_crc + self.bad_cobs + self.too_long

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that `data` completes, in order."""
        blocks = (self._rest + data).split(DELIMITER)
        rest = blocks.pop()
        payloads: list[bytes] = []
        for block in blocks:
            if self._skipping:
                self._skipping = False
            elif len(block) > FRAME_MAX:
                self.too_long += 1
            elif block:
                self._open(block, payloads)
        if self._skipping:
            rest = b""
        elif len(rest) > FRAME_MAX:
            self.too_long += 1
            self._skipping = True
            rest = b""
        self._rest = rest
        return payloads

    def _open(self, block: bytes, payloads: list[bytes]) -> None:
        try:
            body = cobs_decode(block)
        except WireError:
            self.bad_cobs += 1
            return
        payload = body[:-CRC_BYTES]
        if not payload or struct.unpack("<I", body[-CRC_BYTES:])[0] != binascii.crc32(payload):
            self.bad_crc += 1
            return
        self.frames += 1
        payloads.append(payload)
