"""One measured figure beside the bar that it is held against, and where the recordings are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "e4"


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the table."""

    what: str
    bar: str
    measured: str


def reference_session() -> Path | None:
    """The calm hour that speeds are measured on, where the recordings are beside the checkout."""
    path = SHARED / "stress-predict" / "S06"
    return path if path.is_dir() else None


def no_recording(what: str, bar: str) -> Figure:
    return Figure(what, bar, "not measured: the real E4 sessions are not beside this checkout")
