"""Live wearers served as E4s: what leaves the timeline goes out in packets, for clients that were written for the E4.

`feed` takes chunks and gates as they pass and only queues lines; `server.E4Server` sends them, so a slow client never
delays the path, and one that reads no more is let go. The stamps run at the wearer's own rates, true to time; a gap is
a jump of the stamps.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from somatone.records import Chunk, Gate, Status
from somatone.sinks.e4_service.band import Band
from somatone.sinks.e4_service.service import E4Service
from somatone.sources.e4_stream.counting import BVP_HZ, SHAPES
from somatone.timeline.units import RATES_HZ

_SHAPE_OF = {shape.signal: shape for shape in SHAPES.values()}
OWN_RATES_HZ = {shape.stream: float(RATES_HZ[shape.signal]) for shape in SHAPES.values()}
PICO_IN_NANO = 1000
BEAT = "pulse.beat"
TAG = "tag"
SHORTEST_BEAT_S = 0.25
LONGEST_BEAT_S = 2.0


def band_id(wearer: str) -> str:
    """Six hex digits that a wearer keeps from run to run, as a real band does."""
    return f"{zlib.crc32(wearer.encode()) & 0xFFFFFF:06X}"


@dataclass
class _Served:
    band: Band
    waiting: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in SHAPES})
    next_index: dict[str, int] = field(default_factory=dict)
    bvp_end_s: float = 0.0
    beat_s: float | None = None


class E4ServiceSink:
    """Give it every Chunk of the timeline, every Gate for heart rate and intervals, every Status for the button.

    `ids` may name the bands; a wearer without one gets `band_id`.
    """

    def __init__(self, service: E4Service, ids: Mapping[str, str] | None = None) -> None:
        self.service = service
        self._ids = dict(ids or {})
        self._served: dict[str, _Served] = {}

    def add(self, wearer: str) -> Band:
        """The wearer's band is listed from now on; `feed` does this for a wearer it does not know."""
        band = Band(self._ids.get(wearer, band_id(wearer)), self.service.faults, OWN_RATES_HZ)
        self._served[wearer] = _Served(band)
        self.service.add(band)
        return band

    def feed(self, record: Chunk | Gate | Status, now_s: float) -> None:
        """Called at `now_s` on the path's clock, which is the service's too."""
        if isinstance(record, Status):
            if record.name == TAG and record.wearer in self._served:
                band = self._served[record.wearer].band
                self.service.give(band, "tag", [band.tag(self.service.epoch_utc + now_s)], now_s)
            return
        if record.wearer not in self._served:
            self.add(record.wearer)
        served = self._served[record.wearer]
        if isinstance(record, Gate):
            if record.name == BEAT and record.value:
                self._beat(served, record, now_s)
        elif record.samples and record.signal in _SHAPE_OF:
            self._chunk(served, record, now_s)

    def _chunk(self, served: _Served, chunk: Chunk, now_s: float) -> None:
        shape = _SHAPE_OF[chunk.signal]
        waiting = served.waiting[shape.stream]
        missing = chunk.index - served.next_index.get(chunk.signal, chunk.index)
        if missing:
            self._packet(served, shape.stream, waiting, now_s)
            waiting.clear()
            served.band.skip(shape.stream, max(0, missing))
        served.next_index[chunk.signal] = chunk.index + len(chunk.samples) // chunk.width
        scale = PICO_IN_NANO if shape.stream == "gsr" else 1
        waiting.extend(v * scale for v in chunk.samples)
        if shape.stream == "bvp":
            served.bvp_end_s = chunk.end_s
        full = shape.lines * shape.width
        while len(waiting) >= full:
            self._packet(served, shape.stream, waiting[:full], now_s)
            del waiting[:full]

    def _packet(self, served: _Served, stream: str, samples: Sequence[int], now_s: float) -> None:
        if not samples:
            return
        if not served.band.on_bluetooth:
            served.band.skip(stream, len(samples) // SHAPES[stream].width)
            return
        data = served.band.packet(stream, samples, now_s, self.service.epoch_utc + now_s)
        self.service.give(served.band, stream, data, now_s)

    def _beat(self, served: _Served, gate: Gate, now_s: float) -> None:
        """The interval since the beat before, where that is one; on the grid of the E4's own clock [B]."""
        before_s, served.beat_s = served.beat_s, gate.at_s
        newest_utc = served.band.newest_utc("bvp")
        if before_s is None or newest_utc is None or not gate.validity.usable or not served.band.on_bluetooth:
            return
        interval_s = gate.at_s - before_s
        if SHORTEST_BEAT_S <= interval_s <= LONGEST_BEAT_S:
            ibi_us = round(round(interval_s * BVP_HZ) / BVP_HZ * 1e6)
            waiting_s = len(served.waiting["bvp"]) / served.band.rates_hz["bvp"]
            stamp_utc = newest_utc + waiting_s - (served.bvp_end_s - gate.at_s)
            self.service.give(served.band, "ibi", served.band.beat(stamp_utc, ibi_us), now_s)
