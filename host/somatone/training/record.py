"""Makes a recording of a run, as fast as the machine trains: the same file that a live run leaves, without its jitter.

Frame k of the run arrives at (k + 1) / rate seconds on the recording's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from somatone import __version__
from somatone.errors import SomatoneError
from somatone.records import NativeChunk, Picture, Sourced, Status
from somatone.sinks.recording.layout import Facts
from somatone.sinks.recording.part import PartWriter
from somatone.sources.training import SOURCE, WEARER
from somatone.sources.training_protocol import NotANumber, RunBegins, RunMismatch, TrainingProtocol
from somatone.training.launch import Order, start

READ = 1 << 16
SAME_MOMENT_S = 1e-6


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept: at most one picture of each kind in `picture_s` seconds, in `grey_bits` bits of grey.

    `together` frames of a metric are one record: a small file, whose metrics come in steps of so many frames.
    """

    picture_s: float = 0.0
    grey_bits: int = 8
    activations: bool = True
    together: int = 1

    def reduced(self, picture: Picture) -> Picture:
        step = 8 - self.grey_bits
        if not step:
            return picture
        top = (1 << self.grey_bits) - 1
        table = bytes((value >> step) * 255 // top for value in range(256))
        return msgspec.structs.replace(picture, pixels=picture.pixels.translate(table))


async def record_run(order: Order, out: Path, progress: Callable[[float], None], keep: Keep | None = None) -> None:
    """Train `order.frames` frames and write them to `out`. Raises `SomatoneError`, one sentence."""
    order.check()
    items = _Timed(order.rate_hz, keep or Keep())
    part = out.with_name(out.name + ".partial")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        writer = PartWriter(part, Facts(0, version=__version__, run=f"{order.preset}-{order.seed}"))
        await _train(order, items, writer, progress)
        writer.finish()
        part.replace(out)
    except OSError as error:
        raise SomatoneError(f"{out} cannot be written ({error.strerror}): choose another file.") from None
    finally:
        part.unlink(missing_ok=True)


async def _train(order: Order, items: _Timed, writer: PartWriter, progress: Callable[[float], None]) -> None:
    process = await start(order)
    assert process.stdout and process.stderr
    try:
        while data := await process.stdout.read(READ):
            for time_s, item in items.feed(data):
                writer.add(time_s, item)
            progress(items.frames / order.frames)
        for time_s, item in items.rest():
            writer.add(time_s, item)
        if await process.wait() and items.frames < order.frames and not items.lost:
            words = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
            raise SomatoneError(words[-1] if words else f"The training process ended with {process.returncode}.")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class _Timed:
    """The run's records at the times at which a live run would have brought them."""

    def __init__(self, rate_hz: int, keep: Keep) -> None:
        self.frames = 0
        self.lost = False  # a metric was no number: the run ends there
        self._protocol = TrainingProtocol(WEARER, SOURCE)
        self._rate_hz = rate_hz
        self._keep = keep
        self._pictured_s: dict[str, float] = {}
        self._waiting: dict[str, NativeChunk] = {}  # of each metric, what is not yet whole

    def feed(self, data: bytes) -> Iterator[tuple[float, Sourced]]:
        for event in self._protocol.feed(data, 0.0):
            if isinstance(event, NativeChunk):
                self.frames = event.index + 1
                yield from self._sample(event)
            elif isinstance(event, Picture):
                yield from self._picture(event)
            elif isinstance(event, RunBegins):
                message = f"A run begins: {event.name}, seed {event.seed}, {event.rate_hz} frames a second."
                yield 0.0, Status("run", event.name, 0.0, message, wearer=WEARER, source=SOURCE)
            elif isinstance(event, NotANumber):
                self.lost = True
            elif isinstance(event, RunMismatch):
                raise SomatoneError(event.message)

    def _sample(self, chunk: NativeChunk) -> Iterator[tuple[float, Sourced]]:
        """One frame of a metric, kept back until there are enough of them; a gap or another format lets go."""
        before = self._waiting.pop(chunk.signal, None)
        if before and (before.index + len(before.samples), before.format) == (chunk.index, chunk.format):
            chunk = msgspec.structs.replace(before, samples=before.samples + chunk.samples)
        elif before:
            yield before.arrival_s, before
        chunk = msgspec.structs.replace(chunk, arrival_s=self._now_s)
        if len(chunk.samples) >= self._keep.together or not chunk.samples:
            yield self._now_s, chunk
        else:
            self._waiting[chunk.signal] = chunk

    def rest(self) -> Iterator[tuple[float, Sourced]]:
        """What was kept back, at the end."""
        yield from ((chunk.arrival_s, chunk) for chunk in self._waiting.values())
        self._waiting.clear()

    @property
    def _now_s(self) -> float:
        return self.frames / self._rate_hz

    def _picture(self, picture: Picture) -> Iterator[tuple[float, Sourced]]:
        if picture.name == "activations" and not self._keep.activations:
            return
        due_s = self._pictured_s.get(picture.name, -self._keep.picture_s) + self._keep.picture_s
        if self._now_s >= due_s - SAME_MOMENT_S:
            self._pictured_s[picture.name] = self._now_s
            yield self._now_s, self._keep.reduced(msgspec.structs.replace(picture, at_s=self._now_s))
