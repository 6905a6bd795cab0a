"""`somatone virtual-board`: a board without hardware, for practice and for tests."""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

from somatone import paths
from somatone.sources.virtual_board.faults import parse_fault
from somatone.sources.virtual_board.owner import BoardOptions, VirtualFlashBoard


def virtual_board_command(options: BoardOptions) -> None:
    """Run until Ctrl-C or SIGTERM. Faults, `on` and `off` may be typed, if standard input is a terminal or a pipe."""
    board = VirtualFlashBoard(options, _say)
    signal.signal(signal.SIGTERM, _stop)
    board.run(_commands())


def virtual_board_options(
    image: Path | None,
    link: Path | None,
    blank: bool,
    worn: bool,
    faults: list[str],
    seed: int,
    interpreter: str | None,
) -> BoardOptions:
    """What was typed, checked. The image lies with the user's state; the port's link beside the image."""
    image = (image or paths.state_dir() / "virtual-board.flash").absolute()
    return BoardOptions(
        image=image,
        link=(link or image.with_suffix(".port")).absolute(),
        blank=blank,
        worn=worn,
        faults=tuple(parse_fault(text) for text in faults if text != "random"),
        random_faults="random" in faults,
        seed=seed,
        interpreter=interpreter,
    )


def _commands() -> int:
    """Standard input, if lines can come from it: not /dev/null, which is always ready."""
    try:
        descriptor = sys.stdin.fileno()
        mode = os.fstat(descriptor).st_mode
    except (OSError, ValueError, AttributeError):
        return -1
    return descriptor if os.isatty(descriptor) or stat.S_ISFIFO(mode) else -1


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt
