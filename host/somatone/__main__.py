"""The `somatone` command, also `python -m somatone`.

Until the command line is loaded, Ctrl-C simply ends the process: Python would print where its imports stood.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)

from somatone.cli import main  # noqa: E402


def entry() -> None:
    """Entry point of the installed script."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()


if __name__ == "__main__":
    entry()
