"""Starts the application if it is whole; else says so, blinks SOS and leaves the board to whoever brings the files.

The contract with `somatone flash`, which is all that either end relies on:

    /main.py              this file, as source: the only name that the board runs by itself
    /somatone/            the application: app.mpy ..., drivers/, lib/wire/, lib/gates/
    /somatone/manifest    first line "somatone", then a line for each file: <sha256 in hex> <path below the folder>;
                          comes last, written under another name and renamed, so that it is whole or not there
    /somatone.new/        the next application while it is copied, the same way
    /repl-once            a note: do not start the application this time

A folder counts only if every file of its manifest is there with its hash. At power-up a whole `somatone.new` takes
the place of `somatone`: that is removed, then the new one renamed. Cut at any point, the next start goes on from
there. So an unfinished copy leaves the old application, or a board that says "somatone: needs flashing" at its REPL.
Surprise: where neither folder exists the application is taken from beside this file (a copy by hand, tests).
"""

import binascii
import hashlib
import os
import sys

from machine import Pin, Timer

HOME, NEXT = "somatone", "somatone.new"
REPL_ONCE = "repl-once"
LED = "LED"  # as in pins.py, which may be among the files that are missing
SOS = 0b000_10101_000_11101110111_000_10101  # 30 slots of 125 ms, the last bit first
_block = bytearray(512)
_view = memoryview(_block)


def found(path: str) -> bool:
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def hash_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while True:
            count = file.readinto(_block)
            if not count:
                return binascii.hexlify(digest.digest()).decode()
            digest.update(_view[:count])


def whole(folder: str) -> bool:
    """Every file of the folder's manifest is there and unharmed."""
    try:
        with open(folder + "/manifest") as manifest:
            if manifest.readline().strip() != HOME:
                return False
            for line in manifest:
                digest, path = line.strip().split(" ", 1)
                if hash_of(folder + "/" + path) != digest:
                    return False
    except (OSError, ValueError):
        return False
    return True


def remove(path: str) -> None:
    """A file, or a folder with all that is in it."""
    try:
        os.remove(path)
    except OSError:
        for name in os.listdir(path):
            remove(path + "/" + name)
        os.rmdir(path)


def run() -> None:
    """The application, until the host asks for the REPL. Raises whatever keeps it from starting."""
    if whole(NEXT):
        if found(HOME):
            remove(HOME)
        os.rename(NEXT, HOME)
    if found(HOME) or found(NEXT):
        if not whole(HOME):
            raise OSError("the copy of the application is not whole")
        sys.path[:0] = [HOME, HOME + "/lib"]
    import app  # noqa: PLC0415 - only now is it known from where

    app.main()


class Sos:
    """Blinks behind the REPL until the next reset."""

    def __init__(self) -> None:
        self._led = Pin(LED, Pin.OUT)
        self._slot = 0
        self._timer = Timer(-1, mode=Timer.PERIODIC, freq=8, callback=self.tick)

    def tick(self, _timer) -> None:  # type: ignore[no-untyped-def]
        self._led.value(SOS >> self._slot & 1)
        self._slot = (self._slot + 1) % 30


def start():  # type: ignore[no-untyped-def]
    """None after the application, or the SOS that says it could not run; hold on to it, or it stops."""
    if found(REPL_ONCE):
        os.remove(REPL_ONCE)
        return None
    try:
        return run()
    except Exception as error:
        print("somatone: needs flashing: %s" % (error.args[-1] if error.args else repr(error)))
        return Sos()


sos = start()
