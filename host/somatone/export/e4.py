"""Writes a session as Empatica's own archive, in the number forms of its real ones, so that E4 tools read it.

Surprises of the format: ACC's header has a space after the comma and its rows have none; BVP's start has two decimals
where the others have six; HR starts ten seconds late. A zero is written 0.00 where an E4 sometimes wrote -0.00: the
integers that we keep have no negative zero, and every reader takes them as equal.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from somatone import __version__
from somatone.errors import SomatoneError
from somatone.export.grid import Grid, Gridded, Progress, gridded
from somatone.recorded import Session

FILES = {"acc": "ACC.csv", "bvp": "BVP.csv", "eda": "EDA.csv", "temp": "TEMP.csv"}
DECIMALS = {"acc": 0, "bvp": 2, "eda": 6, "temp": 2}
COUNTS_TO_NATIVE = {"acc": 1, "bvp": 1, "eda": 1000, "temp": 1}  # the timeline's nS to the E4's picosiemens
IBI_S = (0.25, 2.0)
HR_MEAN_S = 10.0
IBI_GRID = 64  # beats lie on whole samples of the pulse

INFO = """\
This session was written by somatone {version} in the layout of an Empatica E4 archive. It is not Empatica's.

Session: {name}, of wearer {wearer}. Start times are UTC in whole seconds since 1970.
ACC.csv   x, y, z in 1/64 g, 32 Hz.
BVP.csv   light absorbed by the blood, 64 Hz{bvp}.
EDA.csv   skin conductance in µS, 4 Hz.
TEMP.csv  skin temperature in °C, 4 Hz.
HR.csv    beats per minute, mean over 10 s, the first at the time in line 1; {hearts}.
IBI.csv   seconds since the start, and seconds since the beat before; {hearts}.
tags.csv  times at which the wearer pressed the button.

Rows lie within 1.25 samples of their true time. Where samples are missing, the last value is held:
{held}
{notes}"""


def decimal_text(value: int, decimals: int) -> str:
    """An integer count of 10**-decimals, printed without any float."""
    if not decimals:
        return str(value)
    whole, rest = divmod(abs(value), 10**decimals)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{decimals}d}"


def write_e4(session: Session, out: Path, wearer: str, progress: Progress) -> list[str]:
    """Write the archive; sentences about what a person should know come back. Raises `SomatoneError`."""
    own_beats = not (session.ibi and session.hr)
    data = gridded(session, wearer, own_beats, progress)
    files = {FILES[name]: _stream_text(session, grid) for name, grid in data.grids.items()}
    ibi, hr = (_intervals(session, data), _heart_rate(session, data)) if own_beats else (session.ibi, session.hr)
    start_utc = session.start_utc
    ibi_start = _utc(session, min(grid.first_s for grid in data.grids.values())) if own_beats else start_utc
    files["IBI.csv"] = f"{ibi_start:.6f}, IBI\n" + "".join(
        f"{start_utc - ibi_start + t:.6f},{interval:.6f}\n" for t, interval in ibi
    )
    if hr:
        rows = "".join(f"{value:.2f}\n" for _, value in hr)
        files["HR.csv"] = f"{start_utc + hr[0][0]:.6f}\n1.000000\n{rows}"
    files["tags.csv"] = "".join(f"{start_utc + t:.2f}\n" for t in session.tags_s)
    files["info.txt"] = _info(session, data, wearer, own_beats)
    _zip(out, files, start_utc)
    return _sentences(data, own_beats)


def _utc(session: Session, time_s: float) -> float:
    """UTC of a time of the session, the microsecond of rounding noise taken away."""
    return round(session.start_utc + time_s, 6)


def _stream_text(session: Session, grid: Grid) -> str:
    start, decimals = _utc(session, grid.first_s), DECIMALS[grid.signal]
    text = io.StringIO()
    first = f"{start:.2f}" if grid.signal == "bvp" else f"{start:.6f}"
    text.write(", ".join([first] * grid.width) + "\n")
    text.write(", ".join([f"{grid.rate_hz:.6f}"] * grid.width) + "\n")
    for row in _rows(grid):
        text.write(",".join(decimal_text(value, decimals) for value in row) + "\n")
    return text.getvalue()


def _rows(grid: Grid) -> Iterator[Sequence[int]]:
    scale = 1 if grid.native else COUNTS_TO_NATIVE[grid.signal]
    for at in range(0, len(grid.samples), grid.width):
        row: Sequence[int] = grid.samples[at : at + grid.width]
        if grid.signal == "acc":
            row = [min(127, max(-128, v)) for v in row]
        yield [v * scale for v in row] if scale != 1 else row


def _intervals(session: Session, data: Gridded) -> list[tuple[float, float]]:
    """(time of the beat that ends it, interval) of our own beats, on the pulse's samples; wrong ones are left out."""
    start_s = min(grid.first_s for grid in data.grids.values())
    beats = [round((t - start_s) * IBI_GRID) for t in data.beats_s if t >= start_s]
    low, high = (s * IBI_GRID for s in IBI_S)
    return [(start_s + b / IBI_GRID, (b - a) / IBI_GRID) for a, b in pairwise(beats) if low <= b - a <= high]


