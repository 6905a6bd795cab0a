"""Stands in for the board's `select`: real readiness in real time; in virtual time stdout always takes, and stdin
hands over the host's bytes at a fixed rate, so that a run does not depend on who reads or writes how fast."""

import uselect
import world

POLLIN, POLLOUT, POLLERR, POLLHUP = uselect.POLLIN, uselect.POLLOUT, uselect.POLLERR, uselect.POLLHUP


class poll:
    def __init__(self) -> None:
        self._poll = uselect.poll()
        self._stream = None
        self._events = 0

    def register(self, stream, events: int = POLLIN | POLLOUT) -> None:
        self._stream = stream
        self._events = events
        self._poll.register(stream, events)

    def ipoll(self, timeout: int = -1, flags: int = 0):  # type: ignore[no-untyped-def]
        if not world.current.clock.virtual:
            return self._poll.poll(timeout)
        if self._events & POLLIN and not world.current.stdin_ready():
            return []
        return [(self._stream, self._events)]

    poll = ipoll
