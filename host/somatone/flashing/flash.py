"""One board from whatever state it is in to a tested one. Knows nothing of tables and bars; tells how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from somatone.errors import SourceError
from somatone.flashing import application
from somatone.flashing.board_repl import BoardRepl
from somatone.flashing.check import Row, self_test
from somatone.flashing.conversation import Conversation
from somatone.flashing.find import BUSY, OTHER, RUNS, Found, Port, look, wait_for_hello
from somatone.flashing.install import install

LEAVE_S = 12.0  # with an armed watchdog the board resets once on its way to the REPL
RETURN_S = 20.0

Advance = Callable[[str, float], None]  # what is being done, and the share of it


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went with one board: rows of the self-test, or the sentence that says why there are none."""

    port: Port
    serial: str = ""
    rows: tuple[Row, ...] = ()
    copied: bool = False
    sentence: str = ""

    @property
    def passed(self) -> bool:
        return not self.sentence and all(row.passed for row in self.rows)


def flash(port: Port, advance: Advance) -> Outcome:
    """Bring the board at `port` to its REPL, copy, restart, test. Never raises for what a board may do."""
    try:
        return _flash(port, advance)
    except SourceError as error:
        return Outcome(port, sentence=str(error))


def _flash(port: Port, advance: Advance) -> Outcome:
    advance("asking", 0.0)
    found = look(port)
    if found.state == BUSY:
        raise SourceError(found.sentence)
    if found.state in (RUNS, OTHER):
        leave_application(found)
    advance("compiling", 0.0)
    with BoardRepl(port.now()) as board:
        wanted = application.build(board.target())
        copied = install(board, wanted, lambda share: advance("copying", share))
        board.reset()
    advance("restarting", 1.0)
    path = wait_for_hello(port, RETURN_S)
    advance("testing", 1.0)
    serial, rows = self_test(path)
    return Outcome(port, serial, tuple(rows), copied)


def leave_application(found: Found) -> None:
    """The framed command, since the application takes Ctrl-C as data. The port may go for a moment meanwhile."""
    deadline_s = time.monotonic() + LEAVE_S
    asked = False
    while time.monotonic() < deadline_s:
        try:
            with Conversation(found.port.now()) as talk:
                if not asked:
                    talk.to_repl()
                    asked = True
                    if talk.wait_text(b">>> ", 1.0):
                        return
                if talk.at_prompt(1.0):
                    return
        except SourceError:
            time.sleep(0.1)
    raise SourceError(
        f"The board {found.serial} does not leave its application: hold BOOTSEL while plugging it in, and put the base "
        "firmware on it with `somatone flash --uf2 FILE`."
    )
