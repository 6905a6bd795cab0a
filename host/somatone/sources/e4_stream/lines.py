"""Every line of the E4 streaming server's protocol, parsed and printed in this one place. No I/O.

The certainty marks [A] to [D] are those of the protocol's reference. Surprises: replies end in a bare LF, data in
CR LF [C, B], so lines are cut at LF; numbers carry the decimal mark of the server's Windows, point or comma, with
exponents below 1e-4 [B, D]; the temperature line is `E4_Temperature`, not the documented `E4_Temp` [C]; a tag comes
with or without a value; `server_status` is answered `R system_status OK` [C].

Values become integers from their text, rounded to nearest: no float is involved. The counts are those of the E4's
archive (EDA 1e-6 uS, BVP 0.01, TEMP 0.01 C, ACC 1/64 g), IBI in microseconds. The server prints 7 digits of a 32-bit
float [B]: each archive value of at most 7 digits, that is EDA below 10 uS, comes back to its last digit.
"""

from __future__ import annotations

import re
import struct
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

import msgspec

MAX_LINE_BYTES = 4096  # a device list of a hundred bands; what is longer without a line end is rubbish
MAX_COUNT = (1 << 31) - 1  # a 32-bit slot holds a sample

STREAMS = ("acc", "bvp", "gsr", "ibi", "tmp", "bat", "tag")
DECIMALS = {"acc": 0, "bvp": 2, "gsr": 6, "tmp": 2, "ibi": 6, "hr": 2, "bat": 6, "tag": 0}
WIDTHS = {"acc": 3, "tag": 0}  # values in a line, 1 for all others
TYPES = {"acc": "E4_Acc", "bvp": "E4_Bvp", "gsr": "E4_Gsr", "tmp": "E4_Temperature"} | {
    "ibi": "E4_Ibi", "hr": "E4_Hr", "bat": "E4_Battery", "tag": "E4_Tag",
}  # fmt: skip
_STREAM_OF = {kind: stream for stream, kind in TYPES.items()} | {"E4_Temp": "tmp", "E4_Bat": "bat", "E4_Batt": "bat"}
NOT_STREAMED = "Selected stream is not valid! Available streams: [acc,bat,bvp,gsr,ibi,tag,tmp]"  # the server's words
NO_BAND = "You are not connected to any device"


class Data(msgspec.Struct, frozen=True):
    """One sample or event. `values` is None where the server sent something that is no number (NaN)."""

    stream: str
    stamp_us: int  # the server's, microseconds since 1970
    values: tuple[int, ...] | None


class ListedBand(msgspec.Struct, frozen=True):
    """An entry of a device list. `permission` is "allowed", "not_allowed", or "" where the list does not say."""

    id: str
    permission: str = ""


class Reply(msgspec.Struct, frozen=True):
    """`words` is what follows the command's name; `bands` is set for the two lists; `reason` goes with `ok` False."""

    command: str
    ok: bool
    words: tuple[str, ...] = ()
    reason: str = ""
    bands: tuple[ListedBand, ...] | None = None


class BandEvent(msgspec.Struct, frozen=True):
    """A line that nobody asked for: "lost", "back", "off" (its button) or "gone" (beta server). `id` may be empty."""

    kind: str
    id: str


class Unknown(msgspec.Struct, frozen=True):
    """A line that is none of the protocol's, or a data line that is broken (`data` True)."""

    text: str
    data: bool = False


Line = Data | Reply | BandEvent | Unknown


