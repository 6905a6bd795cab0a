"""The E4's Bluetooth notifications, taken apart and put together. Pure: bytes in, numbers out.

No E4 was at hand. Each layout stands on what `reference/e4.md` 2.2 to 2.4 gathered, with its certainty:

    3ea1 BVP      160 bits, most significant first: 22 signed 7-bit differences = 11 pairs (two LED colours), 6 bits;
                  framing high; differences high; which colour is first low; the 6 bits a rolling counter medium
    3ea3 ACC      six (x, y, z) int8 in 1/64 g, then 2 bytes; layout high; counter undocumented
    3ea8 EDA      six 24-bit big-endian numbers, then 2 bytes; six high; two 12-bit halves ("fast", "slow") medium
    3ea6 TEMP     uint16 little-endian, eight of them, then uint32; eight and order high; one program knows 12 bytes
                  with four, so (length - 4) / 2 are read
    3eb3 battery  one byte of percent in one program, uint16 in the vendor's interface: both are read; low
    3eb2 button   the first byte 1 is a press; other codes unknown; medium to low
    3e71 command  01 and uint32 little-endian unix seconds starts the streams; high (three programs of one family)

Surprise: nobody knows the byte order of the 2- and 4-byte counters, so a packet carries every `reading` of its
counter, the widest first, and `counters.py` finds out which of them counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BVP, ACC, TEMP, EDA = "3ea1", "3ea3", "3ea6", "3ea8"
BATTERY, BUTTON, COMMAND = "3eb3", "3eb2", "3e71"
SENSORS = (BVP, EDA, TEMP, ACC)  # in the order in which the known programs enable them
STATUS = (BATTERY, BUTTON)

PACKET_BYTES = 20
BVP_PAIRS = 11
ACC_TRIPLES = 6
EDA_SAMPLES = 6
TEMP_SAMPLES = 8
DIFFERENCE_BITS = 7
COUNTER_BITS = 6
PRESSED = 1
DEBOUNCE_S = 0.3


class CodecError(ValueError):
    """The bytes are no notification of that characteristic. The only error that decoding raises."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One sensor notification. `samples` are interleaved as in a NativeChunk; for BVP they are differences."""

    char: str
    samples: tuple[int, ...]
    readings: tuple[tuple[int, int], ...]  # (value, modulus) of the counter, the widest first


@dataclass(frozen=True, slots=True)
class Battery:
    raw: int
    percent: int | None  # None where the number can be no percentage


@dataclass(frozen=True, slots=True)
class Button:
    code: int

    @property
    def pressed(self) -> bool:
        return self.code == PRESSED


def decode(char: str, data: bytes) -> Packet | Battery | Button:
    """What the notification `data` of the characteristic `char` (its four hex digits) says."""
    match char:
        case "3ea1":
            return _decode_bvp(_whole(char, data))
        case "3ea3":
            whole = _whole(char, data)
            return Packet(char, tuple(v - 256 if v > 127 else v for v in whole[:18]), _two_bytes(whole))
        case "3ea8":
            whole = _whole(char, data)
            samples = tuple(int.from_bytes(whole[at : at + 3], "big") for at in range(0, 18, 3))
            return Packet(char, samples, _two_bytes(whole))
        case "3ea6":
            return _decode_temp(data)
        case "3eb3" if len(data) in (1, 2):
            raw = int.from_bytes(data, "little")
            return Battery(raw, raw if raw <= 100 else None)
        case "3eb2" if data:
            return Button(data[0])
    raise CodecError(f"{len(data)} bytes are no notification of {char}")


def _whole(char: str, data: bytes) -> bytes:
    if len(data) != PACKET_BYTES:
        raise CodecError(f"a notification of {char} has {PACKET_BYTES} bytes, not {len(data)}")
    return data


def _decode_bvp(data: bytes) -> Packet:
    bits = int.from_bytes(data, "big")
    differences = []
    for at in range(2 * BVP_PAIRS):
        value = bits >> 160 - DIFFERENCE_BITS * (at + 1) & 0x7F
        differences.append(value - 128 if value > 63 else value)
    return Packet(BVP, tuple(differences), ((bits & 0x3F, 1 << COUNTER_BITS),))


