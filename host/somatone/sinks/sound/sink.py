"""The live sink: owns jackd and scsynth, keeps them sounding, and fills a new server with what the old one played.

The heartbeat is the meter's message: it comes from the last node on the audio thread, so it says that everything before
it was computed. The supervisor never gives up while the daemon lives; it slows down when restarts come in a row.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from somatone.errors import SoundError
from somatone.records import Status
from somatone.sinks.sound.awake import awake
from somatone.sinks.sound.cards import DUMMY, cards, choose_card
from somatone.sinks.sound.guards import Budget, OnceInAWhile, Restarts
from somatone.sinks.sound.jack import Jack, TooFewOutputs
from somatone.sinks.sound.meter import Meter
from somatone.sinks.sound.missing import Missing
from somatone.sinks.sound.recorder import FILE_S, Recorder
from somatone.sinks.sound.server import Server, free_udp_port, remove_abandoned_memory
from somatone.sinks.sound.settings import SoundSettings
from somatone.sinks.sound.state import State
from somatone.sinks.sound.tools import process_state, require_tools, surely

__all__ = ["SoundSettings", "SoundSink"]

HEARTBEAT_S = 1.5  # without a report for so long the server is taken for hung; reports come every 0.1 s
FIRST_BEAT_S = 3.0
FADE_S = 0.08
NOTES_PER_S, NOTE_BURST = 100.0, 50.0
MEND_S = 1.0  # all control values are sent again so often: packets can be lost, and strangers can send
PROVED_S = 5.0  # a card that has played for so long works
BATCH, BATCH_S = 24, 8.0  # so many definitions and recordings are loaded within this time
RECORD_S = 5.0


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
        self._budget = Budget(NOTES_PER_S, NOTE_BURST)
        self._restarts = Restarts()
        self._alarms = OnceInAWhile()
        self._place = ""  # where sound goes, as it was said last
        self._missing = Missing(buffers, lambda name, message: self._say("sound.library", name, message))
        self._sounding = asyncio.Event()
        self._blameless = False  # jackd, of the last loss
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
    def jack_name(self) -> str | None:
        """The name of the JACK server, for another client that wants to hear."""
        return self._jack.name if self._jack else None

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
            if self._settings.device not in (None, DUMMY):
                choose_card(self._settings.device or "", cards())
            await asyncio.to_thread(remove_abandoned_memory)
            self._jack = Jack(
                self._settings.device, self._settings.sample_rate, self._settings.period, self._settings.wiring.layout
            )
            with awake():
                while True:
                    await self._one_life(self._jack)
                    await asyncio.sleep(self._restarts.pause_s(time.monotonic()))
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
                self._say_place(jack, await jack.start())
            server = await Server.boot(
                free_udp_port(self._settings.port), jack.environment, self._on_meter, self._on_alarm, self._channels
            )
            await self._fill(server)
            sounded = True
            reason = await self._watch(server, jack)
        except TooFewOutputs as error:
            if not self._boots:
                raise
            reason = str(error).rstrip(".")
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
        # A card that is pulled out leaves a jackd that lives and never computes again: only a server that is plainly
        # to blame is restarted by itself.
        if not sounded or not self._blameless:
            await jack.stop()

    async def _fill(self, server: Server) -> None:
        """Makes a new server play what is declared, in order; returns when it sounds."""
        loads = self._missing.replaced(self._state.definitions())
        for first in range(0, len(loads), BATCH):
            for message in loads[first : first + BATCH]:
                server.send(message)
            await server.sync(BATCH_S)
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
            if self._jack:
                self._jack.refuse(self._jack.device)
            raise SoundError("scsynth runs, but no audio is computed")
        self._boots += 1
        self._sounding.set()
        self._say("sound", "sounding", "Sound is on." if self._boots == 1 else "Sound is back, at the levels it had.")

    async def _watch(self, server: Server, jack: Jack) -> str:
        """Returns, in words, why the server has to be started again, and sets whether jackd is blameless of it."""
        jack_ended = asyncio.ensure_future(jack.ended())
        seen, quiet_s, recorded_s, tended_s, begun_s = self._beats, 0.0, 0.0, 0.0, time.monotonic()
        self._blameless = False
        try:
            while True:
                before_s = time.monotonic()
                await asyncio.wait({server.exited, jack_ended}, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
                if jack_ended.done():
                    return "jackd ended"
                if server.exited.done():
                    self._blameless = jack.works
                    return "scsynth ended"
                passed_s = time.monotonic() - before_s
                # When our own loop was held up the silence is ours, not the server's: count at most two turns of it.
                quiet_s = 0.0 if seen != self._beats else quiet_s + min(passed_s, 0.2)
                seen = self._beats
                if quiet_s > HEARTBEAT_S:
                    self._blameless = process_state(server.pid) in ("T", "t") and jack.works
                    return f"scsynth did not answer for {HEARTBEAT_S:g} s"
                tended_s, recorded_s = tended_s + passed_s, recorded_s + passed_s
                if tended_s > MEND_S:
                    tended_s = 0.0
                    if not self._tend(server, jack, proved=before_s - begun_s > PROVED_S):
                        return "it moves to another device"
                if recorded_s > FILE_S:
                    recorded_s = 0.0
                    await self._next_record(server)
        finally:
            jack_ended.cancel()

    def _tend(self, server: Server, jack: Jack, proved: bool) -> bool:
        """Mends values, and tells whether sound goes where it should."""
        server.send(self._state.controls())
        if proved:
            jack.proved()
        return jack.target().device == jack.device

    async def _open_record(self, server: Server) -> None:
        if not self._recorder:
            return
        path = self._recorder.next()
        for message in self._state.recorder(path):
            server.send(message)
        await server.sync(RECORD_S)
        server.send(self._state.start_recorder())
        self._say("sound.record", str(path), f"What is heard is recorded to {path}.")

    async def _next_record(self, server: Server) -> None:
        await self._close_record(server)
        await self._open_record(server)

    async def _close_record(self, server: Server) -> None:
        if not self._recorder:
            return
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
            await self._close_record(server)

    def _on_meter(self, levels: Sequence[float]) -> None:
        if len(levels) == 2 * self._channels and all(map(math.isfinite, levels)):
            self._levels = tuple(levels)
        self._beats += 1
        self._beat_s = time.monotonic()

    def _on_alarm(self, text: str) -> None:
        if self._alarms.passes(text, time.monotonic()):
            self._say("sound.alarm", text, f"scsynth says: {text}")

    def _say_place(self, jack: Jack, sentence: str) -> None:
        if sentence != self._place:
            self._place = sentence
            self._say("sound.device", jack.device or "", sentence)

    def _say(self, name: str, value: str, message: str) -> None:
        self._report(Status(name, value, self._now_s(), message))
