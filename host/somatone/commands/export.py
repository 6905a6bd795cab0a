"""`somatone export`: a recording or an E4 session in another format."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from somatone.commands.progress import progress_bar
from somatone.errors import UsageError
from somatone.export.e4 import write_e4
from somatone.export.grid import Progress
from somatone.export.recording import write_recording
from somatone.export.table import write_csv, write_parquet
from somatone.recorded import Session, open_session, wearers

Write = Callable[[Session, Path, Progress], list[str]]
TABLES: dict[str, tuple[str, Write]] = {
    "csv": (".csv", write_csv),
    "parquet": (".parquet", write_parquet),
    "recording": (".mcap", write_recording),
}
KINDS = ("e4", *TABLES)


def export_command(path: Path, to: str, out: Path, wearer: str | None) -> None:
    """Write `out`, then say what a person should know of it. Raises `SomatoneError`."""
    if to not in KINDS:
        raise UsageError(f"--to {to!r} is no format: give one of {', '.join(KINDS)}.")
    suffix = ".zip" if to == "e4" else TABLES[to][0]
    if out.suffix.lower() != suffix:
        raise UsageError(f"{out} must end in {suffix} for --to {to}.")
    if out.resolve() == path.resolve():
        raise UsageError(f"{out} is what is to be exported: choose another name.")
    session = open_session(path)
    for problem in session.problems:
        print(f"{session.name}: {problem}.", file=sys.stderr)
    with progress_bar(f"writing {out.name}") as advance:
        if to == "e4":
            said = write_e4(session, out, _one(session, wearer), advance)
        else:
            said = TABLES[to][1](session, out, advance)
    for sentence in said:
        print(f"{session.name}: {sentence}.", file=sys.stderr)
    print(f"{session.name}: {session.length_s:.0f} s written to {out} ({out.stat().st_size / 1e6:.2f} MB)")


def _one(session: Session, wearer: str | None) -> str:
    """The wearer whose archive it is: an E4 archive has just one."""
    found = wearers(session)
    if wearer in found:
        return wearer
    if wearer is not None or len(found) > 1:
        raise UsageError(f"an E4 archive has one wearer: say --wearer with one of {', '.join(found)}.")
    return found[0]
