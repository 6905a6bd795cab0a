"""What a band's raw counts mean: its own record in the state folder, or the shipped one. Both are marked unverified.

A record that is wrong is refused with one sentence naming file and key, and the shipped one is used.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from somatone import paths
from somatone.errors import SomatoneError
from somatone.timeline.e4_ble_formats import EdaScale, PpgScale, TempScale

SHIPPED = Path(__file__).with_name("e4_unverified.toml")


class ScaleError(SomatoneError):
    """A record of scales cannot be used."""


@dataclass(frozen=True, slots=True)
class Scales:
    """The three conversions of one band; acceleration needs none, its 1/64 g is near certain."""

    ppg: PpgScale
    eda: EdaScale
    temp: TempScale
    verified: bool


class _Ppg(msgspec.Struct, forbid_unknown_fields=True):
    colour: int
    invert: bool
    gain: int


class _Eda(msgspec.Struct, forbid_unknown_fields=True):
    swap_halves: bool
    reciprocal: int = 0
    points: list[tuple[int, int]] = []


class _Temp(msgspec.Struct, forbid_unknown_fields=True):
    step_centi: int
    offset_centi: int


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    unverified: bool
    ppg: _Ppg
    eda: _Eda
    temp: _Temp


def record_path(address: str) -> Path:
    return paths.state_dir() / "calibration" / f"e4-{address.replace(':', '').lower()}.toml"


def load(address: str) -> Scales:
    """The band's own record, else the shipped one. Raises ScaleError for a record that is no such thing."""
    own = record_path(address)
    return read(own) if own.is_file() else shipped()


def shipped() -> Scales:
    return read(SHIPPED)


def read(path: Path) -> Scales:
    try:
        record = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Record)
        _check(record)
    except (OSError, ValueError) as error:
        raise ScaleError(f"The calibration record {path} cannot be used: {error}") from None
    verified = not record.unverified
    eda = record.eda
    return Scales(
        PpgScale(record.ppg.colour, -1 if record.ppg.invert else 1, record.ppg.gain, verified),
        EdaScale(eda.swap_halves, eda.reciprocal, tuple(eda.points), verified),
        TempScale(record.temp.step_centi, record.temp.offset_centi, verified),
        verified,
    )


def _check(record: _Record) -> None:
    if record.ppg.colour not in (0, 1) or not 0 < record.ppg.gain <= 1 << 12:
        raise ValueError("ppg.colour is 0 or 1, ppg.gain 1 to 4096")
    raws = [raw for raw, _ in record.eda.points]
    if bool(raws) == bool(record.eda.reciprocal) or record.eda.reciprocal < 0:
        raise ValueError("eda has either reciprocal, above 0, or points")
    if raws and (len(raws) < 2 or raws != sorted(set(raws))):
        raise ValueError("eda.points needs at least two, with raw24 rising")
