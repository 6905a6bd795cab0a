"""A training run as a source: a child process whose frames come in as from a board, started again when it ends.

A child that dies goes on from its beginning, one whose metrics are no numbers any more gives way to the next seed; each
costs one sentence, and the wearer is absent until the next frame.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from somatone.errors import SomatoneError
from somatone.records import NativeChunk, Picture, Sourced, Status
from somatone.sources.training_protocol import (
    NotANumber,
    RunBegins,
    RunEvent,
    RunLog,
    RunLost,
    RunMismatch,
    RunPace,
    TrainingProtocol,
)
from somatone.training.child import READY
from somatone.training.launch import Order, start
from wire import table

WEARER = "run"
SOURCE = "training"
RESTART_S = (0.5, 1.0, 2.0, 5.0, 10.0)  # the longer it keeps dying, the longer we wait
HEALTHY_S = 30.0  # a child that lived so long is started again at once
READ = 1 << 16
PACE_S = 10.0
LAST_WORDS = 3  # lines of standard error that may explain an end

Emit = Callable[[Sourced], None]
Now = Callable[[], float]


class Child:
    """One training process: `prepare` compiles, `play` lets it run and emits until it ends."""

    def __init__(self, order: Order, speaker: RunSpeaker) -> None:
        self.order = order
        self.not_a_number: tuple[str, ...] = ()
        self._speaker = speaker
        self._process: asyncio.subprocess.Process | None = None
        self._words: deque[str] = deque(maxlen=LAST_WORDS)

    async def prepare(self) -> None:
        """Start the process; it compiles, then waits for `play`."""
        if self._process is None:
            self._process = await start(self.order)

    async def play(self) -> str:
        """Until the process ends; returns why, in a few words."""
        await self.prepare()
        process = self._process
        assert process and process.stdin and process.stdout and process.stderr
        listening = asyncio.create_task(self._listen(process.stderr))
        try:
            process.stdin.write(b"\n")
            self._speaker.protocol.connect()
            while data := await process.stdout.read(READ):
                for event in self._speaker.feed(data):
                    if isinstance(event, NotANumber):
                        self.not_a_number = event.metrics
            await process.wait()
        finally:
            self.stop()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await process.wait()
        return self._words[-1] if self._words else f"exit status {process.returncode}"

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self._words.append(line.decode(errors="replace").strip())

    def stop(self) -> None:
        """End the process; harmless when it has ended."""
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()


class RunSpeaker:
    """Emits what a run's protocol gives: samples and pictures as they are, the rest as statuses."""

    def __init__(self, emit: Emit, now_s: Now, wearer: str = WEARER, source: str = SOURCE) -> None:
        self.protocol = TrainingProtocol(wearer, source)
        self._emit = emit
        self._now_s = now_s
        self._paced_s = float("-inf")

    def feed(self, data: bytes) -> list[RunEvent]:
        """Bytes as they came; everything in them is emitted, and returned."""
        events = self.protocol.feed(data, self._now_s())
        for event in events:
            if isinstance(event, NativeChunk | Picture):
                self._emit(event)
            else:
                self._event(event)
        return events

    def gone(self) -> None:
        """No more frames: absent from this moment."""
        for chunk in self.protocol.gone(self._now_s()):
            self._emit(chunk)

    def say(self, name: str, value: str | float, message: str = "") -> None:
        protocol = self.protocol
        self._emit(Status(name, value, self._now_s(), message, wearer=protocol.wearer, source=protocol.source))

    def _pace(self, cpu_share: float, late: int) -> None:
        """Now and then: a line a second would hide the rest."""
        if self._now_s() >= self._paced_s + PACE_S:
            self._paced_s = self._now_s()
            self.say("run.cpu", cpu_share, f"Training takes {cpu_share:.0%} of one processor, {late} frames were late.")

    def _event(self, event: RunEvent) -> None:
        match event:
            case RunBegins(name, seed, rate_hz):
                self.say("run", name, f"A run begins: {name}, seed {seed}, {rate_hz} frames a second.")
            case RunLost(what, count):
                total = self.protocol.frames_lost if what == "frames" else self.protocol.pictures_lost
                self.say(f"run.loss.{what}", total, f"{count} {what} of the run are missing.")
            case NotANumber(metrics):
                self.say("run.nan", ", ".join(metrics), f"{', '.join(metrics)} of the run: not a number.")
            case RunPace(cpu_share, late):
                self._pace(cpu_share, late)
            case RunLog(level, text) if text != READY:
                self.say("run.log", ("info", "warning", "error")[min(level, table.LOG_ERROR)], text)
            case RunMismatch(message):
                self.say("run", "mismatch", message)


class TrainingSource:
    """One preset, for ever. Raises `SomatoneError` at once where jax is missing or the preset is none."""

    def __init__(self, order: Order, emit: Emit, now_s: Now, speaker: RunSpeaker | None = None) -> None:
        order.check()
        self._speaker = speaker or RunSpeaker(emit, now_s)
        self._now_s = now_s
        self._next = Child(order, self._speaker)

    async def prepare(self) -> None:
        """Start the process already; it compiles, and waits for `run`."""
        await self._next.prepare()

    async def run(self) -> None:
        """Until cancelled; a child that ends is started again."""
        failures = 0
        while True:
            begun_s = self._now_s()
            child, order = self._next, self._next.order
            try:
                why = await child.play()
            except SomatoneError as error:
                why = str(error)
            finally:
                child.stop()
                self._speaker.gone()
            if child.not_a_number:
                order = replace(order, seed=order.seed + 1)
                self._speaker.say("training", "restarting", f"The run is lost; the next seed, {order.seed}, begins.")
            else:
                self._speaker.say("training", "restarting", f"The training process ended ({why}) and is started again.")
            self._next = Child(order, self._speaker)
            failures = 0 if self._now_s() - begun_s > HEALTHY_S or child.not_a_number else failures + 1
            await asyncio.sleep(RESTART_S[min(failures, len(RESTART_S) - 1)])
