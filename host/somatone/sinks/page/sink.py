"""The page sink: its own thread with its own event loop, behind a bounded queue.

`put` appends to a deque and wakes nobody: the thread looks 30 times a second, makes one frame for all pages, and gives
it to each page's own queue. So a page that hangs costs frames on that page, and the sound nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable

from starlette.websockets import WebSocket

from somatone.sinks.page.audience import Audience
from somatone.sinks.page.feed import FRAME_HZ, Feed, Item
from somatone.sinks.page.server import HOST, application, listen, served

QUEUE = 8192  # items: a second of all that 64 wearers say
RETRY_S = 2.0

Say = Callable[[str, str], None]  # value, sentence


class PageSink:
    """Shows the piece at `http://127.0.0.1:port/stage`. `put` everything that leaves the path; `close` at the end."""

    def __init__(self, stage: str, piece: str, port: int, now_s: Callable[[], float], say: Say) -> None:
        self.port = port  # 0 until it is known which free one it is
        self.dropped = 0  # items that the queue did not take
        self.errors = 0  # faults of ours
        self.audience = Audience()
        self.ready = threading.Event()
        self._feed = Feed(stage, piece)
        self._queue: deque[tuple[float, Item]] = deque()
        self._now_s, self._say = now_s, say
        self._ending = False
        self._thread = threading.Thread(target=self._work, name="page", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, item: Item, emitted_s: float) -> None:
        """Hand over one item; never waits and never fails."""
        if len(self._queue) >= QUEUE:
            self.dropped += 1
        else:
            self._queue.append((emitted_s, item))

    def losses(self) -> dict[str, int]:
        """What pages did not get, by its place."""
        return {"page.queue": self.dropped + self._feed.left_out, "page.frames": self.audience.lost}

    def close(self, timeout_s: float = 3.0) -> None:
        self._ending = True
        self._thread.join(timeout_s)

    def _work(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        """Wait for the port, which another somatone may have for a while, and show the page there."""
        said = False
        while not self._ending:
            try:
                listening = listen(self.port)
            except OSError as error:
                if not said:
                    why = error.strerror or str(error)
                    self._say("lost", f"The page waits for port {self.port} ({why}); --page takes another.")
                    said = True
                await self._pump(RETRY_S)
                continue
            self.port = listening.getsockname()[1]
            async with served(application(self._watch), listening):
                self.ready.set()
                self._say("running", f"The stage is at http://{HOST}:{self.port}/stage")
                await self._pump()

    async def _pump(self, for_s: float | None = None) -> None:
        """Take what has come and tell the pages, at every frame."""
        loop = asyncio.get_running_loop()
        begun_s = next_s = loop.time()
        while not self._ending and (for_s is None or loop.time() < begun_s + for_s):
            next_s = max(next_s + 1 / FRAME_HZ, loop.time())
            await asyncio.sleep(next_s - loop.time())
            try:
                self._take()
                if self.audience:
                    self.audience.tell(self._feed.frame(self._now_s()))
            except Exception:  # a fault of ours must not end the page, and is counted
                self.errors += 1

    def _take(self) -> None:
        for _ in range(len(self._queue)):
            emitted_s, item = self._queue.popleft()
            self._feed.take(item, emitted_s)

    async def _watch(self, socket: WebSocket) -> None:
        """One page, until it goes."""
        watcher = self.audience.join(self._feed.whole(self._now_s()))
        if watcher is None:
            await socket.close(1013)
            return
        gone = asyncio.create_task(_gone(socket))
        try:
            while not gone.done():
                coming = asyncio.create_task(watcher.next())
                await asyncio.wait({gone, coming}, return_when=asyncio.FIRST_COMPLETED)
                if not coming.done():
                    coming.cancel()
                    break
                await socket.send_bytes(coming.result())
        finally:
            gone.cancel()
            self.audience.leave(watcher)


async def _gone(socket: WebSocket) -> None:
    """Returns when the page has closed the connection; what pages say is not listened to."""
    with contextlib.suppress(RuntimeError):
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
