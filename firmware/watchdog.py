"""The watchdog: resets a board whose program, or whose sensors, have stopped.

The RP2040's cannot be stopped once it runs, knows at most 8.4 s, and survives a soft reset: it would bite while files
are copied. So it is armed only ten seconds into a session with a host, when nobody can be at the REPL: there Ctrl-C is
data, and the one way out, the host's `repl`, goes through `leave`, which leaves a note for main.py and resets. After
that reset the dog sleeps until a session has run for ten seconds again. A file `no-watchdog` forbids it altogether.

It is fed once a second by the main loop, while all sensors that have delivered before, and still answer, deliver. A
chip that is pulled out starves nobody; one that never worked cannot make the board restart for ever.
"""

import machine
from micropython import const

TIMEOUT_MS = const(8_000)
ARMED_AFTER_S = const(10)
FORBIDDEN = "no-watchdog"
REPL_ONCE = "repl-once"  # main.py looks for it


class Watchdog:
    def __init__(self, allowed: bool) -> None:
        self._allowed = allowed
        self._session_s = 0
        self._dog = None

    @property
    def armed(self) -> bool:
        return self._dog is not None

    def second(self, streaming: bool, advancing: bool) -> None:
        """Once a second, from the main loop."""
        if self._dog is not None:
            if advancing:
                self._dog.feed()
            return
        self._session_s = self._session_s + 1 if streaming else 0
        if self._allowed and self._session_s > ARMED_AFTER_S:
            self._dog = machine.WDT(timeout=TIMEOUT_MS)

    def leave(self) -> None:
        """To the REPL: nothing to do without a dog; with one, only a reset gets away from it."""
        if self._dog is not None:
            with open(REPL_ONCE, "w"):
                pass
            machine.reset()
