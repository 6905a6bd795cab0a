"""The firmware's whole output in virtual time, under any interpreter; and what the host's path makes of it."""

import random
import struct
import subprocess
from pathlib import Path

import msgspec

import wire
from somatone.records import Chunk, NativeChunk
from somatone.sources.board_protocol import BoardProtocol, BoardStatus, period_us
from somatone.sources.virtual_board import launch
from somatone.timeline.live_clock import LiveClocks
from somatone.timeline.timeline import Timeline

SESSION = 7
BYTES_PER_S = 32  # world.STDIN_BYTES_PER_S
JITTER_S = 0.02


def body(seconds: int) -> bytes:
    """A small deterministic body: a sawtooth pulse, conductance that climbs, a hand that swings."""
    return b"".join(
        struct.pack(
            "<IIIhhhhBB",
            *(120_000 + n * 37 % 5000, 90_000 + n * 17 % 3000, 2000 + n % 800),
            *(3300 + n % 50, n % 200 - 100, 50, 1000 - n % 7, 1, 0),
        )
        for n in range(seconds * 100)
    )


def host_script(seconds: int) -> bytes:
    """What a host would say, one padded frame a second: start, then acknowledgements two seconds behind."""
    frames = [wire.encode_frame(wire.pack("start", SESSION))]
    for second in range(1, seconds):
        fast, slow = max(0, (second - 2) * 97 - 1), max(0, (second - 3) * 4 - 1)
        frames.append(wire.encode_frame(wire.pack("ack", (fast, slow, slow, fast), 0)))
    return b"".join(frame.rjust(BYTES_PER_S, b"\0") for frame in frames)


def stream_of(interpreter: str, folder: Path, seconds: int, ppm: dict[str, int]) -> bytes:
    """`ppm`: how fast each chip's own clock runs."""
    feed, script = folder / f"body-{interpreter}", folder / f"host-{interpreter}"
    feed.write_bytes(body(seconds))
    script.write_bytes(host_script(seconds))
    words = ",".join(f"{chip}:{value}" for chip, value in ppm.items())
    options = {"feed": str(feed), "clock": "virtual", "run_s": str(seconds), "ppm": words}
    arguments, environment = launch.command(interpreter, options)
    with script.open("rb") as stdin:
        done = subprocess.run(arguments, stdin=stdin, capture_output=True, env=environment, timeout=200, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class HostPath:
    """A stream decoded frame by frame and led through the timeline, each frame with an arrival of its own.

    `rates_hz`: samples that came out of the timeline per second of the board's clock, from `warm_s` on.
    """

    def __init__(self, stream: bytes, warm_s: int = 60) -> None:
        self.protocol = BoardProtocol("w", SESSION)
        self.timeline = Timeline(LiveClocks())
        self.statuses: list[BoardStatus] = []
        self.counts = dict.fromkeys(self.protocol.lost, 0)  # of the sensors
        self.in_order = True
        self._warm_s = warm_s
        self._chance = random.Random(1)
        self._now_s = 0.0
        self._out: dict[str, list[tuple[float, int]]] = {name: [] for name in self.counts}
        for frame in stream.split(b"\0"):
            for event in self.protocol.feed(frame + b"\0", 0.0):
                if isinstance(event, NativeChunk):
                    self._take(event)
                elif isinstance(event, BoardStatus):
                    self.statuses.append(event)

    def _take(self, chunk: NativeChunk) -> None:
        count = len(chunk.samples) // chunk.width
        self.in_order = self.in_order and chunk.index == self.counts[chunk.signal]
        self.counts[chunk.signal] += count
        number = list(self.counts).index(chunk.signal)
        made_s = ((chunk.ticks_us or 0) + (count - 1) * period_us(number)) / 1e6
        self._now_s = max(self._now_s, made_s)
        arrival_s = self._now_s + self._chance.random() * JITTER_S
        came = self.timeline.feed(msgspec.structs.replace(chunk, arrival_s=arrival_s))
        out = sum(len(piece.samples) // piece.width for piece in came if isinstance(piece, Chunk))
        self._out[chunk.signal].append((self._now_s, out))

    def rate_hz(self, signal: str) -> float:
        """The first chunk only starts the watch; its samples belong to the time before."""
        late = [item for item in self._out[signal] if item[0] >= self._warm_s]
        return sum(count for _, count in late[1:]) / (late[-1][0] - late[0][0])
