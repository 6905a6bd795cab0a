"""The live sink: owns jackd and scsynth, keeps them sounding, and fills a new server with what the old one played.

The heartbeat is the meter's message: it comes from the last node on the audio thread, so it says that everything before
it was computed. The supervisor never gives up while the daemon lives; it slows down when restarts come in a row.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from somatone.errors import SoundError
from somatone.records import Status
from somatone.sinks.sound.jack import DUMMY, Jack, TooFewOutputs, cards, choose_device
from somatone.sinks.sound.meter import Meter
from somatone.sinks.sound.recorder import FILE_S, Recorder
from somatone.sinks.sound.server import Server, free_udp_port, remove_abandoned_memory
from somatone.sinks.sound.state import State
from somatone.sinks.sound.tools import require_tools, surely
from somatone.sinks.sound.wiring import Wiring

HEARTBEAT_S = 1.5  # without a report for so long the server is taken for hung; reports come every 0.1 s
FIRST_BEAT_S = 3.0
FADE_S = 0.08
NOTES_PER_S, NOTE_BURST = 100.0, 50.0
FREE_RESTARTS, RESTART_WINDOW_S, SLOWEST_S = 6, 30.0, 10.0
ALARM_AGAIN_S = 60.0


@dataclass(frozen=True, slots=True)
class SoundSettings:
    """How sound is made. `device` None: a real card when there is one, else the dummy driver; else a card's name or
    "dummy". `port` None: any free UDP port. `record_to`: also write what is heard to this .wav or .flac. `wiring`: the
    room's loudspeakers, and the chain of inserts."""

    sample_rate: int = 48_000
    period: int = 256
    device: str | None = None
    port: int | None = None
    record_to: Path | None = None
    seed: int = 1
    wiring: Wiring = field(default_factory=Wiring)


class SoundSink:
    """Plays controls and notes. `run` is the task that keeps it alive; the other methods never block."""

    def __init__(
        self,
        voices: Sequence[str],
        buffers: Mapping[str, Path],
        settings: SoundSettings,
        report: Callable[[Status], None],
        now_s: Callable[[], float],
    ) -> None:
        """Raises SomatoneError for an unknown voice, SoundError for a missing recording or a file that cannot be
        recorded to. `report` hears of the device, of every loss and return, and of the server's alarms."""
        self._state = State(voices, buffers, settings.seed, settings.wiring)
        self._settings = settings
        self._report = report
        self._now_s = now_s
        self._recorder = Recorder(settings.record_to, settings.wiring.layout.channels) if settings.record_to else None
        self._server: Server | None = None
        self._jack: Jack | None = None
        self._channels = settings.wiring.layout.channels
        self._levels: tuple[float, ...] = (0.0, 0.0) * self._channels
        self._beats = 0
        self._beat_s = -math.inf
        self._boots = 0
        self._lost = 0
        self._budget = _Budget(NOTES_PER_S, NOTE_BURST)
        self._restarts: deque[float] = deque(maxlen=64)
        self._alarms: dict[str, float] = {}
        self._sounding = asyncio.Event()
        self._reason = "it has not been started"
        self._failure: SoundError | None = None

    def control(self, voice: str, control: str, value: float) -> None:
        """Sets a control in its own unit, clamped to its range. A value that is not finite is dropped and counted; a
        value set while the server is away is applied when it returns. Raises SomatoneError for an unknown name."""
        if not math.isfinite(value):
            self._state.value(voice, control)
            self._lost += 1
            return
        message = self._state.set(voice, control, value)
        if self._server:
            self._server.send(message)

    def note(self, voice: str, values: Mapping[str, float]) -> None:
        """Plays one event of a note voice; what is not in `values` comes from its controls. Notes that come faster
        than NOTES_PER_S, or while the server is away, are dropped and counted. Raises SomatoneError as `control`."""
        message = self._state.note(voice, values)
        if self._server and self._budget.take(time.monotonic()):
            self._server.send(message)
        else:
            self._lost += 1

    @property
    def meter(self) -> Meter:
        """The last report of levels, its age, and what was counted."""
        age_s = time.monotonic() - self._beat_s
        return Meter(self._levels[::2], self._levels[1::2], age_s, self._boots, self._lost)

    @property
    def pids(self) -> tuple[int | None, int | None]:
        """Process ids of scsynth and jackd, for people who look for faults."""
        return (self._server.pid if self._server else None, self._jack.pid if self._jack else None)

    async def started(self, timeout_s: float) -> None:
        """Returns when it sounds. Raises SoundError with the reason when it cannot, or not within `timeout_s`."""
        try:
            await asyncio.wait_for(self._sounding.wait(), timeout_s)
        except TimeoutError:
            raise SoundError(f"Sound did not start within {timeout_s:g} s: {self._reason}.") from None
        if self._failure:
            raise self._failure

    async def run(self) -> None:
        """Keeps sound going until cancelled, then ends what it started. Raises SoundError only for what cannot mend
        itself: tools that are not installed, a port in use, an unknown card, or one with too few outputs."""
        try:
            require_tools("jackd", "scsynth", "setpriv")
            free_udp_port(self._settings.port)
            choose_device(self._settings.device, [] if self._settings.device == DUMMY else cards())
            await asyncio.to_thread(remove_abandoned_memory)
            self._jack = Jack(
                self._settings.device, self._settings.sample_rate, self._settings.period, self._settings.wiring.layout
            )
            while True:
                await self._one_life(self._jack)
                await asyncio.sleep(self._pause_s())
        except SoundError as error:
            self._failure = error
            self._sounding.set()
            raise
        finally:
            if self._jack:
                await surely(self._jack.stop(), self._jack.kill)
                self._jack.close()

    async def _one_life(self, jack: Jack) -> None:
        """From boot to the end of one server; returns when it has to be started again."""
        server: Server | None = None
        sounded = False
        try:
            self._reason = "the sound server is starting"
            if jack.pid is None:
                self._say("sound.device", jack.name, await jack.start())
            server = await Server.boot(
                free_udp_port(self._settings.port), jack.environment, self._on_meter, self._on_alarm, self._channels
            )
            await self._fill(server)
            sounded = True
            reason = await self._watch(server, jack)
        except TooFewOutputs:
            raise
        except SoundError as error:
            reason = str(error).rstrip(".")
        except asyncio.CancelledError:
            await self._fade_out(server)
            raise
        finally:
            self._server = None
            self._sounding.clear()
            if server:
                await surely(server.kill())
            if self._recorder:
                self._recorder.finish()
        self._reason = reason
        self._say("sound", "lost", f"Sound stopped, because {reason}; it is started again.")
        if not sounded or jack.frozen:
            await jack.stop()

    async def _fill(self, server: Server) -> None:
        """Makes a new server play what is declared, in order; returns when it sounds."""
        for message in self._state.definitions():
            server.send(message)
        await server.sync()
        beats = self._beats
        self._state.seed = self._settings.seed + self._boots  # a restart does not play the same chance again
        self._server = server  # from here on changes are sent; what was set before is in the state
        server.send(*self._state.ground())
        server.send(*self._state.nodes(), self._state.meter())
        await self._open_record(server)
        for _ in range(int(FIRST_BEAT_S / 0.02)):
            if self._beats != beats:
                break
            if server.exited.done():
                raise SoundError("scsynth stopped while it was being filled.")
            await asyncio.sleep(0.02)
        else:
            raise SoundError("scsynth runs, but no audio is computed")
        self._boots += 1
        self._sounding.set()
        self._say("sound", "sounding", "Sound is on." if self._boots == 1 else "Sound is back, at the levels it had.")

    async def _watch(self, server: Server, jack: Jack) -> str:
        """Returns, in words, why the server has to be started again."""
        jack_ended = asyncio.ensure_future(jack.ended())
        seen, quiet_s, recorded_s = self._beats, 0.0, 0.0
        try:
            while True:
                before_s = time.monotonic()
                await asyncio.wait({server.exited, jack_ended}, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
                if jack_ended.done():
                    return "jackd ended"
                if server.exited.done():
                    return "scsynth ended"
                passed_s = time.monotonic() - before_s
                # When our own loop was held up the silence is ours, not the server's: count at most two turns of it.
                quiet_s = 0.0 if seen != self._beats else quiet_s + min(passed_s, 0.2)
                seen = self._beats
                if quiet_s > HEARTBEAT_S:
                    return f"scsynth did not answer for {HEARTBEAT_S:g} s"
                recorded_s += passed_s
                if self._recorder and recorded_s > FILE_S:
                    recorded_s = 0.0
                    await self._close_record(server)
                    await self._open_record(server)
        finally:
            jack_ended.cancel()

    async def _open_record(self, server: Server) -> None:
        if not self._recorder:
            return
        path = self._recorder.next()
        for message in self._state.recorder(path):
            server.send(message)
        await server.sync()
        server.send(self._state.start_recorder())
        self._say("sound.record", str(path), f"What is heard is recorded to {path}.")

    async def _close_record(self, server: Server) -> None:
        for message in self._state.stop_recorder():
            server.send(message)
        await server.sync(1.0)

    async def _fade_out(self, server: Server | None) -> None:
        """The last moment of a wanted end: no click, and a recording that is whole."""
        if not self._server or not server:
            return
        with contextlib.suppress(SoundError, asyncio.CancelledError):
            server.send(self._state.fade_out())
            await asyncio.sleep(FADE_S)
            if self._recorder:
                await self._close_record(server)

    def _pause_s(self) -> float:
        """None for the first restarts of half a minute, then longer and longer: the guard against a loop."""
        now_s = time.monotonic()
        self._restarts.append(now_s)
        many = sum(now_s - at_s < RESTART_WINDOW_S for at_s in self._restarts) - FREE_RESTARTS
        return 0.0 if many <= 0 else min(0.5 * 2.0**many, SLOWEST_S)

    def _on_meter(self, levels: Sequence[float]) -> None:
        if len(levels) == 2 * self._channels and all(map(math.isfinite, levels)):
            self._levels = tuple(levels)
        self._beats += 1
        self._beat_s = time.monotonic()

    def _on_alarm(self, text: str) -> None:
        now_s = time.monotonic()
        if now_s - self._alarms.get(text, -math.inf) > ALARM_AGAIN_S:
            if len(self._alarms) > 100:
                self._alarms.clear()
            self._alarms[text] = now_s
            self._say("sound.alarm", text, f"scsynth says: {text}")

    def _say(self, name: str, value: str, message: str) -> None:
        self._report(Status(name, value, self._now_s(), message))


class _Budget:
    """So many a second on average, with a burst; more are refused."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst, self._left, self._at_s = per_s, burst, burst, 0.0

    def take(self, now_s: float) -> bool:
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
