"""One client's connection to the service: its commands and replies, what it is bound to, what it is sent. No I/O.

`sends` holds the bytes of each send as the real server would make it: one line each [B]. Replies end in a bare LF [C].
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from somatone.sinks.e4_service.band import NAME, Band
from somatone.sources.e4_stream import lines

if TYPE_CHECKING:
    from somatone.sinks.e4_service.service import E4Service

MOST_QUEUED = 20_000  # sends; three minutes of everything. A client that reads no more is let go


class Session:
    """Made by `E4Service.connect`. Close the connection when `closing`, after `sends`; abort it when `reset`."""

    def __init__(self, service: E4Service) -> None:
        self.sends: deque[bytes] = deque()
        self.closing = False
        self.reset = False
        self.band: Band | None = None
        self.streams: set[str] = set()
        self.paused = False
        self._service = service
        self._faults = service.faults
        self._silent = False
        self._buffer = lines.LineBuffer()
        self._glued: list[bytes] = []
        self._stalled: list[bytes] | None = None
        self._whole = not (self._faults.style("glue") or self._faults.style("cut"))
        self._end = "\r\n" if self._faults.style("beta") else "\n"

    def feed(self, data: bytes, now_s: float) -> None:
        """Bytes from the client, in any split."""
        for text in self._buffer.feed(data):
            words = lines.parse_command(text)
            if words and not self.closing:
                self.say(self._answer(words, now_s), now_s)

    def say(self, text: str, now_s: float) -> None:
        self._send((text + self._end).encode(), now_s)

    def give(self, stream: str, data: list[str], now_s: float) -> None:
        """Data of the bound band, where this client subscribed to it."""
        if stream not in self.streams or self.paused or self._silent:
            return
        if self._whole and self._stalled is None:
            self.sends.extend([line.encode() for line in data])
            self.reset |= len(self.sends) > MOST_QUEUED
        else:
            for line in data:
                self._send(line.encode(), now_s)

    def flush(self) -> None:
        """At the end of each burst: what was glued goes out."""
        if self._glued:
            self.sends.append(b"".join(self._glued))
            self._glued.clear()

    def stall(self) -> None:
        """The network stops in the middle of a line."""
        self.flush()
        if self._stalled is None:
            self._stalled = []
            if self.sends and len(self.sends[-1]) > 1:
                cut = self._faults.random.randrange(1, len(self.sends[-1]))
                line = self.sends.pop()
                self.sends.append(line[:cut])
                self._stalled.append(line[cut:])

    def resume(self) -> None:
        if self._stalled is not None:
            held, self._stalled = self._stalled, None
            self.sends.extend(held)

    def _send(self, data: bytes, now_s: float) -> None:
        if self._stalled is not None:
            self._stalled.append(data)
            return
        if self._glued or self._faults.strikes("glue", now_s):
            self._glued.append(data)
            if len(self._glued) > self._faults.random.randrange(1, 12):
                self.flush()
        elif self._faults.strikes("cut", now_s):
            cut = self._faults.random.randrange(len(data))
            self.sends.extend((data[:cut], data[cut:]) if cut else (data,))
        else:
            self.sends.append(data)
        if len(self.sends) > MOST_QUEUED:
            self.reset = True

    # commands

    def _answer(self, words: list[str], now_s: float) -> str:
        name, arguments = words[0].lower(), words[1:]
        match name:
            case "device_list" | "device_discover_list":
                reply = self._list(name)
            case "device_connect":
                reply = self._connect(arguments, now_s)
            case "device_disconnect":
                reply = self._disconnect()
            case "device_subscribe":
                reply = self._subscribe(arguments, now_s)
            case "device_connect_btle" | "device_disconnect_btle":
                reply = self._bluetooth(name, arguments, now_s)
            case "pause":
                reply = self._pause(arguments)
            case "server_status":
                reply = lines.ok("system_status", "OK")  # really, whatever the documentation says [C]
            case _:
                reply = lines.error(name, "unknown command")  # the exact words are not known
        return reply

    def _list(self, name: str) -> str:
        beta = self._faults.style("beta")
        entries: list[tuple[str, ...]] = []
        for band in self._service.bands:
            if name == "device_list" and band.on_bluetooth:
                entries.append((band.id, "Empatica", "E4", "available") if beta else (band.id, NAME))
            elif name == "device_discover_list" and band.in_reach and not band.on_bluetooth:
                entries.append((band.id, NAME, "allowed" if band.allowed else "not_allowed"))
        return lines.listing(name, entries, trailing_space=self._faults.style("list_space"))

    def _find(self, arguments: list[str]) -> Band | None:
        wanted = arguments[0].upper() if arguments else ""
        return next((band for band in self._service.bands if band.id == wanted), None)

    def _connect(self, arguments: list[str], now_s: float) -> str:
        band = self._find(arguments)
        bound_elsewhere = self.band is not None and self.band is not band and self.band.on_bluetooth
        busy = self._faults.strikes("busy", now_s)
        if band is None or not band.on_bluetooth or bound_elsewhere or busy:
            return lines.error("device_connect", "The device requested for connection is not available.")
        if band is not self.band:
            self.streams.clear()
        self.band = band
        return lines.ok("device_connect", "OK")

    def _disconnect(self) -> str:
        if self.band is None:
            return lines.error("device_disconnect", "No connected device.")
        self.unbind()
        self.closing = not self._faults.style("beta")  # the beta server only unbinds [A]
        return lines.ok("device_disconnect", "OK")

    def unbind(self) -> None:
        self.band = None
        self.streams.clear()

    def _subscribe(self, arguments: list[str], now_s: float) -> str:
        stream, state = (*arguments, "", "")[:2]
        if stream not in lines.STREAMS:
            return lines.error(f"device_subscribe {stream}", lines.NOT_STREAMED)
        if self.band is None:
            return lines.error(f"device_subscribe {stream}", lines.NO_BAND)
        if state.upper() == "OFF":
            self.streams.discard(stream)
        else:
            if not self.streams:
                self._silent = self._faults.strikes("silent", now_s)
            self.streams.add(stream)
        return lines.ok("device_subscribe", stream, "OK")

    def _bluetooth(self, name: str, arguments: list[str], now_s: float) -> str:
        band = self._find(arguments)
        if name == "device_disconnect_btle":
            if band is None or not band.on_bluetooth:
                return lines.error(name, "The device is not connected over btle")
            self._service.lose(band, now_s)
            return lines.ok(name, "OK")
        if band is None or not band.in_reach:
            return lines.error(name, "The device has not been discovered yet")
        if not band.allowed:
            return lines.error(name, "The device is not registered with the API key")
        self._service.find(band, now_s)
        return lines.ok(name, "OK")

    def _pause(self, arguments: list[str]) -> str:
        if self.band is None:
            return lines.error("pause", lines.NO_BAND)
        self.paused = bool(arguments) and arguments[0].upper() == "ON"
        return lines.ok("pause", "ON" if self.paused else "OFF")
