"""The page's files and its WebSocket, for browsers on this machine. Nothing is fetched from anywhere else.

Surprises: any web page that a browser has open may knock at a local port, so only pages of our own origin may read the
WebSocket, and only names of this machine are answered. Files are asked for again each time, so that a new version shows
after a restart without anybody emptying a cache.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

STATIC = Path(__file__).with_name("static")
HOST = "127.0.0.1"
NAMES = [HOST, "localhost"]
REFUSED = 4403  # close code: not a page of ours
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
}

Serve = Callable[[WebSocket], Awaitable[None]]


class _Files(StaticFiles):
    """Static files that are never stale."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(HEADERS)
        return response


def application(serve: Serve) -> Starlette:
    """The pages, and `serve` behind `/ws` for those of our own origin."""

    async def websocket(socket: WebSocket) -> None:
        origin = socket.headers.get("origin")
        if origin and urlsplit(origin).netloc != socket.headers.get("host"):
            await socket.close(REFUSED)
            return
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # it went away, which it may at any time
            await serve(socket)

    routes = [
        Route("/", _page("index.html")),
        Route("/stage", _page("stage.html")),
        WebSocketRoute("/ws", websocket),
        Mount("/static", _Files(directory=STATIC)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=NAMES)])


def _page(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(_request: Request) -> Response:
        return FileResponse(STATIC / name, headers=HEADERS)

    return page


def listen(port: int) -> socket.socket:
    """A listening socket on this machine alone; 0 is any free port. Raises OSError where it is taken."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(32)
    except OSError:
        listening.close()
        raise
    return listening


@contextlib.asynccontextmanager
async def served(app: Starlette, listening: socket.socket, largest: int = 1 << 16) -> AsyncIterator[None]:
    """Serve `app` while the body runs; `largest` bounds what a page may send at once, in bytes."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=largest,
        ws_per_message_deflate=False,  # on one machine it would only cost what the sound may need
        ws_ping_interval=5.0,
        ws_ping_timeout=10.0,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task
        listening.close()
