"""The stages in a real browser: they draw, they follow the gates, they survive a restart of the daemon."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from fakes.training_run import fake_run
from page.conftest import Host, shown, until
from somatone.records import Chunk, Gate, Level, Validity
from somatone.sinks.page.feed import Item

LIGHT = """
const c = document.getElementById('stage');
const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
let sum = 0; for (let k = 0; k < d.length; k += 64) sum += d[k];
return sum * 64 / d.length / 255;
"""


def _body(seconds: int = 4) -> Iterator[tuple[float, Item]]:
    chance = random.Random(3)
    worn = Validity.WORN
    yield 0.0, Gate("body", "contact.worn", 1, 0.0, worn, "s")
    yield 0.0, Level("body", "eda.tonic", 0.8, 0.0, worn, "s")
    for second in range(seconds):
        samples = tuple(round(900 * chance.random()) for _ in range(64))
        yield second, Chunk("body", "bvp", "s", second * 64, samples, second, 64.0, worn)
        yield second, Gate("body", "pulse.beat", 1, second, worn, "s", 5)
        yield second, Gate("body", "pulse.beat", 0, second, worn, "s")
    yield seconds, Gate("body", "eda.onset", 1, seconds, worn, "s", 90)


def _tell(host: Host, items: Iterator[tuple[float, Item]]) -> None:
    for at_s, item in items:
        host.now_s = max(host.now_s, at_s)
        host.page.put(item, at_s)


def _light(browser: Chrome) -> float:
    return float(browser.execute_script(LIGHT))


def _errors(browser: Chrome) -> list[str]:
    lines = [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]  # type: ignore[no-untyped-call]
    return [line for line in lines if "WebSocket" not in line]


@pytest.mark.parametrize("stage", ["correlations", "twos_and_sevens"])
def test_a_stage_is_dark_with_nobody_and_light_with_somebody(browser: Chrome, stage: str) -> None:
    with shown(stage) as host:
        browser.get(host.url)
        until(lambda: browser.execute_script("return somatone.show.stage !== null"), "no stage came")
        dark = _light(browser)
        _tell(host, _body() if stage == "correlations" else fake_run(3.0))
        until(lambda: _light(browser) > dark + 0.03, "it stayed dark")
        assert dark < 0.12
        assert not _errors(browser)
        drawn = browser.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
        assert all(name.startswith(host.url.removesuffix("/stage")) or name.startswith("data:") for name in drawn)


def test_the_stage_comes_back_after_a_restart_and_fades_meanwhile(browser: Chrome) -> None:
    with shown("correlations") as host:
        port = host.page.port
        browser.get(host.url)
        _tell(host, _body())
        until(lambda: _light(browser) > 0.04, "it stayed dark")
    until(lambda: browser.execute_script("return somatone.show.alone") > 0.15, "it did not notice")
    received = browser.execute_script("return somatone.meter.received")
    with shown("twos_and_sevens", port):
        until(lambda: browser.execute_script("return somatone.meter.received") > received + 10, "it did not come back")
        until(
            lambda: browser.execute_script("return somatone.show.drawn") == "twos_and_sevens", "it kept the old piece"
        )
        until(lambda: browser.execute_script("return somatone.show.alone") == 0, "it stayed faded")
    assert not _errors(browser)


def test_the_canvas_follows_the_window(browser: Chrome) -> None:
    with shown("correlations") as host:
        browser.get(host.url)
        try:
            for width, height in ((800, 1000), (1280, 720)):
                browser.set_window_size(width, height)
                shape = "return [innerWidth / innerHeight, document.getElementById('stage').width / 720]"
                until(lambda: abs(_difference(browser, shape)) < 0.02, "the canvas kept its shape")  # noqa: B023
        finally:
            browser.set_window_size(1280, 720)


def _difference(browser: Chrome, shape: str) -> float:
    window, canvas = browser.execute_script(shape)
    return float(window) - float(canvas)
