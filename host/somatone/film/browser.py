"""Chromium without a screen, as the stage's pencil: started for one film, and gone with it.

Surprises: as root it needs --no-sandbox, which is then given and only then; it would look for its maker's servers,
which a gallery does not have; its profile is a new folder each time, so a person's own browser is not touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator

from somatone.errors import SomatoneError
from somatone.ops.leash import leashed

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-first-run",
    "--noerrdialogs",
    "--disable-session-crashed-bubble",
    "--disable-infobars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--mute-audio",
)
HEADLESS = ("--headless", "--disable-gpu", "--hide-scrollbars")


def find_browser() -> str:
    """The path of a Chromium. Raises `SomatoneError` where there is none."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    raise SomatoneError("Chromium is not installed: run `sudo apt-get install -y --no-install-recommends chromium`.")


def flags() -> list[str]:
    """What every Chromium that we start is told."""
    return [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


@contextlib.asynccontextmanager
async def headless(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Chromium that shows `url` to nobody while the body runs."""
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="somatone-browser-", ignore_cleanup_errors=True) as profile:
        command = leashed([browser, *HEADLESS, *flags(), f"--user-data-dir={profile}", url])
        null = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*command, stdin=null, stdout=null, stderr=null)
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()
