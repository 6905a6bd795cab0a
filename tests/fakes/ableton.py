"""A stand-in for Ableton Live with the AbletonOSC remote script, as far as a client can tell them apart.

What it imitates, from the script's documentation and observed behaviour:
- it reads its socket ten times a second, all that came since; an exception ends that reading, the rest waits
- it answers to one fixed port of whoever asked, with the ids it was asked with; a setter has no answer
- an index that does not exist, or a value outside a parameter's range, is an exception: /live/error, and no answer
- an address it does not know is /live/error too, but reading goes on
- it says /live/startup when it starts, to 127.0.0.1
- names and values are those of the moment: nothing is said when tracks are reordered
- with `chunk`, longer answers come in pieces between the marks
What it does not imitate: listeners, the mixer's sends, and that a launch waits for the next bar.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

MARK = "#$#"
TICK_S = 0.1


@dataclass
class Parameter:
    name: str
    minimum: float = 0.0
    maximum: float = 1.0
    quantised: bool = False
    value: float = 0.0


@dataclass
class Device:
    name: str
    parameters: list[Parameter]

    def parameter(self, name: str) -> Parameter:
        return next(p for p in self.parameters if p.name == name)


@dataclass
class Track:
    name: str
    devices: list[Device] = field(default_factory=list)
    clips: list[str | None] = field(default_factory=list)
    volume: float = 0.85
    panning: float = 0.0

    def device(self, name: str) -> Device:
        return next(d for d in self.devices if d.name == name)


class Song:
    """The set that is open, and how the script answers to one message."""

    def __init__(self, tracks: list[Track], scenes: list[str], old_scene_address: bool = False) -> None:
        self.tracks, self.scenes = tracks, scenes
        self.tempo, self.playing = 120.0, False
        self.fired: list[tuple[str, ...]] = []
        self.set_count = 0
        self.chunk = 0  # arguments in one message; 0: all
        self.scene_address = "/live/song/get/" + ("scene_names" if old_scene_address else "scenes/name")

    def track(self, name: str) -> Track:
        return next(t for t in self.tracks if t.name == name)

    def replies(self, address: str, arguments: list) -> list[tuple[str, tuple]]:
        """Every message that one message causes. Raises what the script's own code would raise."""
        answer = self._answer(address, [*arguments])
        if answer is None:
            return []
        if not self.chunk or len(answer) <= self.chunk:
            return [(address, answer)]
        marked = (MARK, *answer, MARK)
        return [(address, marked[k : k + self.chunk]) for k in range(0, len(marked), self.chunk)]

    def _answer(self, address: str, a: list) -> tuple | None:
        kind, _, rest = address.removeprefix("/live/").partition("/")
        if address == self.scene_address:
            return tuple(self.scenes)
        handler = getattr(self, f"_{kind}", None)
        known = handler(rest, a) if handler else LookupError
        if known is LookupError:
            raise UnknownAddress(f"Unknown OSC address: {address}")
        return known

    def _song(self, what: str, a: list) -> tuple | type | None:
        if what == "get/num_tracks":
            return (len(self.tracks),)
        if what == "get/track_names":
            low, high = a if a else (0, -1)
            if not a or high == -1:
                return (*(t.name for t in self.tracks), "A-Reverb", "Main")  # as some versions do
            return tuple(self.tracks[k].name for k in range(low, high))
        if what.endswith("/tempo"):
            if what.startswith("get"):
                return (self.tempo,)
            self.tempo, self.set_count = float(a[0]), self.set_count + 1
            return None
        return self._transport(what)

    def _transport(self, what: str) -> tuple | type | None:
        if what in ("start_playing", "stop_playing", "continue_playing"):
            self.playing = what != "stop_playing"
            self.fired.append((what,))
            return None
        return LookupError

    def _scene(self, what: str, a: list) -> tuple | type | None:
        if what == "fire":
            self.fired.append(("scene", self.scenes[int(a[0])]))
            return None
        return LookupError

    def _clip(self, what: str, a: list) -> tuple | type | None:
        if what == "fire":
            track = self.tracks[int(a[0])]
            name = track.clips[int(a[1])]
            assert name is not None, "'NoneType' object has no attribute 'fire'"
            self.fired.append(("clip", track.name, name))
            return None
        return LookupError

    def _track(self, what: str, a: list) -> tuple | type | None:
        place = int(a[0])
        track = self.tracks[place]
        if what == "get/devices/name":
            return (place, *(d.name for d in track.devices))
        if what == "get/clips/name":
            return (place, *track.clips)
        for name in ("volume", "panning"):
            if what == f"get/{name}":
                return (place, getattr(track, name))
            if what == f"set/{name}":
                setattr(track, name, float(a[1]))
                self.set_count += 1
                return None
        return LookupError

    def _device(self, what: str, a: list) -> tuple | type | None:
        ids = (int(a[0]), int(a[1]))
        parameters = self.tracks[ids[0]].devices[ids[1]].parameters
        lists = {"name": "name", "min": "minimum", "max": "maximum", "is_quantized": "quantised"}
        for word, attribute in lists.items():
            if what == f"get/parameters/{word}":
                return (*ids, *(getattr(p, attribute) for p in parameters))
        if what == "get/parameter/value":
            return (*ids, int(a[2]), float(parameters[int(a[2])].value))
        if what == "set/parameter/value":
            parameter = parameters[int(a[2])]
            if not parameter.minimum - 1e-6 <= a[3] <= parameter.maximum + 1e-6:
                raise RuntimeError("Invalid value. Check the parameters range with min/max")
            parameter.value = float(a[3])
            self.set_count += 1
            return None
        return LookupError


class UnknownAddress(Exception):
    """Said as an error, and reading goes on."""


class FakeLive:
    """Song and script with real sockets. Use as a context manager; `restart` and `silent` are its faults."""

    def __init__(self, make_song, port: int, reply_port: int, tick_s: float = TICK_S) -> None:
        self._make_song = make_song
        self.song: Song = make_song()
        self.silent = False  # reads and does nothing, as while a dialogue is open
        self.lock = threading.Lock()
        self.heard = 0
        self._port, self._reply_port, self._tick_s = port, reply_port, tick_s
        self._socket: socket.socket | None = None
        self._ending = False
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> FakeLive:
        self.start()
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ending = True
        self._thread.join()
        self.stop()

    def start(self) -> None:
        """Live opens its default set: every parameter is where the set has it."""
        with self.lock:
            self.song = self._make_song()
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            self._socket.bind(("127.0.0.1", self._port))
            self._send("/live/startup", (), "127.0.0.1")

    def stop(self) -> None:
        with self.lock:
            if self._socket:
                self._socket.close()
            self._socket = None

    def _work(self) -> None:
        while not self._ending:
            time.sleep(self._tick_s)
            with self.lock:
                if self._socket and not self.silent:
                    self._process(self._socket)

    def _process(self, sock: socket.socket) -> None:
        while True:
            try:
                data, sender = sock.recvfrom(65536)
            except OSError:
                return
            self.heard += 1
            message = OscMessage(data)
            try:
                for address, arguments in self.song.replies(message.address, message.params):
                    self._send(address, arguments, sender[0])
            except UnknownAddress as error:
                self._send("/live/error", (str(error),), sender[0])
            except Exception as error:  # as the script does: the rest waits for the next tick
                self._send("/live/error", (f"Error handling OSC message: {error}",), sender[0])
                return

    def _send(self, address: str, arguments: tuple, host: str) -> None:
        builder = OscMessageBuilder(address=address)
        for argument in arguments:
            builder.add_arg(argument)
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.sendto(builder.build().dgram, (host, self._reply_port))
