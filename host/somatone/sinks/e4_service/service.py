"""The streaming server without sockets and without a clock: bands, connections and faults. Moved by whoever owns it.

A paced source of packets (`device.DeviceModel`) is advanced with the service; a live one (`sink.E4ServiceSink`) calls
`give` itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from somatone.sinks.e4_service.band import Band
from somatone.sinks.e4_service.faults import Faults
from somatone.sinks.e4_service.session import Session
from somatone.sources.e4_stream import lines

EPOCH_UTC = 1_700_000_000.0  # the service's clock at time 0, where nobody says better


class Pacer(Protocol):
    """Something that brings a band's packets when its time has come."""

    @property
    def next_s(self) -> float: ...

    def advance(self, now_s: float) -> None: ...


class E4Service:
    """`connect` a client, `advance` time; each session then holds what is to be sent."""

    def __init__(self, faults: Faults | None = None, epoch_utc: float = EPOCH_UTC) -> None:
        self.faults = faults or Faults({})
        self.epoch_utc = epoch_utc
        self.bands: list[Band] = []
        self.sessions: list[Session] = []
        self.pacers: list[Pacer] = []
        self.returned_s: list[tuple[float, str]] = []  # when which band was back on Bluetooth, or could be discovered
        self._agenda: list[tuple[float, str, Band, Callable[[float], None]]] = []

    def add(self, band: Band, begin_s: float = 0.0) -> None:
        self.bands.append(band)
        for kind in self.faults.timed():
            self._plan(kind, band, begin_s)

    def connect(self) -> Session:
        session = Session(self)
        self.sessions.append(session)
        return session

    def disconnect(self, session: Session) -> None:
        if session in self.sessions:
            self.sessions.remove(session)

    @property
    def next_s(self) -> float:
        """When something happens next."""
        times = [pacer.next_s for pacer in self.pacers]
        return min([*times, *(entry[0] for entry in self._agenda)], default=float("inf"))

    def advance(self, now_s: float) -> None:
        """Everything that is due by `now_s`, in order of time."""
        while (due_s := self.next_s) <= now_s:
            while due := [entry for entry in self._agenda if entry[0] <= due_s]:
                self._agenda.remove(due[0])
                due[0][3](due_s)
            for pacer in self.pacers:
                if pacer.next_s <= due_s:
                    pacer.advance(due_s)

    def give(self, band: Band, stream: str, data: list[str], now_s: float) -> None:
        """Lines of one packet to everybody who wants them."""
        for session in self.sessions:
            if session.band is band:
                if self.faults.strikes("unknown", now_s):
                    session.say("E4_Wrist 1 2 3", now_s)
                session.give(stream, data, now_s)
                session.flush()

    def lose(self, band: Band, now_s: float, text: str = "") -> None:
        """The band's Bluetooth is gone; every connection bound to it is told [A]."""
        if not band.on_bluetooth:
            return
        band.on_bluetooth = False
        for session in self._bound(band):
            session.say(text or lines.lost(band.id), now_s)
            session.flush()
            if text == lines.BETA_GONE:
                session.unbind()

    def find(self, band: Band, now_s: float) -> None:
        """The band's Bluetooth is back, for whatever reason; its connections are told whatever the settings [A]."""
        if band.on_bluetooth:
            return
        band.on_bluetooth = True
        for session in self._bound(band):
            session.say(lines.re_established(band.id), now_s)
            session.flush()

    def _bound(self, band: Band) -> list[Session]:
        return [session for session in self.sessions if session.band is band]

    # faults

    def _plan(self, kind: str, band: Band, now_s: float) -> None:
        at_s = self.faults.next_s(kind, now_s)
        if at_s < float("inf"):
            self._at(at_s, kind, band, lambda now_s: self._strike(kind, band, now_s))

    def _at(self, at_s: float, kind: str, band: Band, what: Callable[[float], None]) -> None:
        self._agenda.append((at_s, kind, band, what))

    def _strike(self, kind: str, band: Band, now_s: float) -> None:
        self.faults.struck[kind] += 1
        again_s = now_s
        if kind == "reset":
            for session in self._bound(band):
                session.reset = True
        elif kind == "stall":
            stalled = self._bound(band)
            for session in stalled:
                session.stall()
            again_s += self.faults.lasts_s()
            self._at(again_s, kind, band, lambda now_s: _resume(stalled))
        elif band.in_reach and band.on_bluetooth:
            again_s += self.faults.lasts_s()
            self._go_away(kind, band, now_s)
            self._at(again_s, kind, band, lambda now_s: self._return(kind, band, now_s))
        self._plan(kind, band, again_s)

    def _go_away(self, kind: str, band: Band, now_s: float) -> None:
        gone = lines.BETA_GONE if self.faults.style("beta") else lines.turned_off(band.id)
        band.in_reach = False
        self.lose(band, now_s, gone if kind == "button" else "")

    def _return(self, kind: str, band: Band, now_s: float) -> None:
        band.in_reach = True
        self.returned_s.append((now_s, band.id))
        if kind != "drop":
            band.retake()
        if not self.faults.style("manual"):
            self.find(band, now_s)


def _resume(sessions: list[Session]) -> None:
    for session in sessions:
        session.resume()