def _heart_rate(session: Session, data: Gridded) -> list[tuple[float, float]]:
    """Once a second the mean of the last ten, from the first second that has one; then the last one is held."""
    start_s = min(grid.first_s for grid in data.grids.values())
    end_s = max(grid.first_s + grid.rows / grid.rate_hz for grid in data.grids.values())
    intervals = _intervals(session, data)
    values: list[tuple[float, float]] = []
    first = last = 0
    for second in range(int(HR_MEAN_S), int(end_s - start_s) + 1):
        now_s = start_s + second
        while last < len(intervals) and intervals[last][0] <= now_s:
            last += 1
        while first < last and intervals[first][0] <= now_s - HR_MEAN_S:
            first += 1
        heard = [interval for _, interval in intervals[first:last]]
        if heard:
            values.append((now_s, 60.0 * len(heard) / sum(heard)))
        elif values:
            values.append((now_s, values[-1][1]))
    return values


def _info(session: Session, data: Gridded, wearer: str, own_beats: bool) -> str:
    held = [
        f"  {FILES[name]} row {round((at_s - grid.first_s) * grid.rate_hz) + 3}: {count} rows"
        for name, grid in data.grids.items()
        for at_s, count in grid.held
    ]
    bvp = data.grids.get("bvp")
    return INFO.format(
        version=__version__,
        name=session.name,
        wearer=wearer,
        bvp="" if bvp is None or bvp.native else ", unfiltered: with the constant part that an E4 takes away",
        hearts="found by somatone in BVP.csv" if own_beats else "the E4's own",
        held="\n".join(held) or "  nowhere.",
        notes="\n".join(f"{note}." for note in data.notes),
    )


def _sentences(data: Gridded, own_beats: bool) -> list[str]:
    said = [*data.notes]
    held = {name: (len(grid.held), sum(n for _, n in grid.held) / grid.rate_hz) for name, grid in data.grids.items()}
    gaps = ", ".join(f"{seconds:.2f} s of {name} in {count}" for name, (count, seconds) in held.items() if count)
    if gaps:
        said.append(f"an E4 archive has no gaps, so the last value is held where samples are missing: {gaps}")
    if twice := ", ".join(f"{grid.left_out} of {name}" for name, grid in data.grids.items() if grid.left_out):
        said.append(f"samples that would have come twice are left out: {twice}")
    if missing := [FILES[name] for name in FILES if name not in data.grids]:
        said.append(f"{' and '.join(missing)} could not be written: the session has no such samples")
    if own_beats:
        said.append("heart rate and intervals are of the beats that somatone found: the session carries none")
    return said


def _zip(out: Path, files: dict[str, str], start_utc: float) -> None:
    """A flat zip whose members carry the session's own time, so that equal sessions give equal bytes."""
    stamp = datetime.fromtimestamp(max(start_utc, 315_532_800), UTC).timetuple()[:6]  # a zip knows no time before 1980
    tmp = out.with_name(out.name + ".tmp")
    try:
        with zipfile.ZipFile(tmp, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(files):
                info = zipfile.ZipInfo(name, stamp)
                info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
                archive.writestr(info, files[name].encode())
        tmp.replace(out)
    except OSError as error:
        tmp.unlink(missing_ok=True)
        raise SomatoneError(f"{out} cannot be written ({error.strerror}): choose another file.") from None
