"""Runs the firmware's main.py, unmodified, on simulated chips: under MicroPython, or under CPython where there is none.

    boot.py firmware=DIR [...], see power.py

The stand-ins for the board's modules must win over the built-in ones: on MicroPython through MICROPYPATH, on CPython
through sys.modules. `utime` and `uselect` stay the host's own.
"""

import sys

# ruff: noqa: PLC0415 - what a name means is decided before it is imported


class _Stream:
    """CPython's stdin and stdout as a board has them: unbuffered bytes behind `.buffer`."""

    def __init__(self, descriptor: int, mode: str) -> None:
        self._descriptor = descriptor
        self.buffer = open(descriptor, mode, buffering=0, closefd=False)  # noqa: SIM115

    def fileno(self) -> int:
        return self._descriptor

    def flush(self) -> None:
        pass  # nothing is ever held back


def _imitate_micropython(firmware: str) -> None:
    """Make CPython import what MicroPython would."""
    import select
    import time

    here = __file__.rsplit("/", 1)[0]
    sys.path[:0] = [here, firmware, firmware + "/lib"]
    time.ticks_us = lambda: time.monotonic_ns() // 1000
    time.ticks_diff = lambda a, b: a - b
    time.sleep_us = lambda us: time.sleep(us / 1_000_000)
    sys.modules["utime"] = time
    sys.modules["uselect"] = select
    sys.stdin, sys.stdout = _Stream(0, "rb"), _Stream(1, "wb")
    sys.path.insert(0, here + "/stand_ins")
    for name in ("micropython", "machine", "time", "select"):
        sys.modules.pop(name, None)
    import importlib.util

    for name in ("micropython", "time", "select", "machine"):
        spec = importlib.util.spec_from_file_location(name, "%s/stand_ins/%s.py" % (here, name))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)


def _boot() -> None:
    if sys.implementation.name != "micropython":
        _imitate_micropython(sys.argv[1].split("=", 1)[1])
    import power

    power.start(power.options_of(sys.argv[1:]))
    __import__("main")


_boot()
