"""One band of the E4 streaming server, from finding it to finding it again: a state machine. No I/O, no clock.

    waiting -> searching -> binding -> subscribing -> streaming -> lost -> leaving -> waiting ...

Whoever owns a `BandClient` opens a connection when `wants_open`, closes it when `wants_close`, brings bytes (`feed`),
time (`tick`, due at `next_s`) and the connection's fate (`opened`, `failed`, `closed`), and sends `take_output()`.

Surprises: replies come between data, so nothing ever waits for the next line to be its reply; one connection binds to
one band [A], so each wearer has a client; after a Bluetooth loss simply waiting is not enough: what works is to wait
for `re-established`, poll the list until the ID is there, unbind, and begin again on a new connection [D]. Server
1.0.3 may accept every subscription and send nothing (a known fault): that is told to a person with its workaround.
In manual Bluetooth mode the list stays empty until the client has discovered and connected the band: the client tries
that whenever the list lacks its band, and a server in automatic mode may answer as it likes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from somatone.records import NativeChunk, Status
from somatone.sources.e4_stream import lines
from somatone.sources.e4_stream.counting import SHAPES, Placed, StreamCount
from somatone.sources.e4_stream.troubles import Troubles

BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 5.0)
POLL_S = 1.0
REPLY_S = 5.0  # clients in the field wait 3 to 5 s
SILENT_S = 10.0  # the slowest stream sends every 2 s
LOST_RETRY_S = 30.0  # listed, said to be lost, and no further word: bind again anyway
LEAVE_S = 1.0  # the server closes after device_disconnect; one that does not is left
SWAP_S = 60.0  # a band that nobody named and that stays away makes room for another
LOSS_SAY_S = 10.0
LOW_BATTERY = 150_000  # millionths
DISCOVERABLE_MINUTES = "0"  # for ever, after an accidental loss; older firmware ignores it [A]

Emit = Callable[[NativeChunk | Status], None]


class Claims:
    """Which client has which band, so that two wearers never share one."""

    def __init__(self) -> None:
        self._owner: dict[str, str] = {}

    def take(self, wearer: str, wanted: str | None, listed: Sequence[str]) -> str | None:
        """The band for this wearer: the one it wants or has, else the first that nobody has."""
        free = [band for band in listed if self._owner.get(band, wearer) == wearer]
        mine = [band for band in free if band in self._owner]
        choice = next((band for band in mine + free if wanted in (None, band)), None)
        if choice is not None:
            self._owner[choice] = wearer
        return choice

    def reserve(self, wearer: str, band: str) -> None:
        self._owner[band] = wearer

    def release(self, band: str) -> None:
        self._owner.pop(band, None)


class BandClient:
    """One wearer's band. `wanted` None takes the first band that no other wearer has, and keeps it."""

    def __init__(
        self,
        wearer: str,
        wanted: str | None,
        server: str,
        emit: Emit,
        claims: Claims | None = None,
        streams: Sequence[str] = lines.STREAMS,
    ) -> None:
        self.wearer = wearer
        self.band = wanted.upper() if wanted else None
        self.state = "waiting"
        self.counts: dict[str, StreamCount] = {}
        self.malformed = 0
        self.unknown = 0
        self.delivered = dict.fromkeys(("eda", "bvp", "temp", "acc"), 0)
        self.sessions = 0  # connections that streamed
        self._wanted = self.band
        self._server = server
        self._emit_record = emit
        self._claims = claims or Claims()
        if self.band:
            self._claims.reserve(wearer, self.band)
        self._streams = tuple(streams)
        self._troubles = Troubles(server, self._say)
        self._buffer = lines.LineBuffer()
        self._output: list[bytes] = []
        self._pending: deque[tuple[str, float]] = deque()  # command, when it was sent
        self._to_subscribe: deque[str] = deque()
        self._packing: dict[str, tuple[Placed, list[int]]] = {}
        self._origin_us: int | None = None
        self._now_s = 0.0
        self._due_s = 0.0  # when the state's next step is
        self._since_s = 0.0  # when the state began
        self._data_s = 0.0
        self._told_losses: dict[str, tuple[int, float]] = {}
        self._battery_low = False
        self._attempt = 0
        self._connected = False
        self._listed = False
        self._back = False
        self._discover_next = False
        self._got_data = False
        self._away_s: float | None = None  # since when a band of our own choice has not been listed
        self._connect_timeout = True
        self._closing = False
        self._paused = False
        self._tell_s = 0.0

    # the owner's side

    @property
    def wants_open(self) -> bool:
        return not self._connected and self._now_s >= self._due_s

    @property
    def wants_close(self) -> bool:
        return self._connected and self._closing

    @property
    def next_s(self) -> float:
        """When `tick` has something to do."""
        if not self._connected:
            return self._due_s
        reply_s = self._pending[0][1] + REPLY_S if self._pending else float("inf")
        silent_s = self._data_s + SILENT_S if self.state == "streaming" and not self._paused else float("inf")
        return min(self._due_s, reply_s, silent_s)

    def take_output(self) -> bytes:
        data = b"".join(self._output)
        self._output.clear()
        return data

    def opened(self, now_s: float) -> None:
        """A new connection: no greeting comes, the client speaks first [C]."""
        self._now_s = now_s
        self._connected, self._closing = True, False
        self._buffer = lines.LineBuffer()
        self._pending.clear()
        self._got_data = self._listed = self._back = self._discover_next = self._paused = False
        for count in self.counts.values():
            count.outage()
        self._enter("searching")
        self._ask("device_list")

    def failed(self, now_s: float, reason: str) -> None:
        """The connection could not be made."""
        self._now_s = now_s
        self._troubles.say("absent", f"The E4 streaming server at {self._server} cannot be reached ({reason})")
        self._rest()

    def closed(self, now_s: float, reason: str = "the server closed the connection") -> None:
        """The connection ended, whoever ended it."""
        self._now_s = now_s
        leaving = self.state == "leaving"
        if not (leaving or self._closing):
            self._troubles.say(
                "closed", f"The connection to the E4 streaming server at {self._server} ended ({reason})"
            )
        if self._got_data or leaving:
            self._attempt = 0
        self._connected = self._closing = False
        self._rest()

    def feed(self, data: bytes, now_s: float) -> None:
        """Bytes from the server, as they came. Samples are emitted before this returns."""
        self._now_s = now_s
        for text in self._buffer.feed(data):
            line = lines.parse_line(text)
            if isinstance(line, lines.Data):
                self._on_data(line)
            elif isinstance(line, lines.Reply):
                self._on_reply(line)
            elif isinstance(line, lines.BandEvent):
                self._on_event(line)
            else:
                self._on_unknown(line)
        for stream in tuple(self._packing):
            self._emit_chunk(stream)
        self._tell_losses()

    def tick(self, now_s: float) -> None:
        """Time went on: steps that are due, replies that did not come, a band that is silent."""
        self._now_s = now_s
        self._tell_losses()
        if not self._connected or self._closing:
            return
        if self._pending and now_s - self._pending[0][1] >= REPLY_S:
            self._troubles.say(
                "mute",
                f"What is at {self._server} does not answer as an E4 streaming server to {self._pending[0][0]!r}",
            )
            self._hang_up()
        elif self.state == "streaming" and not self._paused and now_s - self._data_s >= SILENT_S:
            self._silent()
        elif now_s >= self._due_s:
            self._step()

    def request(self, *words: str) -> None:
        """Any command of the protocol, from outside: `pause ON`, `device_disconnect_btle ID`, `server_status` ..."""
        self._ask(*words)

    # steps

    def _enter(self, state: str, due_in_s: float = float("inf")) -> None:
        self.state = state
        self._since_s = self._now_s
        self._due_s = self._now_s + due_in_s

    def _ask(self, *words: str) -> None:
        self._output.append(lines.command(*words))
        self._pending.append((words[0], self._now_s))

    def _rest(self) -> None:
        """No connection: wait, longer each time."""
        self._enter("waiting", BACKOFF_S[min(self._attempt, len(BACKOFF_S) - 1)])
        self._attempt += 1

    def _hang_up(self) -> None:
        self._closing = True

    def _step(self) -> None:
        if self.state == "leaving":
            self._hang_up()
        elif self.state in ("searching", "lost"):
            self._due_s = self._now_s + POLL_S
            self._ask("device_discover_list" if self._discover_next else "device_list")
            self._discover_next = False
        elif self.state == "streaming":
            self._due_s = float("inf")

    def _silent(self) -> None:
        band = self.band
        if self._got_data:
            text = f"Nothing has come from the E4 {band} for {SILENT_S:.0f} s though the server says it is connected"
        else:
            text = (
                f"The E4 streaming server accepted every subscription to {band} and sends nothing, a known fault "
                "of its version 1.0.3: run its installer again and start the server from the installer's last page"
            )
        self._troubles.say("stalled" if self._got_data else "silent", text)
        self._hang_up()

    def _leave(self) -> None:
        """The sequence that is known to bring a band back: unbind, and begin again on a new connection [D]."""
        self._enter("leaving", LEAVE_S)
        self._ask("device_disconnect")

    # replies

    def _on_reply(self, reply: lines.Reply) -> None:
        command = self._matched(reply)
        if command is None:
            return
        if reply.bands is not None:
            self._on_list(command, reply)
        elif command == "device_list":
            self._troubles.say("unlisted", f"The E4 streaming server at {self._server} does not list its bands")
            self._due_s = self._now_s + POLL_S
        elif command == "device_connect":
            self._on_bound(reply)
        elif command == "device_subscribe":
            self._on_subscribed(reply)
        elif command == "device_connect_btle":
            self._on_bluetooth(reply)
        elif command == "device_disconnect" and self.state == "leaving":
            self._due_s = self._now_s + (LEAVE_S if reply.ok else 0.0)
        elif command == "pause" and reply.ok:
            self._paused, self._data_s = reply.words[:1] == ("ON",), self._now_s
        elif command == "server_status" and not reply.ok:
            self._troubles.say("server", f"The E4 streaming server says: {reply.reason}")

    def _matched(self, reply: lines.Reply) -> str | None:
        """The oldest pending command that this answers; a list answers either list command (a documented habit)."""
        lists = ("device_list", "device_discover_list")
        for k, (command, _) in enumerate(self._pending):
            if command == reply.command or (command in lists and reply.command in lists):
                del self._pending[k]
                return command
        self.unknown += 1
        return None

    def _on_list(self, command: str, reply: lines.Reply) -> None:
        if self.state not in ("searching", "lost"):
            return
        assert reply.bands is not None
        if command == "device_discover_list":
            self._on_discovered(reply.bands)
            return
        listed = [band.id for band in reply.bands]
        self._swap(listed)
        if self.state == "leaving":
            return
        if self.state == "lost" and self.band not in listed:
            self._listed, self._discover_next = False, True
            return
        if self.state == "lost":
            returned = self._back or not self._listed or self._now_s - self._since_s >= LOST_RETRY_S
            self._listed = True
            if returned:
                self._leave()
            return
        band = self._claims.take(self.wearer, self._wanted or self.band, listed)
        if band is None:
            self._missing(listed)
            return
        if band != self.band:
            self._adopt(band)
        self._enter("binding")
        self._ask("device_connect", band)

    def _missing(self, listed: list[str]) -> None:
        wanted = f"The E4 {self.band} is" if self.band else f"No free E4 for {self.wearer!r} is"
        there = f"; it lists {', '.join(listed)}" if listed else ""
        self._troubles.say("unlisted", f"{wanted} not connected to the streaming server at {self._server}{there}")
        self._discover_next = True
        self._due_s = self._now_s + POLL_S

    def _swap(self, listed: list[str]) -> None:
        """A band that was flat and was replaced by another: nobody has to say so."""
        if self._wanted or self.band is None or self.band in listed:
            self._away_s = None
            return
        if self._away_s is None:
            self._away_s = self._now_s
        elif self._now_s - self._away_s >= SWAP_S and self._claims.take(self.wearer, None, listed):
            self._claims.release(self.band)
            self.band = self._away_s = None
            if self.state == "lost":
                self._leave()

    def _adopt(self, band: str) -> None:
        self.band = band
        self.counts.clear()
        self._told_losses.clear()
        self._origin_us = None

    def _on_discovered(self, bands: tuple[lines.ListedBand, ...]) -> None:
        """Manual Bluetooth: connect our band, or one that is ours to take."""
        allowed = [band.id for band in bands if band.permission != "not_allowed"]
        wanted = self._wanted or self.band
        if wanted in {band.id for band in bands} and wanted not in allowed:
            self._refused(wanted, "The device is not registered with the API key")
        band = self._claims.take(self.wearer, wanted, allowed)
        if band is None:
            return
        if band != self.band:
            self._adopt(band)
        timeout = (DISCOVERABLE_MINUTES,) if self._connect_timeout else ()
        self._connect_timeout = not self._connect_timeout  # a server that does not know the argument gets none
        self._ask("device_connect_btle", band, *timeout)

    def _on_bluetooth(self, reply: lines.Reply) -> None:
        if reply.ok:
            self._connect_timeout = True
            self._due_s = self._now_s
        else:
            self._refused(self.band, reply.reason)

    def _refused(self, band: str | None, reason: str) -> None:
        self._troubles.say("refused", f"The E4 {band} cannot be connected over Bluetooth: the server says {reason!r}")

    def _on_bound(self, reply: lines.Reply) -> None:
        if not reply.ok:
            self._troubles.say(
                "busy",
                f"The E4 {self.band} cannot be bound, perhaps because another program holds it: "
                f"the server says {reply.reason!r}",
            )
            self._enter("searching", BACKOFF_S[min(self._attempt, len(BACKOFF_S) - 1)])
            self._attempt += 1
            return
        self._to_subscribe = deque(self._streams)
        self._enter("subscribing")
        self._subscribe_next()

    def _subscribe_next(self) -> None:
        if self._to_subscribe:
            self._ask("device_subscribe", self._to_subscribe[0], "ON")
            return
        self._enter("streaming")
        self._data_s = self._now_s

    def _on_subscribed(self, reply: lines.Reply) -> None:
        if self.state != "subscribing":
            return
        stream = self._to_subscribe.popleft()
        if not reply.ok and lines.NO_BAND in reply.reason:
            self._lose(lines.BandEvent("lost", ""))
            return
        if not reply.ok:
            self._troubles.say("stream", f"The E4 streaming server does not give {stream!r}: {reply.reason!r}")
        self._subscribe_next()

    # what nobody asked for

    def _on_event(self, event: lines.BandEvent) -> None:
        if event.id not in ("", self.band) or self.state == "leaving":
            return
        if event.kind == "back":
            self._back = True
            if self.state == "lost":
                self._discover_next = False
                self._due_s = self._now_s
        elif self.state in ("subscribing", "streaming", "binding"):
            self._lose(event)
        elif self.state == "lost":
            self._back = False

    def _lose(self, event: lines.BandEvent) -> None:
        sentences = {
            "off": f"The E4 {self.band} was switched off with its button; switch it on again",
            "gone": f"The E4 {self.band} is off or its battery is empty; charge it and switch it on",
        }
        text = sentences.get(event.kind, f"The E4 {self.band} lost its Bluetooth connection")
        self._troubles.say("off" if event.kind in sentences else "lost", text)
        self._back, self._listed, self._discover_next = False, True, False
        self._to_subscribe.clear()
        self._enter("lost", POLL_S)

    def _on_unknown(self, line: lines.Unknown) -> None:
        if line.data:
            self.malformed += 1
        else:
            self.unknown += 1
        if not self._got_data:
            self._troubles.remember(line.text)
        # an answer nobody knows the words of ("unknown command") still answers what was asked
        if not line.data and self._pending and self._pending[0][0] in ("device_discover_list", "server_status"):
            self._pending.popleft()

    # data

    def _on_data(self, data: lines.Data) -> None:
        shape = SHAPES.get(data.stream)
        if shape is None:
            self._on_slow(data)
            return
        if self.state not in ("subscribing", "streaming"):
            # Only a new connection holds nothing back, so that arrivals can be trusted; till then it counts as lost.
            if self.state == "lost" and not self._back:
                self._back, self._due_s = True, self._now_s  # it streams again, and nobody said so
            return
        count = self.counts.get(data.stream)
        if count is None:
            if self._origin_us is None:
                self._origin_us = data.stamp_us
            count = self.counts[data.stream] = StreamCount(shape, self._origin_us)
        placed = count.place(data.stamp_us, data.values, self._now_s)
        self._arrived()
        if placed is None:
            return
        if placed.lost or data.values is None:
            self._emit_chunk(data.stream)
        if data.values is not None:
            packing = self._packing.get(data.stream)
            if packing is None:
                self._packing[data.stream] = (placed, list(data.values))
            else:
                packing[1].extend(data.values)

    def _arrived(self) -> None:
        self._data_s = self._now_s
        if not self._got_data and self.state == "streaming":
            self._got_data = True
            self._attempt = 0
            self.sessions += 1
            self._troubles.over("streaming", f"The E4 {self.band} streams to {self.wearer!r}.")

    def _emit_chunk(self, stream: str) -> None:
        packing = self._packing.pop(stream, None)
        if packing is None:
            return
        placed, samples = packing
        shape = SHAPES[stream]
        self.delivered[shape.signal] += len(samples) // shape.width
        self._emit_record(
            NativeChunk(
                wearer=self.wearer,
                signal=shape.signal,
                source=self.source,
                format=shape.format,
                index=placed.index,
                samples=tuple(samples),
                arrival_s=self._now_s,
                width=shape.width,
                ticks_us=placed.ticks_us,
            )
        )

    def _on_slow(self, data: lines.Data) -> None:
        """Battery and button. The E4's own beats are not passed on: the timeline has no such signal, the path finds
        beats in the pulse itself, and these come 5.6 s late."""
        if data.stream == "tag":
            self._say("tag", 1, "the wearer pressed the button")
        elif data.stream == "bat" and data.values:
            charge = data.values[0]
            if charge < LOW_BATTERY and not self._battery_low:
                self._say("e4.battery", charge / 1e6, f"The battery of the E4 {self.band} is at {charge // 10_000} %.")
            self._battery_low = charge < LOW_BATTERY

    # words

    @property
    def source(self) -> str:
        """Names the band: each has its own clock."""
        return f"e4-server:{self.band}" if self.band else "e4-server"

    def _tell_losses(self) -> None:
        """The sum so far of each signal, at most once in `LOSS_SAY_S`."""
        if self._now_s < self._tell_s:
            return
        self._tell_s = self._now_s + 1.0
        for count in self.counts.values():
            signal, lost = count.shape.signal, count.lost
            told, at_s = self._told_losses.get(signal, (0, float("-inf")))
            if lost == told or self._now_s - at_s < LOSS_SAY_S:
                continue
            self._told_losses[signal] = (lost, self._now_s)
            what = f"{lost - told} samples of {signal} of the E4 {self.band} were lost."
            if lost < told:
                what = f"{told - lost} samples of {signal} of the E4 {self.band} had only been late, not lost."
            self._say(f"e4.loss.{signal}", lost, what)

    def _say(self, name: str, value: str | int | float, message: str) -> None:
        self._emit_record(Status(name, value, self._now_s, message, wearer=self.wearer, source=self.source))
