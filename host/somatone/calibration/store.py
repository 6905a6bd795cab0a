"""One calibration record a board, `calibration/<serial>.toml` in the state folder.

A record is written whole or not at all (temporary file, fsync, rename). It names its board and carries a checksum over
what is applied, so that neither a damaged record nor another board's, copied over, is ever used.
"""

from __future__ import annotations

import binascii
import os
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from somatone import paths
from somatone.calibration.fit import CalibrationError, Reading, plausible
from somatone.timeline.units import FrontEnd


def record_path(serial: str) -> Path:
    return paths.state_dir() / "calibration" / f"{serial}.toml"


def save(serial: str, front_end: FrontEnd, open_hundredths: int, readings: Sequence[Reading]) -> Path:
    """Write the board's record and return where it is. Raises CalibrationError when the folder takes no file."""
    path = record_path(serial)
    temporary = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(_text(serial, front_end, open_hundredths, readings))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise CalibrationError(f"The record {path} cannot be written ({error.strerror}).") from None
    return path


def load(serial: str) -> FrontEnd | None:
    """The board's front end, None where it was never calibrated. Raises CalibrationError for a damaged record."""
    path = record_path(serial)
    try:
        record = tomllib.loads(path.read_text(encoding="utf-8"))
        front_end = FrontEnd(record["scale_code_ohm"], record["series_ohm"], record["offset_code"])
        whole = record["check"] == _check(serial, front_end) and plausible(front_end)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise CalibrationError(
            f"The calibration record {path} is damaged or another board's, and is not used: "
            "run `somatone calibrate-eda` with this board again."
        )
    return front_end


def _text(serial: str, front_end: FrontEnd, open_hundredths: int, readings: Sequence[Reading]) -> str:
    lines = [
        "# Skin-conductance front end of one board, measured by `somatone calibrate-eda`; edits are refused (check).",
        f'serial = "{serial}"',
        f'made_utc = "{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"',
        f"scale_code_ohm = {front_end.scale_code_ohm}",
        f"series_ohm = {front_end.series_ohm}",
        f"offset_code = {front_end.offset_code}",
        f"check = {_check(serial, front_end)}",
        f"open_hundredths_of_a_code = {open_hundredths}",
    ]
    for ohm, hundredths in readings:
        lines += ["", "[[reading]]", f"ohm = {ohm}", f"hundredths_of_a_code = {hundredths}"]
    return "\n".join(lines) + "\n"


def _check(serial: str, front_end: FrontEnd) -> int:
    return binascii.crc32(f"{serial} {front_end.native_format}".encode())


def _sync_folder(folder: Path) -> None:
    """Make the rename last: without it a power cut may bring the old record back."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
