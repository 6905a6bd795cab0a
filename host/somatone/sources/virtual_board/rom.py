"""What a Pico has before anything is flashed: a file system in its flash, boot.py, main.py, and a REPL.

    rom.py image=FILE mode=run|raw ready=FILE firmware=DIR [...], see power.py

Real MicroPython only. The image is LittleFS in blocks of 4096 bytes, mounted in the place of the host's files, so
that everything the simulator needs is imported before. Exit statuses tell the parent how the board is to be started
again (stand_ins/machine.py). `mode=raw`: a soft reset from the raw REPL, which runs boot.py but not main.py.
"""

import os
import sys

import machine
import micropython
import power
import repl
import vfs

_BLOCK = 4096


class Flash:
    """The image as a block device; like flash, blocks are erased whole, to ones."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "r+b")  # noqa: SIM115
        self._blocks = self._file.seek(0, 2) // _BLOCK

    def readblocks(self, block: int, out, offset: int = 0) -> None:
        self._file.seek(block * _BLOCK + offset)
        self._file.readinto(out)

    def writeblocks(self, block: int, data, offset: int = 0) -> None:
        self._file.seek(block * _BLOCK + offset)
        self._file.write(data)

    def ioctl(self, command: int, argument: int):  # type: ignore[no-untyped-def]
        if command == 4:
            return self._blocks
        if command == 5:
            return _BLOCK
        if command == 6:
            self.writeblocks(argument, b"\xff" * _BLOCK)
        return 0


def _mount(path: str) -> None:
    """As the rp2 port's own start does: format what is no file system yet."""
    flash = Flash(path)
    try:
        volume = vfs.VfsLfs2(flash, progsize=256)
    except OSError:
        vfs.VfsLfs2.mkfs(flash, progsize=256)
        volume = vfs.VfsLfs2(flash, progsize=256)
    vfs.umount("/")
    vfs.mount(volume, "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]


def _boot() -> None:
    micropython.kbd_intr(-1)
    options = power.options_of(sys.argv[1:])
    power.start(options)
    ready = open(options["ready"], "wb")  # noqa: SIM115
    power.forget_firmware()
    _mount(options["image"])
    raw = options.get("mode") == "raw"
    shell = repl.Repl(machine.RESET_STATUS, machine.SOFT_RESET_STATUS)
    ready.write(b"1")  # from here on Ctrl-C is understood
    ready.close()
    shell.run_file("boot.py")
    if not raw:
        shell.run_file("main.py")
    micropython.kbd_intr(-1)
    shell.serve(raw)


_boot()
