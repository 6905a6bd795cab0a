"""Has the stage draw frame after frame: the same page and the same script as on the wall, by a clock that waits for it.

    f64 time in s | u8 wanted | frame of the feed -> page -> a JPEG of the best quality, a PNG, or nothing

Surprise: raw pixels take longer out of the browser (4 MB through three of its processes) than a JPEG takes to make.
The page of a film is served at a port of its own, to the one browser that was started for it.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from enum import IntEnum

from starlette.websockets import WebSocket, WebSocketDisconnect

from somatone.errors import SomatoneError
from somatone.film.browser import headless
from somatone.sinks.page.server import HOST, application, listen, served

START_S = 40.0
FRAME_S = 30.0  # the longest that one frame may take
AHEAD = 2  # frames that the page has while we wait for a picture
_HEAD = struct.Struct("<dB")
GONE = "The browser ended before the film did: is there enough memory? Try a shorter part with --from and --to."


class Wanted(IntEnum):
    """What the page is to give back for a frame."""

    NOTHING = 0
    JPEG = 1
    PNG = 2


Order = tuple[float, Wanted, bytes]  # time in s, what is wanted, frame of the feed


async def drawn(orders: Iterator[Order], width: int, height: int) -> AsyncIterator[bytes]:
    """The pictures that were wanted, in order. Raises `SomatoneError` where the browser does not come or goes."""
    met: asyncio.Future[WebSocket] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def serve(socket: WebSocket) -> None:
        if not met.done():
            met.set_result(socket)
            await over.wait()

    listening = listen(0)
    url = f"http://{HOST}:{listening.getsockname()[1]}/stage?film&width={width}&height={height}"
    async with served(application(serve), listening, 4 * width * height), headless(url):
        try:
            try:
                page = await asyncio.wait_for(met, START_S)
            except TimeoutError:
                raise SomatoneError(f"Chromium did not open the stage within {START_S:.0f} s.") from None
            async for picture in _exchanged(page, orders):
                yield picture
        finally:
            over.set()


async def _exchanged(page: WebSocket, orders: Iterator[Order]) -> AsyncIterator[bytes]:
    under_way: list[Wanted] = []
    more = True
    while more or under_way:
        while more and len(under_way) < AHEAD:
            order = next(orders, None)
            if order is None:
                more = False
                break
            at_s, wanted, frame = order
            await page.send_bytes(_HEAD.pack(at_s, wanted) + frame)
            under_way.append(wanted)
        if not under_way:
            return
        try:
            picture = await asyncio.wait_for(page.receive_bytes(), FRAME_S)
        except (WebSocketDisconnect, RuntimeError, TimeoutError, KeyError):
            raise SomatoneError(GONE) from None
        if under_way.pop(0) is not Wanted.NOTHING:
            yield picture