def _decode_temp(data: bytes) -> Packet:
    size = len(data) - 4
    if size < 2 or size % 2 or size > 2 * TEMP_SAMPLES:
        raise CodecError(f"a notification of {TEMP} has 6 to {PACKET_BYTES} bytes, an even number, not {len(data)}")
    samples = tuple(int.from_bytes(data[at : at + 2], "little") for at in range(0, size, 2))
    tail = data[size:]
    return Packet(TEMP, samples, tuple((int.from_bytes(tail, order), 1 << 32) for order in ("little", "big")))


def _two_bytes(data: bytes) -> tuple[tuple[int, int], ...]:
    low, high = data[18], data[19]
    return ((high << 8 | low, 1 << 16), (low << 8 | high, 1 << 16), (low, 256), (high, 256))


class Debounce:
    """One press a burst: presses closer than 0.3 s to the one before belong together."""

    def __init__(self) -> None:
        self._last_s = float("-inf")

    def press(self, at_s: float) -> bool:
        apart_s, self._last_s = at_s - self._last_s, at_s
        return apart_s >= DEBOUNCE_S


class Integrator:
    """Differences of the two colours to totals that cannot run away: y += d - y / 2**LEAK_BITS, in 1/256 counts.

    It forgets with 2 s at 64 Hz (a high-pass at 0.08 Hz, below any pulse), and 7-bit differences can never take it
    past +-8192. Nothing is lost: from a total and the state before it the difference follows exactly (`undo`).
    """

    LEAK_BITS = 7
    FRACTION_BITS = 8

    def __init__(self) -> None:
        self._totals = [0, 0]

    def feed(self, differences: Sequence[int]) -> tuple[int, ...]:
        """Totals, interleaved like the differences."""
        out = []
        for at, difference in enumerate(differences):
            total = self._leaked(at & 1) + (difference << self.FRACTION_BITS)
            self._totals[at & 1] = total
            out.append(total >> self.FRACTION_BITS)
        return tuple(out)

    def undo(self, totals: Sequence[int]) -> tuple[int, ...]:
        """The differences that `feed` made these totals of; the state goes on as it did there."""
        out = []
        for at, total in enumerate(totals):
            leaked = self._leaked(at & 1)
            difference = total - (leaked >> self.FRACTION_BITS)
            self._totals[at & 1] = leaked + (difference << self.FRACTION_BITS)
            out.append(difference)
        return tuple(out)

    def _leaked(self, colour: int) -> int:
        return self._totals[colour] - (self._totals[colour] >> self.LEAK_BITS)


# --- the other direction: for the emulated band, tests and whoever builds an E4 -------------------------------------


def start_command(unix_s: int) -> bytes:
    """Starts the streams and sets the band's clock (variant 1; other first bytes are not tried on anybody's band)."""
    return b"\x01" + (unix_s & 0xFFFFFFFF).to_bytes(4, "little")


def encode_bvp(differences: Sequence[int], counter: int) -> bytes:
    """22 differences of -64 to 63, the colours in turn."""
    _check(differences, 2 * BVP_PAIRS, -64, 63)
    bits = 0
    for value in differences:
        bits = bits << DIFFERENCE_BITS | value & 0x7F
    return (bits << COUNTER_BITS | counter & 0x3F).to_bytes(PACKET_BYTES, "big")


def encode_acc(samples: Sequence[int], counter: int) -> bytes:
    """18 numbers of -128 to 127: x, y, z in turn."""
    _check(samples, 3 * ACC_TRIPLES, -128, 127)
    return bytes(v & 0xFF for v in samples) + (counter & 0xFFFF).to_bytes(2, "little")


def encode_eda(samples: Sequence[int], counter: int) -> bytes:
    """Six numbers of 24 bits."""
    _check(samples, EDA_SAMPLES, 0, (1 << 24) - 1)
    return b"".join(v.to_bytes(3, "big") for v in samples) + (counter & 0xFFFF).to_bytes(2, "little")


def encode_temp(samples: Sequence[int], counter: int) -> bytes:
    """Up to eight numbers of 16 bits."""
    _check(samples, min(max(len(samples), 1), TEMP_SAMPLES), 0, (1 << 16) - 1)
    return b"".join(v.to_bytes(2, "little") for v in samples) + (counter & 0xFFFFFFFF).to_bytes(4, "little")


def _check(samples: Sequence[int], count: int, low: int, high: int) -> None:
    if len(samples) != count or not all(low <= v <= high for v in samples):
        raise CodecError(f"{count} numbers of {low} to {high} are needed")
