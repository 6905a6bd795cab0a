"""One browser for all tests of pages, and a page sink that a test feeds by hand."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from somatone.film.browser import HEADLESS, find_browser, flags
from somatone.sinks.page.sink import PageSink

DRIVER = "chromedriver"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    driver = shutil.which(DRIVER)
    if not driver:
        pytest.skip("chromedriver is not installed: make test installs it")
    options = webdriver.ChromeOptions()
    options.binary_location = find_browser()
    profile = tmp_path_factory.mktemp("browser")
    for flag in (*HEADLESS, *flags(), "--window-size=1280,720", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    os.environ.setdefault("HOME", str(profile))
    with webdriver.Chrome(options=options, service=Service(driver)) as opened:
        yield opened


class Host:
    """Somebody who shows a page: time is moved by hand."""

    def __init__(self, stage: str, port: int = 0) -> None:
        self.now_s = 0.0
        self.said: list[tuple[str, str]] = []
        self.page = PageSink(stage, "piece", port, lambda: self.now_s, lambda *words: self.said.append(words))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.page.port}/stage"


@contextmanager
def shown(stage: str, port: int = 0) -> Iterator[Host]:
    """A page that is up."""
    host = Host(stage, port)
    host.page.start()
    try:
        assert host.page.ready.wait(10), host.said
        yield host
    finally:
        host.page.close()


def until(true: Callable[[], object], what: str, within_s: float = 20.0) -> None:
    """Wait until something is so."""
    end_s = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end_s, what
        time.sleep(0.05)


STATIC = Path(__file__).resolve().parents[2] / "host" / "somatone" / "sinks" / "page" / "static"
