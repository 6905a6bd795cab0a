"""How a run ends: asked for by a signal or because its time is up, with one sentence where something failed."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator

from somatone.errors import SomatoneError


class _Stopped(Exception):
    """The run is over because somebody asked for it, or its time is up."""


def stop_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set, so that everything is taken down in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop.set)
    return stop


async def until(stop: asyncio.Event, for_s: float | None) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), for_s)
    raise _Stopped


@contextlib.contextmanager
def unwrapped() -> Iterator[None]:
    """A task group's errors as the one that a person should read; being stopped is none."""
    try:
        yield
    except BaseExceptionGroup as group:
        errors = [error for error in _leaves(group) if not isinstance(error, _Stopped)]
        for error in errors:
            if isinstance(error, SomatoneError):
                raise error from None
        if errors:
            raise


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