class LineBuffer:
    """Bytes in any split -> whole lines without their ends. What stays unfinished is never taken for a line."""

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False
        self.overlong = 0

    def feed(self, data: bytes) -> list[str]:
        whole, end, rest = data.rpartition(b"\n")
        if not end:
            self._keep(self._rest + data)
            return []
        whole = self._rest + whole
        texts = whole.decode("utf-8", "replace").split("\n")
        if self._skipping:
            del texts[0]
            self._skipping = False
        if len(whole) > MAX_LINE_BYTES:
            kept = [text for text in texts if len(text) <= MAX_LINE_BYTES]
            self.overlong += len(texts) - len(kept)
            texts = kept
        self._keep(rest)
        return [text for text in [text.rstrip("\r ") for text in texts] if text]

    def _keep(self, rest: bytes) -> None:
        """The unfinished line; of one that grows too long only the fact is kept."""
        if self._skipping or len(rest) > MAX_LINE_BYTES:
            self.overlong += not self._skipping
            rest, self._skipping = b"", True
        self._rest = rest


# numbers

_NUMBER = re.compile(r"([+-]?)(\d{1,18})(?:[.,](\d{0,20}))?\Z", re.ASCII)
_EXPONENT = re.compile(r"[+-]?\d{1,18}(?:[.,]\d{0,20})?[eE][+-]?\d{1,3}\Z", re.ASCII)
_NO_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity|∞)\Z", re.IGNORECASE)


@lru_cache(maxsize=8192)  # the same few thousand texts come again and again
def counts(text: str, decimals: int) -> int | None:
    """A decimal number in counts of 10**-decimals, to nearest, halves away from zero; None for NaN and infinity.

    Raises ValueError for what is no number at all.
    """
    match = _NUMBER.match(text)
    if not match:
        if _NO_NUMBER.match(text):
            return None
        if not _EXPONENT.match(text):
            raise ValueError(text)
        scaled = Decimal(text.replace(",", ".")).scaleb(decimals)
        return int(scaled.to_integral_value(ROUND_HALF_UP)) if abs(scaled) <= 10**18 else None
    sign, whole, fraction = match.groups("")
    if len(fraction) > decimals:
        value = int(whole + fraction[:decimals]) + (fraction[decimals] >= "5")
    else:
        value = int(whole + fraction) * 10 ** (decimals - len(fraction))
    return -value if sign == "-" else value


# the client's side: what the server sends


def parse_line(text: str) -> Line:
    """One line of the server, its end already taken off. Never raises."""
    if text.startswith("E4_"):
        return _data(text)
    words = text.split()
    event = _event(words)
    if event:
        return event
    if len(words) >= 2 and words[0] == "R":
        return _reply(words[1], words[2:], text)
    return Unknown(text)


_USUAL = re.compile(r"(E4_[A-Z][a-z]+) (\d{9,11})(?:[.,](\d{1,6}))? (\S+)(?: (\S+) (\S+))?\Z", re.ASCII)


_ONE_VALUE = {kind: stream for kind, stream in _STREAM_OF.items() if stream not in WIDTHS}


def _data(text: str) -> Line:
    """The usual shape by one pattern; all else, and what one pattern cannot tell, field by field."""
    match = _USUAL.match(text)
    if not match:
        return _unusual(text)
    kind, whole, fraction, value, *more = match.groups()
    stamp_us = int(whole + (fraction or "").ljust(6, "0"))
    stream = _ONE_VALUE.get(kind)
    if stream is None or more[0] is not None:
        return _sample(text, kind, stamp_us, [field for field in (value, *more) if field is not None])
    try:
        count = counts(value, DECIMALS[stream])
    except ValueError:
        return Unknown(text, data=True)
    good = count is not None and -MAX_COUNT <= count <= MAX_COUNT
    return Data(stream, stamp_us, (count,) if good else None)  # type: ignore[arg-type]  # `good` is not None


def _unusual(text: str) -> Line:
    kind, *fields = text.split()
    try:
        stamp_us = counts(fields[0], 6) if fields else None
    except ValueError:
        stamp_us = None
    return _sample(text, kind, stamp_us, fields[1:])


