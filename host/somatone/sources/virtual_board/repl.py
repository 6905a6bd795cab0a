"""The board's REPL, which the unix port of MicroPython has only for terminals: friendly, raw and raw paste.

As in the ports for boards (docs.micropython.org, "The MicroPython Interactive Interpreter Mode"): Ctrl-A raw, Ctrl-B
friendly, Ctrl-C interrupts, Ctrl-D executes or resets softly, Ctrl-E A Ctrl-A pastes with flow control. The friendly
one takes single lines; that is enough to look around. While code runs Ctrl-C is a signal, while a line is read it is
a byte: the parent looks which it is (`micropython.kbd_intr`).
"""

import gc
import os
import sys

import micropython

SOFT_RESET_RAW_STATUS = 44  # beside those in stand_ins/machine.py
_WINDOW = 128  # of raw paste: half the buffer of the rp2 port
_BANNER = '\r\nMicroPython v%d.%d.%d on a virtual board with RP2040\r\nType "help()" for more information.\r\n>>> '


class Repl:
    """`hard` and `soft`: exit statuses of resets, which no code on the board may catch."""

    def __init__(self, hard: int, soft: int) -> None:
        self._hard, self._soft = hard, soft
        self._in, self._out = sys.stdin.buffer, sys.stdout.buffer
        self._names = {"__name__": "__main__"}

    def run_file(self, name: str) -> None:
        try:
            os.stat(name)
        except OSError:
            return
        self._guarded(lambda: execfile(name, self._names))  # noqa: F821

    def serve(self, raw: bool) -> None:
        """For ever, until a reset."""
        while True:
            try:
                if raw:
                    self._raw()
                else:
                    self._friendly()
                raw = not raw
            except KeyboardInterrupt:  # came just as the code ended
                micropython.kbd_intr(-1)

    def _say(self, text) -> None:  # type: ignore[no-untyped-def]
        data = text.encode() if isinstance(text, str) else text
        while data:
            data = data[self._out.write(data) :]

    def _soft_reset(self, status: int) -> None:
        """As on the board, files that the program left open are closed by the last collection."""
        self._names.clear()
        gc.collect()
        sys.exit(status)

    def _byte(self) -> int:
        data = self._in.read(1)
        if not data:
            sys.exit(0)
        return data[0]

    def _guarded(self, work, say_before: bytes = b"") -> None:  # type: ignore[no-untyped-def]
        """Run the board's code, interruptible; what it raises is printed, after `say_before`."""
        failure = None
        micropython.kbd_intr(3)
        try:
            work()
        except SystemExit as error:
            status = error.args[0] if error.args else 0
            if status == self._hard:
                sys.exit(status)
            self._soft_reset(self._soft)
        except BaseException as error:
            failure = error
        micropython.kbd_intr(-1)
        self._say(say_before)
        if failure is not None:
            sys.print_exception(failure, sys.stdout)

    def _raw(self) -> None:
        """Until Ctrl-B."""
        self._say("raw REPL; CTRL-B to exit\r\n>")
        line = bytearray()
        while True:
            byte = self._byte()
            if byte == 1:
                self._say("raw REPL; CTRL-B to exit\r\n>")
                line = bytearray()
            elif byte == 2:
                return
            elif byte == 3:
                line = bytearray()
            elif byte == 5 and not line:
                line = self._paste()
                if line is not None:
                    self._run(line)
                line = bytearray()
            elif byte == 4 and not line:
                self._say("OK\r\nMPY: soft reboot\r\n")
                self._soft_reset(SOFT_RESET_RAW_STATUS)
            elif byte == 4:
                self._say("OK")
                self._run(line)
                line = bytearray()
            else:
                line.append(byte)

    def _run(self, code) -> None:  # type: ignore[no-untyped-def]
        self._guarded(lambda: exec(compile(str(code, "utf-8"), "<stdin>", "exec"), self._names), b"\x04")
        self._say(b"\x04>")

    def _paste(self):  # type: ignore[no-untyped-def]
        """Raw paste, after Ctrl-E: the code, or None when it was cancelled or is not asked for."""
        if self._byte() != 0x41 or self._byte() != 1:
            self._say("R\x00")
            return None
        self._say(bytes((0x52, 1, _WINDOW & 0xFF, _WINDOW >> 8, 1)))
        code = bytearray()
        while True:
            byte = self._byte()
            if byte == 4:
                self._say(b"\x04")
                return code
            if byte == 3:
                self._say(b"\x04\x04\x04>")
                return None
            code.append(byte)
            if len(code) % _WINDOW == 0:
                self._say(b"\x01")

    def _friendly(self) -> None:
        """Until Ctrl-A."""
        self._say(_BANNER % sys.implementation.version[:3])
        line = bytearray()
        while True:
            byte = self._byte()
            if byte == 1 and not line:
                return
            if byte == 2 and not line:
                self._say(_BANNER % sys.implementation.version[:3])
            elif byte == 4 and not line:
                self._say("\r\nMPY: soft reboot\r\n")
                self._soft_reset(self._soft)
            elif byte == 3:
                self._say("\r\n>>> ")
                line = bytearray()
            elif byte in (8, 127):
                if line:
                    line = line[:-1]
                    self._say("\b \b")
            elif byte == 13:
                self._say("\r\n")
                self._line(line)
                line = bytearray()
            elif byte >= 32:
                line.append(byte)
                self._say(bytes((byte,)))

    def _line(self, line) -> None:  # type: ignore[no-untyped-def]
        if line.strip():
            self._guarded(lambda: exec(compile(str(line, "utf-8"), "<stdin>", "single"), self._names))
        self._say(">>> ")
