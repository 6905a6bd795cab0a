"""Must show 3: real sessions go through service and client and come out as the archive has them, to the last digit."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from e4_stream.rig import Link, run  # type: ignore[import-not-found]
from somatone.records import NativeChunk, Status
from somatone.sinks.e4_service.band import Band
from somatone.sinks.e4_service.device import DeviceModel
from somatone.sinks.e4_service.faults import Faults
from somatone.sinks.e4_service.feeds import ArchiveFeed
from somatone.sinks.e4_service.service import E4Service
from somatone.sources.e4_files import read_session
from somatone.sources.e4_stream.client import BandClient

SESSIONS = Path(__file__).resolve().parents[3] / "shared" / "data" / "e4" / "stress-predict"


@pytest.mark.skipif(not SESSIONS.is_dir(), reason="the real E4 sessions are not beside this checkout")
@pytest.mark.parametrize(("name", "comma"), [("S06", False), ("S17", True), ("S29", True)])
def test_a_session_arrives_to_the_last_digit(name: str, comma: bool) -> None:
    session = read_session(SESSIONS / name)
    faults = Faults({"comma": 1.0} if comma else {})
    service, feed = E4Service(faults, session.start_utc), ArchiveFeed(session)
    DeviceModel(service, Band("9FF167", faults), feed, begin_s=5.0, streams=feed.streams)
    got: dict[str, list[int]] = defaultdict(list)
    formats: dict[str, str] = {}

    def take(item: NativeChunk | Status) -> None:
        if isinstance(item, NativeChunk):
            assert item.index * item.width == len(got[item.signal])
            got[item.signal].extend(item.samples)
            formats[item.signal] = item.format

    client = BandClient("body", None, "test:28000", take)
    run(service, [Link(client, service, joined=True)], 0.0, session.length_s + 15.0)
    assert set(got) == {"eda", "temp", "acc", "bvp"}
    for signal, stream in session.streams.items():
        assert formats[signal] == stream.format.format
        assert got[signal] == [value for part in stream.runs for value in part.samples]