def _sample(text: str, kind: str, stamp_us: int | None, fields: list[str]) -> Line:
    stream = _STREAM_OF.get(kind)
    if stream is None:
        return Unknown(text)
    if stream == "tag":
        fields = []  # its value, where there is one, says nothing
    if stamp_us is None or stamp_us < 0 or len(fields) != WIDTHS.get(stream, 1):
        return Unknown(text, data=True)
    decimals, values = DECIMALS[stream], []
    for field in fields:
        try:
            value = counts(field, decimals)
        except ValueError:
            return Unknown(text, data=True)
        if value is None or not -MAX_COUNT <= value <= MAX_COUNT:
            return Data(stream, stamp_us, None)
        values.append(value)
    return Data(stream, stamp_us, tuple(values))


def _event(words: list[str]) -> BandEvent | None:
    match words:
        case ["R", "connection", "lost", "to", "device", *rest]:
            kind = "lost"
        case ["R", "connection", "re-established", "to", "device", *rest]:
            kind = "back"
        case ["R", "device", band, "turned", "off", "via", "button", *_]:
            return BandEvent("off", band.upper())
        case ["X", "device_disconnect", *rest]:  # beta server: off or battery empty [A]
            kind = "gone"
        case _:
            return None
    return BandEvent(kind, rest[0].upper() if rest else "")


def _reply(name: str, words: list[str], text: str) -> Reply:
    command = "server_status" if name == "system_status" else name
    if "ERR" in words:
        return Reply(command, False, tuple(words), " ".join(words[words.index("ERR") + 1 :]))
    listed = command in ("device_list", "device_discover_list") and bool(words) and words[0].isdigit()
    return Reply(command, True, tuple(words), bands=_bands(text) if listed else None)


def _bands(text: str) -> tuple[ListedBand, ...]:
    """The entries after the count; the first word of each is the ID, whatever the dialect adds [A, D]."""
    bands: dict[str, ListedBand] = {}
    for part in text.split("|")[1:]:
        words = part.split()
        if words:
            permission = next((word for word in words if word in ("allowed", "not_allowed")), "")
            bands.setdefault(words[0].upper(), ListedBand(words[0].upper(), permission))
    return tuple(bands.values())


def command(*words: str) -> bytes:
    """A command as it is sent. CR LF is documented; LF alone is accepted too [C]."""
    return (" ".join(words) + "\r\n").encode()


# the server's side: what clients send, and what it prints


def parse_command(text: str) -> list[str]:
    """The words of a client's command, spaces before its end and between its words forgiven [D]; maybe none."""
    return text.split()


def ok(name: str, *words: str) -> str:
    return " ".join(("R", name, *words))


def error(name: str, reason: str) -> str:
    return f"R {name} ERR {reason}"


def listing(name: str, bands: list[tuple[str, ...]], *, trailing_space: bool = False) -> str:
    """A device list; an older server sent `R device_list 0 ` [D]."""
    text = " | ".join([f"R {name} {len(bands)}", *(" ".join(words) for words in bands)])
    return text + " " if trailing_space and not bands else text


def lost(band: str) -> str:
    return f"R connection lost to device {band}"


def re_established(band: str) -> str:
    return f"R connection re-established to device {band}"


def turned_off(band: str) -> str:
    return f"R device {band} turned off via button"


BETA_GONE = "X device_disconnect"


def data_line(kind: str, stamp_s: float, values: list[str], *, comma: bool) -> str:
    """A data line with its CR LF; the stamp is a double with 15 digits, trailing zeros cut [B]."""
    text = " ".join((kind, f"{stamp_s:.15g}", *values))
    return (text.replace(".", ",") if comma else text) + "\r\n"


_FLOAT32 = struct.Struct("f")


@lru_cache(maxsize=4096)
def printed(value: float) -> str:
    """A 32-bit float as .NET prints it: `%.7g`, exponents with a capital E, no minus zero [B, D]."""
    text = f"{_FLOAT32.unpack(_FLOAT32.pack(value))[0]:.7g}"
    if "e" in text:
        return text.upper()
    return "0" if text == "-0" else text
