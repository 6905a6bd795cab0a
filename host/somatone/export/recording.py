"""Writes a session as one of our own recordings: an E4 archive becomes one, a run of many files becomes one file."""

from __future__ import annotations

from pathlib import Path

from somatone import __version__
from somatone.errors import SomatoneError
from somatone.export.grid import Progress
from somatone.recorded import Session, session_items
from somatone.sinks.recording.layout import E4Own, Facts, nanoseconds
from somatone.sinks.recording.part import PartWriter
from somatone.sources.recording import Recording

SYNC_S = 60.0  # of the session: nothing here is lost for good, and larger chunks compress better


def write_recording(session: Session, out: Path, progress: Progress) -> list[str]:
    """Write the recording; it replays to the same log as the session. Raises `SomatoneError`."""
    tmp = out.with_name(out.name + ".partial")
    try:
        own = E4Own(session.ibi, session.hr) if session.ibi or session.hr else None
        writer = PartWriter(tmp, _facts(session), own)
        synced_s = 0.0
        for time_s, item in session_items(session):
            writer.add(time_s, item)
            if time_s - synced_s > SYNC_S:
                synced_s = time_s
                writer.sync()
                progress(time_s / session.length_s)
        writer.finish()
        tmp.replace(out)
    except OSError as error:
        tmp.unlink(missing_ok=True)
        raise SomatoneError(f"{out} cannot be written ({error.strerror}): choose another file.") from None
    return []


def _facts(session: Session) -> Facts:
    if isinstance(session, Recording):
        return Facts(
            nanoseconds(session.start_utc),
            session.facts.clock,
            session.origin_s,
            session.facts.piece,
            session.facts.version,
            session.name,
        )
    return Facts(nanoseconds(session.start_utc), clock="recording", version=__version__, run=session.name)
