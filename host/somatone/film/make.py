"""A still or a film of a recording: sound, then pictures, each by its own tool, joined where their times agree."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from somatone.errors import SomatoneError
from somatone.film.browser import find_browser
from somatone.film.drawing import Order, Wanted, drawn
from somatone.film.encode import encoding, require_ffmpeg
from somatone.film.frames import stage_frames
from somatone.film.sound import render_span
from somatone.film.span import Span
from somatone.options import ReplayOptions
from somatone.recorded import Session

WIDTH, HEIGHT = 1280, 720
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class FilmReport:
    """What was made, and how long each part took."""

    frames: int
    sound_s: float
    pictures_s: float


def _writable(out: Path, kinds: tuple[str, ...]) -> None:
    if out.suffix.lower() not in kinds:
        raise SomatoneError(f"{out} should end in {' or '.join(kinds)}.")
    if not out.resolve().parent.is_dir():
        raise SomatoneError(f"{out} cannot be written: there is no folder {out.resolve().parent}.")


def make_still(session: Session, options: ReplayOptions, at_s: float, out: Path, progress: Progress) -> None:
    """The stage at `at_s` as a PNG. Raises `SomatoneError` where the browser is missing."""
    _writable(out, (".png",))
    find_browser()
    span = Span(at_s, at_s)

    async def last() -> bytes:
        orders = _orders(session, options, span, Wanted.PNG, progress)
        return [picture async for picture in drawn(orders, WIDTH, HEIGHT)][-1]

    out.write_bytes(asyncio.run(last()))


def make_film(
    session: Session, options: ReplayOptions, span: Span, out: Path, buffers: Mapping[str, Path], progress: Progress
) -> FilmReport:
    """The stage over `span` with its sound; `out` appears only whole. Raises `SomatoneError` where a tool lacks."""
    _writable(out, (".mp4", ".mkv", ".mov"))
    find_browser()
    require_ffmpeg()
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="somatone-film-", dir=out.resolve().parent) as folder:
        sound, part = Path(folder) / "sound.wav", Path(folder) / f"part{out.suffix}"
        render_span(session, options, span, buffers, sound, lambda share: progress(0.1 * share))
        heard_s = time.monotonic()
        orders = _orders(session, options, span, Wanted.JPEG, lambda share: progress(0.1 + 0.9 * share))
        frames = asyncio.run(_pictures(orders, part, sound, span))
        part.replace(out)
    return FilmReport(frames, heard_s - begun_s, time.monotonic() - heard_s)


async def _pictures(orders: Iterator[Order], out: Path, sound: Path, span: Span) -> int:
    frames = 0
    async with encoding(out, sound, span.from_s - span.begin_s) as encoder:
        async for picture in drawn(orders, WIDTH, HEIGHT):
            await encoder.write(picture)
            frames += 1
    return frames


def _orders(
    session: Session, options: ReplayOptions, span: Span, wanted: Wanted, progress: Progress
) -> Iterator[Order]:
    """Every frame for the page. Of the run-in, and of a still all but the last, no picture is wanted."""
    whole = span.run_in + span.frames
    for number, (at_s, frame) in enumerate(stage_frames(session, options.piece, span), start=-1):
        progress(max(number, 0) / whole)
        yield at_s, wanted if number >= span.run_in else Wanted.NOTHING, frame
