"""Compiles sclang/synthdefs into this package: `python -m somatone.sinks.sound.compile [TARGET_FOLDER]`.

sclang surprises: it wants a display (and, as root, a sandbox) unless told otherwise, and it may hang after an error.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from somatone.errors import SomatoneError, SoundError
from somatone.paths import CHECKOUT
from somatone.sinks.sound.state import SYNTHDEFS
from somatone.sinks.sound.tools import child_command, require_tools

SOURCES = CHECKOUT / "sclang" / "synthdefs"
SCRIPT = CHECKOUT / "sclang" / "compile_all.scd"
LIMIT_S = 120
HEADLESS = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}


def compile_synthdefs(target: Path, sources: Path = SOURCES) -> list[Path]:
    """Compiles every .scd of `sources` into `target` and returns the files. Raises SoundError with sclang's words."""
    require_tools("sclang")
    if not SCRIPT.is_file():
        raise SoundError(f"{SCRIPT} is missing: compile from a full checkout of the project.")
    target.mkdir(parents=True, exist_ok=True)
    command = child_command(["sclang", str(SCRIPT), str(sources.resolve()), str(target.resolve())])
    try:
        done = subprocess.run(
            command, env=os.environ | HEADLESS, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise SoundError(f"sclang did not finish in {LIMIT_S} s: open {sources} in its editor and evaluate.") from None
    failed = [line.removeprefix("FAILED ") for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    if done.returncode or failed:
        raise SoundError(f"SynthDefs do not compile: {'; '.join(failed) or done.stdout.strip()[-300:]}")
    return sorted(target.glob("*.scsyndef"))


def main() -> int:
    try:
        for path in compile_synthdefs(Path(sys.argv[1]) if len(sys.argv) > 1 else SYNTHDEFS):
            print(path)
    except SomatoneError as error:
        print(error, file=sys.stderr)
        return error.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
