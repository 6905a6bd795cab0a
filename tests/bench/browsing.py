"""A headless Chromium with software rendering, and a daemon whose stage it shows: test equipment of the benches."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from somatone.film.browser import HEADLESS, find_browser, flags

PORT = 8791
UP_S = 30.0


@contextmanager
def chromium() -> Iterator[Any]:
    """A window whose page is 1280 x 720."""
    from selenium import webdriver  # noqa: PLC0415
    from selenium.webdriver.chrome.service import Service  # noqa: PLC0415

    options = webdriver.ChromeOptions()
    options.binary_location = find_browser()
    for flag in (*HEADLESS, *flags(), "--window-size=1372,863"):  # the window's frame takes 143
        options.add_argument(flag)
    with webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver"))) as opened:
        yield opened


@contextmanager
def daemon(arguments: Sequence[str]) -> Iterator[None]:
    """`somatone run` with these arguments, its page on PORT."""
    command = [sys.executable, "-m", "somatone", "run", "--plain", "--page", str(PORT), *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for_page()
            yield
        finally:
            process.terminate()


def stage_address(port: int = PORT) -> str:
    """Where the wall is."""
    return f"http://127.0.0.1:{port}/stage"


def _wait_for_page() -> None:
    until_s = time.monotonic() + UP_S
    while time.monotonic() < until_s:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORT), 1.0):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the daemon shows no page within {UP_S:g} s")
