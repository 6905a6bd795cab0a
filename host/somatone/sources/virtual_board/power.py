"""Powers the simulated board: clock, body, bus and chips from the options of boot.py and rom.py. MicroPython subset.

firmware=DIR [feed=PATH] [clock=real|virtual] [run_s=N] [serial=HEX] [ppm=max30102:30000,lis3dh:-20000,board:200]
[absent=tmp117,...] [cause=N]
"""

import sys

# ruff: noqa: PLC0415 - what a name means is decided before it is imported


def options_of(arguments: list) -> dict:
    return dict([argument.split("=", 1) for argument in arguments])


def start(options: dict) -> None:
    """Make `world.current`, on which the stand-ins work."""
    import binascii

    import world
    from body_feed import BodyFeed

    ppm = {}
    for item in options.get("ppm", "").split(","):
        if item:
            name, value = item.split(":")
            ppm[name] = int(value)
    virtual = options.get("clock") == "virtual"
    clock = world.Clock(virtual, int(options.get("run_s", "0")) * 1_000_000, ppm.get("board", 0))
    chips, numbers = _chips(ppm, options.get("absent", "").split(","))
    serial = binascii.unhexlify(options.get("serial", "7669727475616c31"))
    feed = BodyFeed(options.get("feed", ""), virtual)
    world.current = world.World(clock, feed, chips, serial, numbers, int(options.get("cause", "1")))


def _chips(ppm: dict, absent: list) -> tuple:
    """The chips by address, and their numbers in the feed's fault flags."""
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
    chips = {address: module.Chip(ppm.get(name, 0)) for name, address, module in makers if name not in absent}
    numbers = {}
    for number in range(len(makers)):
        numbers[makers[number][1]] = number
    return chips, numbers


def forget_firmware() -> None:
    """What the simulated chips took from the host's firmware is not on the board: it has its own, or none."""
    for name in list(sys.modules):
        if name == "pins" or name.split(".")[0] == "wire":
            del sys.modules[name]
