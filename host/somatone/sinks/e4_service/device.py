"""A band that does not exist: draws samples from a feed and sends them as an E4's radio does, by a clock moved by hand.

Packets of 11 BVP, 6 ACC, 6 GSR and 8 TEMP samples [B], each stream begun at a random phase of its packet; the device's
own clock may be off by `ppm`, and each packet late by up to `jitter_s`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from somatone.sinks.e4_service.band import Band
from somatone.sinks.e4_service.service import E4Service
from somatone.sources.e4_stream.counting import BVP_HZ, SHAPES

BEATS_LATE_S = 5.6  # 5.5 to 5.7 [B]
FIRST_BEAT_S = 20.0  # [A]
BATTERY_S = 10.0  # [D]
BATTERY_LASTS_S = 24 * 3600.0


class Feed(Protocol):
    """What a band measures. Times are seconds since the band began, by its own clock."""

    def samples(self, stream: str, first: int, count: int) -> Sequence[int]:
        """`count` samples from number `first`, in the archive's counts; fewer at the end, and then no more."""
        ...

    def beats(self, from_s: float, to_s: float) -> Sequence[tuple[float, int]]:
        """Clean beats in [from, to): time and interval in microseconds."""
        ...

    def tags(self, from_s: float, to_s: float) -> Sequence[float]: ...


class DeviceModel:
    """Adds a band to `service` and paces it."""

    def __init__(
        self,
        service: E4Service,
        band: Band,
        feed: Feed,
        begin_s: float = 0.0,
        ppm: float = 0.0,
        jitter_s: float = 0.0,
        streams: Sequence[str] = tuple(SHAPES),
    ) -> None:
        self.band = band
        self.sent = dict.fromkeys(streams, 0)  # samples measured
        self._service = service
        self._feed = feed
        self._begin_s = begin_s
        self._speed = 1.0 + ppm / 1e6
        self._jitter_s = jitter_s
        self._random = service.faults.random
        self._phase_s = {name: self._random.random() * SHAPES[name].packet_s for name in streams}
        self._due_s = {name: self._due(name) for name in streams}
        self.next_s = min(self._due_s.values())
        self._slow_s = 0.0  # tags and battery, by the device's clock
        service.add(band, begin_s)
        service.pacers.append(self)

    def advance(self, now_s: float) -> None:
        for stream, due_s in self._due_s.items():
            if due_s <= now_s:
                self._packet(stream, now_s)
        self.next_s = min(self._due_s.values())

    def taken_s(self, stream: str, number: int) -> float:
        """When a sample was measured, on the service's clock."""
        return self._begin_s + self._phase_s[stream] + number / SHAPES[stream].rate_hz / self._speed

    def _due(self, stream: str) -> float:
        """When the packet that is being filled arrives."""
        shape = SHAPES[stream]
        filled_s = (self.sent[stream] + shape.lines) / shape.rate_hz / self._speed
        return self._begin_s + self._phase_s[stream] + filled_s + self._random.random() * self._jitter_s

    def _packet(self, stream: str, now_s: float) -> None:
        shape, band, service = SHAPES[stream], self.band, self._service
        samples = self._feed.samples(stream, self.sent[stream], shape.lines)
        if not samples:
            self._due_s[stream] = float("inf")
            return
        self.sent[stream] += len(samples) // shape.width
        self._due_s[stream] = self._due(stream)
        if not band.on_bluetooth:
            return
        if service.faults.strikes("lost", now_s):
            band.skip(stream, shape.lines)
            return
        if service.faults.strikes("lost_quiet", now_s):
            return
        data = band.packet(stream, samples, now_s, service.epoch_utc + now_s)
        service.give(band, stream, data, now_s)
        if service.faults.strikes("duplicate", now_s):
            service.give(band, stream, data, now_s)
        if stream == "bvp":
            self._beats(now_s)
        self._slow(now_s)

    def _beats(self, now_s: float) -> None:
        """Those whose detection this packet completed, stamped back to when they were."""
        to_s = self.sent["bvp"] / BVP_HZ
        from_s = max(to_s - SHAPES["bvp"].packet_s, FIRST_BEAT_S)
        newest_utc = self.band.newest_utc("bvp")
        for beat_s, ibi_us in self._feed.beats(from_s - BEATS_LATE_S, to_s - BEATS_LATE_S):
            assert newest_utc is not None
            self._service.give(self.band, "ibi", self.band.beat(newest_utc - (to_s - beat_s), ibi_us), now_s)

    def _slow(self, now_s: float) -> None:
        device_s = (now_s - self._begin_s) * self._speed
        utc_s = self._service.epoch_utc + now_s
        for tag_s in self._feed.tags(self._slow_s, device_s):
            self._service.give(self.band, "tag", [self.band.tag(utc_s - (device_s - tag_s))], now_s)
        if device_s // BATTERY_S > self._slow_s // BATTERY_S:
            charge = max(0.0, 1.0 - device_s / BATTERY_LASTS_S)
            self._service.give(self.band, "bat", [self.band.battery(utc_s, charge)], now_s)
        self._slow_s = device_s
