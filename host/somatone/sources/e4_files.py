"""Reads an E4 session folder or zip into integers, exactly as its files say, and says what was unusable.

Surprises that real archives hold (all met): files re-saved by a spreadsheet (CRLF, `64` for `64.000000`, decimal
comma, `;`), files that end at different times, files cut short, empty files, missing files, tags renamed
`tags_S01.csv`, a zip with a top folder and hidden extras. The first EDA sample is always 0 and BVP starts with a filter
transient. Decimals are parsed as text, so no value is ever rounded: EDA keeps its six decimals as picosiemens.
"""

from __future__ import annotations

import re
import zipfile
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from somatone.errors import SessionError

EARLIEST_UTC = 1_356_998_400  # 2013: before the first E4
LATEST_UTC = 4_102_444_800  # 2100
MAX_FILE_BYTES = 256 * 1024 * 1024  # two days of BVP are about 70 MB; a larger member is no E4 file
MAX_ARCHIVE_VALUE = (1 << 31) - 1  # a 32-bit slot holds a sample; nothing an E4 measures comes near


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """One of the session's sample files: its signal, native format name, decimals kept, columns and rate."""

    file: str
    signal: str
    format: str
    decimals: int
    width: int
    rates_hz: tuple[int, ...]


STREAMS = (
    StreamFormat("EDA.csv", "eda", "e4.eda_picosiemens", 6, 1, (4,)),
    StreamFormat("TEMP.csv", "temp", "e4.temp_centicelsius", 2, 1, (4,)),
    StreamFormat("ACC.csv", "acc", "e4.acc_64th_g", 0, 3, (32,)),
    StreamFormat("BVP.csv", "bvp", "e4.bvp_hundredths", 2, 1, (64,)),
)


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive rows without a hole: index of the first, and the samples (interleaved where width > 1)."""

    index: int
    samples: array[int]


@dataclass(frozen=True, slots=True)
class E4Stream:
    """One signal of a session: rows at `rate_hz`, the first at `start_utc`, in unbroken runs."""

    format: StreamFormat
    start_utc: float
    rate_hz: int
    rows: int
    runs: tuple[Run, ...]

    @property
    def length_s(self) -> float:
        return self.rows / self.rate_hz


@dataclass(frozen=True, slots=True)
class E4Session:
    """What a session holds. `ibi` and `hr` are the E4's own (seconds since `start_utc`, seconds or bpm)."""

    name: str
    start_utc: float
    streams: Mapping[str, E4Stream]
    ibi: tuple[tuple[float, float], ...] = ()
    hr: tuple[tuple[float, float], ...] = ()
    tags_s: tuple[float, ...] = ()
    problems: tuple[str, ...] = field(default=())

    @property
    def length_s(self) -> float:
        """From the first sample of any stream to the last of any."""
        return max(s.start_utc - self.start_utc + s.length_s for s in self.streams.values())


class _Problems(list[str]):
    """Sentences about what was unusable, in the order they were found."""


def read_session(path: Path) -> E4Session:
    """Read a session folder or zip. Raises `SessionError` where not one sample stream is usable."""
    problems = _Problems()
    files = _files(path)
    streams: dict[str, E4Stream] = {}
    for kind in STREAMS:
        stream = _read_stream(files, kind, problems)
        if stream:
            streams[kind.signal] = stream
    if not streams:
        raise SessionError(
            f"{path} holds no usable E4 samples ({'; '.join(problems)}): give the folder or zip of one session "
            "with BVP.csv, EDA.csv, TEMP.csv or ACC.csv."
        )
    start_utc = min(stream.start_utc for stream in streams.values())
    length_s = max(stream.start_utc - start_utc + stream.length_s for stream in streams.values())
    return E4Session(
        name=path.stem if path.is_file() else path.resolve().name,
        start_utc=start_utc,
        streams=streams,
        ibi=_read_ibi(files, start_utc, problems),
        hr=_read_hr(files, start_utc, problems),
        tags_s=_read_tags(files, start_utc, length_s, problems),
        problems=tuple(problems),
    )


def looks_like_session(path: Path) -> bool:
    """Whether the path is a folder or zip that holds at least one of the sample files."""
    try:
        names = _files(path)
    except SessionError:
        return False
    return any(kind.file.lower() in names for kind in STREAMS)


Reader = Callable[[], bytes]


