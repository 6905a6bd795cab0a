"""ffmpeg as the last step: pictures through a pipe, the rendered sound from its file, one MP4 for any player."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from somatone.errors import SomatoneError
from somatone.ops.leash import leashed
from somatone.sinks.page.feed import FRAME_HZ


def require_ffmpeg() -> str:
    """The path of ffmpeg. Raises `SomatoneError` where it is not installed."""
    found = shutil.which("ffmpeg")
    if not found:
        raise SomatoneError("ffmpeg is not installed: run `sudo apt-get install -y --no-install-recommends ffmpeg`.")
    return found


class Encoder:
    """Takes JPEGs; `write` waits while ffmpeg is behind."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def write(self, picture: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(picture)
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):  # why it ended is said at the end
            await self._process.stdin.drain()


@contextlib.asynccontextmanager
async def encoding(out: Path, sound: Path, skip_s: float) -> AsyncIterator[Encoder]:
    """An encoder into `out`, whose sound is `sound` from `skip_s` on. Raises `SomatoneError` where it fails."""
    pictures = ["-f", "image2pipe", "-c:v", "mjpeg", "-framerate", str(FRAME_HZ), "-i", "pipe:0"]
    video = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "19", "-threads", "2"]
    video += ["-vf", "scale=out_range=tv,format=yuv420p"]
    audio = ["-c:a", "aac", "-b:a", "256k", "-ac", "2"]
    command = [require_ffmpeg(), "-y", "-v", "error", *pictures, "-ss", f"{skip_s:.6f}", "-i", str(sound)]
    command += ["-map", "0:v", "-map", "1:a", *video, *audio, "-shortest", "-movflags", "+faststart", str(out)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*leashed(command), stdin=pipe, stderr=pipe)
    assert process.stderr
    said = asyncio.create_task(process.stderr.read())
    try:
        yield Encoder(process)
    finally:
        if process.stdin:
            process.stdin.close()
        status = await process.wait()
    if status:
        line = (await said).decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise SomatoneError(f"ffmpeg could not write {out} ({line[-1]}).")
