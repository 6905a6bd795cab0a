"""One row a sample, for people who compute: time, UTC, wearer, signal, axis, value, unit, validity, source.

Values keep the source's own resolution and rate, so a board's rows are what its chips said, in their unit where that is
exact. Decimals are made from integers, never from floats. Validity is the timeline's, a quarter of a second at a time.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from somatone.errors import SomatoneError
from somatone.export.e4 import decimal_text
from somatone.export.grid import Progress
from somatone.recorded import Session, session_clocks, session_items
from somatone.records import Chunk, NativeChunk, Validity
from somatone.timeline.timeline import SignalClock, Timeline
from somatone.timeline.units import EDA_CODE_FORMAT, native_format

XYZ = ("x", "y", "z")
PARQUET_ROWS = 65_536


class Row(NamedTuple):
    """One sample of one axis; `value` is its exact decimal."""

    time_s: float
    utc: str
    wearer: str
    signal: str
    axis: str
    value: str
    unit: str
    validity: str
    source: str


@dataclass(frozen=True, slots=True)
class _Unit:
    """How a native format reads: names of its axes, unit, and the text of one count."""

    axes: Sequence[str]
    unit: str
    text: Callable[[int], str]


def _scaled(decimals: int, factor: int = 1) -> Callable[[int], str]:
    return lambda value: decimal_text(value * factor, decimals)


_UNITS = {
    "e4.eda_picosiemens": _Unit(("",), "uS", _scaled(6)),
    "e4.temp_centicelsius": _Unit(("",), "C", _scaled(2)),
    "e4.acc_64th_g": _Unit(XYZ, "g", _scaled(6, 15_625)),
    "e4.bvp_hundredths": _Unit(("",), "e4", _scaled(2)),
    "tmp117.raw": _Unit(("",), "C", _scaled(7, 78_125)),
    "lis3dh.mg": _Unit(XYZ, "g", _scaled(3)),
    "max30102.ir_red": _Unit(("infrared", "red"), "code", str),
}


def _unit(chunk: NativeChunk) -> _Unit:
    known = _UNITS.get(chunk.format)
    if known:
        return known
    if chunk.format.partition(":")[0] == EDA_CODE_FORMAT:
        convert = native_format(chunk.format).convert
        return _Unit(("",), "uS", lambda code: decimal_text(convert((code,))[0], 3))
    return _Unit([str(k) for k in range(chunk.width)] if chunk.width > 1 else ("",), chunk.format, str)


def rows(session: Session, progress: Progress) -> Iterator[Row]:
    """Every sample, in the order in which the samples came."""
    clocks, timeline = session_clocks(session), Timeline(session_clocks(session))
    lanes: dict[tuple[str, str, str], SignalClock] = {}
    validity: dict[tuple[str, str, str], Validity] = {}
    epoch = datetime.fromtimestamp(session.start_utc, UTC)
    for time_s, item in session_items(session):
        if not isinstance(item, NativeChunk):
            continue
        progress(time_s / session.length_s)
        key = (item.wearer, item.source, item.signal)
        for out in timeline.feed(item):
            if isinstance(out, Chunk):
                validity[key] = out.validity
        if key not in lanes:
            lanes[key] = clocks(item.source, item.signal, native_format(item.format).rate_hz)
        yield from _chunk_rows(item, lanes[key], validity.get(key, Validity.SETTLING), epoch)


def _chunk_rows(item: NativeChunk, clock: SignalClock, validity: Validity, epoch: datetime) -> Iterator[Row]:
    start_s, unit = clock.start_s(item), _unit(item)
    for k in range(len(item.samples) // item.width):
        time_s = round(start_s + k / clock.rate_hz, 6)
        utc = (epoch + timedelta(seconds=time_s)).isoformat(timespec="microseconds")
        for axis in range(item.width):
            text = unit.text(item.samples[k * item.width + axis])
            name = unit.axes[axis]
            yield Row(time_s, utc, item.wearer, item.signal, name, text, unit.unit, validity.value, item.source)


def write_csv(session: Session, out: Path, progress: Progress) -> list[str]:
    """Write the table as CSV. Raises `SomatoneError`."""
    tmp = out.with_name(out.name + ".tmp")
    try:
        with tmp.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(Row._fields)
            writer.writerows(rows(session, progress))
        tmp.replace(out)
    except OSError as error:
        raise _unwritable(out, tmp, error) from None
    return []


def write_parquet(session: Session, out: Path, progress: Progress) -> list[str]:
    """Write the table as Parquet, value as a double. Raises `SomatoneError`, also where pyarrow is not installed."""
    try:
        import pyarrow as arrow  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415 - heavy, and only here
        from pyarrow import parquet  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415
    except ImportError:
        raise SomatoneError(
            "writing Parquet needs pyarrow: install somatone with its [parquet] extra, or export --to csv."
        ) from None
    words = arrow.dictionary(arrow.int32(), arrow.string())
    kinds = {"time_s": arrow.float64(), "utc": arrow.timestamp("us", "UTC"), "value": arrow.float64()}
    schema = arrow.schema([(name, kinds.get(name, words)) for name in Row._fields])
    tmp = out.with_name(out.name + ".tmp")
    try:
        with parquet.ParquetWriter(tmp, schema, compression="zstd") as writer:
            for batch in _batches(rows(session, progress)):
                columns: dict[str, list[object]] = dict(
                    zip(Row._fields, map(list, zip(*batch, strict=True)), strict=True)
                )
                columns["utc"] = [datetime.fromisoformat(row.utc) for row in batch]
                columns["value"] = [float(row.value) for row in batch]
                writer.write_batch(arrow.RecordBatch.from_pydict(columns, schema=schema))
        tmp.replace(out)
    except OSError as error:
        raise _unwritable(out, tmp, error) from None
    return []


def _batches(source: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in source:
        batch.append(row)
        if len(batch) == PARQUET_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _unwritable(out: Path, tmp: Path, error: OSError) -> SomatoneError:
    tmp.unlink(missing_ok=True)
    return SomatoneError(f"{out} cannot be written ({error.strerror}): choose another file.")