def _files(path: Path) -> Mapping[str, Reader]:
    """The session's files by lower-case base name; hidden files and macOS extras are passed over."""
    if path.is_dir():
        return {p.name.lower(): p.read_bytes for p in sorted(path.iterdir()) if p.is_file() and p.name[0] != "."}
    if not path.exists():
        raise SessionError(f"{path} does not exist: check the path of the E4 session.")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise SessionError(
            f"{path} is neither a folder nor a readable zip ({error}): export the session again."
        ) from None
    found: dict[str, Reader] = {}
    for info in archive.infolist():
        name = PurePosixPath(info.filename)
        if info.is_dir() or name.name.startswith(".") or "__MACOSX" in name.parts:
            continue
        found[name.name.lower()] = _member_reader(archive, info)
    return found


def _member_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Reader:
    def read() -> bytes:
        if info.file_size > MAX_FILE_BYTES:
            raise ValueError(f"{info.file_size} bytes is no E4 file")
        return archive.read(info)

    return read


def _lines(files: Mapping[str, Reader], name: str, problems: list[str]) -> list[str] | None:
    """The file's lines without ends, or None (said in `problems`) where it is missing, empty or unreadable."""
    reader = files.get(name.lower())
    if reader is None:
        problems.append(f"{name} is missing")
        return None
    try:
        data = reader()
    except (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        problems.append(f"{name} cannot be read ({error})")
        return None
    except Exception as error:  # zlib's own error type is not exported by zipfile
        problems.append(f"{name} is damaged ({error})")
        return None
    lines = data.decode("utf-8-sig", errors="replace").splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        problems.append(f"{name} is empty")
        return None
    return lines


def _read_stream(files: Mapping[str, Reader], kind: StreamFormat, problems: list[str]) -> E4Stream | None:
    lines = _lines(files, kind.file, problems)
    if lines is None:
        return None
    try:
        start_utc, rate_hz = _header(lines, kind)
    except ValueError as error:
        problems.append(f"{kind.file} {error}")
        return None
    if not lines[2:]:
        problems.append(f"{kind.file} holds no samples")
        return None
    runs, bad = _runs(lines, kind)
    if bad:
        first, text = bad[0]
        rows = "1 row was" if len(bad) == 1 else f"{len(bad)} rows were"
        problems.append(f"{kind.file} line {first}: {text[:24]!r} is not a number; {rows} left out")
    if not runs:
        return None
    return E4Stream(kind, start_utc, rate_hz, len(lines) - 2, tuple(runs))


def _header(lines: list[str], kind: StreamFormat) -> tuple[float, int]:
    """Start and rate from the two header lines; ValueError says what is wrong with them."""
    if len(lines) < 2:
        raise ValueError("is cut inside its header")
    try:
        start = float(_fields(lines[0], kind.width)[0])
        rate = float(_fields(lines[1], kind.width)[0])
    except ValueError:
        raise ValueError(f"has no header: line 1 is {lines[0][:24]!r}, not a start time") from None
    if not EARLIEST_UTC <= start <= LATEST_UTC:
        raise ValueError(f"line 1: {lines[0][:24]!r} is not a start time in seconds since 1970")
    if rate not in kind.rates_hz:
        raise ValueError(f"line 2: {lines[1][:24]!r} is not a rate an E4 has ({kind.rates_hz[0]} Hz expected)")
    return start, int(rate)


def _fields(line: str, width: int) -> list[str]:
    """Columns of a line. In a single column a comma can only be a decimal mark."""
    if ";" in line:
        return [part.strip().replace(",", ".") for part in line.split(";")]
    if width == 1:
        return [line.strip().replace(",", ".")]
    return [part.strip() for part in line.split(",")]


_NUMBER = re.compile(r"([+-]?)(\d+)(?:\.(\d*))?\Z")
_EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+\Z")


def scaled_integer(text: str, decimals: int) -> int:
    """A decimal number as an integer count of 10**-decimals, floor below that; ValueError where it is none.

    No float is involved: "-59.37" with 2 decimals is -5937. An exponent ("6.1E-05") is the one exception.
    """
    match = _NUMBER.match(text)
    if not match:
        if _EXPONENT.match(text):
            return _from_exponent(text, decimals)
        raise ValueError(text)
    sign, whole, fraction = match.group(1), match.group(2), match.group(3) or ""
    digits = int(whole + fraction[:decimals].ljust(decimals, "0"))
    if sign == "-":
        digits = -digits - (1 if fraction[decimals:].strip("0") else 0)
    if not -MAX_ARCHIVE_VALUE <= digits <= MAX_ARCHIVE_VALUE:
        raise ValueError(text)
    return digits


def _from_exponent(text: str, decimals: int) -> int:
    """As `scaled_integer`, for "6.1E-05"; a value that no E4 can mean ("1e999") is none."""
    from decimal import ROUND_FLOOR, Decimal, InvalidOperation  # noqa: PLC0415 - hardly ever needed

    try:
        value = Decimal(text).scaleb(decimals)
    except InvalidOperation:
        raise ValueError(text) from None
    if abs(value) > MAX_ARCHIVE_VALUE:
        raise ValueError(text)
    return int(value.to_integral_value(ROUND_FLOOR))


def _runs(lines: list[str], kind: StreamFormat) -> tuple[list[Run], list[tuple[int, str]]]:
    """Unbroken runs of samples, and the (line number, text) of each row that is not one."""
    runs: list[Run] = []
    bad: list[tuple[int, str]] = []
    current: array[int] = array("i")
    begin = 0
    seen: dict[str, list[int] | None] = {}  # the same few thousand texts come again and again
    for row, line in enumerate(lines[2:]):
        if line in seen:
            values = seen[line]
        else:
            values = seen[line] = _row(line, kind)
        if values is None:
            bad.append((row + 3, line))
            if current:
                runs.append(Run(begin, current))
                current = array("i")
            continue
        if not current:
            begin = row
        current.extend(values)
    if current:
        runs.append(Run(begin, current))
    return runs, bad


def _row(line: str, kind: StreamFormat) -> list[int] | None:
    """The samples of one line, None where it does not hold just its columns of numbers."""
    fields = _fields(line, kind.width)
    if len(fields) != kind.width:
        return None
    try:
        return [scaled_integer(text, kind.decimals) for text in fields]
    except ValueError:
        return None


def _pairs(lines: list[str]) -> Iterator[tuple[float, float]]:
    for line in lines:
        parts = line.replace(";", ",").split(",")
        try:
            yield float(parts[0]), float(parts[1])
        except (ValueError, IndexError):
            continue


def _read_ibi(files: Mapping[str, Reader], start_utc: float, problems: list[str]) -> tuple[tuple[float, float], ...]:
    """The E4's own inter-beat intervals: (time of the beat that ends it, interval), seconds since `start_utc`."""
    lines = _lines(files, "IBI.csv", problems)
    if lines is None:
        return ()
    try:
        shift_s = float(lines[0].split(",")[0]) - start_utc
    except ValueError:
        problems.append(f"IBI.csv line 1: {lines[0][:24]!r} is not a start time")
        return ()
    return tuple((t + shift_s, interval) for t, interval in _pairs(lines[1:]))


def _read_hr(files: Mapping[str, Reader], start_utc: float, problems: list[str]) -> tuple[tuple[float, float], ...]:
    """The E4's own heart rate: mean over 10 s, one value a second, first value 10 s after the start."""
    lines = _lines(files, "HR.csv", problems)
    if lines is None:
        return ()
    try:
        shift_s = float(lines[0]) - start_utc
        return tuple((shift_s + k, float(text)) for k, text in enumerate(lines[2:]))
    except (ValueError, IndexError):
        problems.append("HR.csv holds a line that is not a number and was left out")
        return ()


def _read_tags(
    files: Mapping[str, Reader], start_utc: float, length_s: float, problems: list[str]
) -> tuple[float, ...]:
    """Button presses, seconds since `start_utc`. An empty file is normal: nobody pressed."""
    name = next((n for n in files if n.startswith("tags") and n.endswith(".csv")), None)
    if name is None:
        return ()
    tags: list[float] = []
    for line in _lines(files, name, []) or ():
        try:
            tags.append(float(line.strip()) - start_utc)
        except ValueError:
            problems.append(f"{name}: {line[:24]!r} is not a time and was left out")
    inside = sorted(t for t in tags if 0 <= t <= length_s)
    if len(inside) < len(tags):
        problems.append(
            f"{name}: {len(tags) - len(inside)} of {len(tags)} tags lie outside the session and were left out"
        )
    return tuple(inside)
