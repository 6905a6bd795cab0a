"""Runs the firmware's main.py, unmodified, on simulated chips: under MicroPython, or under CPython where there is none.

    boot.py firmware=DIR [feed=PATH] [clock=real|virtual] [run_s=N] [serial=HEX] [ppm=max30102:30000,lis3dh:-20000]
            [absent=tmp117,...]

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


def _chips(ppm: dict, absent: list) -> dict:
    import chip_ads1115
    import chip_lis3dh
    import chip_max30102
    import chip_tmp117

    import pins

    makers = (
        ("max30102", pins.MAX30102, chip_max30102),
        ("ads1115", pins.ADS1115, chip_ads1115),
        ("tmp117", pins.TMP117, chip_tmp117),
        ("lis3dh", pins.LIS3DH, chip_lis3dh),
    )
    return {address: module.Chip(ppm.get(name, 0)) for name, address, module in makers if name not in absent}


def _boot() -> None:
    options = dict([argument.split("=", 1) for argument in sys.argv[1:]])
    if sys.implementation.name != "micropython":
        _imitate_micropython(options["firmware"])
    import binascii

    import world
    from body_feed import BodyFeed

    virtual = options.get("clock") == "virtual"
    clock = world.Clock(virtual, int(options.get("run_s", "0")) * 1_000_000)
    ppm = {}
    for item in options.get("ppm", "").split(","):
        if item:
            name, value = item.split(":")
            ppm[name] = int(value)
    chips = _chips(ppm, options.get("absent", "").split(","))
    serial = binascii.unhexlify(options.get("serial", "7669727475616c31"))
    world.current = world.World(clock, BodyFeed(options.get("feed", ""), virtual), chips, serial)
    __import__("main")


_boot()
