"""The stage in headless Chromium with software rendering; what an open page costs the path; film and sound together."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from websockets.sync.client import connect

from bench.browsing import PORT, chromium, daemon, stage_address
from bench.figures import Figure, no_recording, reference_session
from fakes.training_run import fake_run
from somatone.film.agreement import picture_lag_s
from somatone.film.make import make_film
from somatone.film.span import Span
from somatone.library.synthesise import ensure_library
from somatone.options import ReplayOptions
from somatone.pieces.piece import find_piece
from somatone.records import Level, Validity
from somatone.sinks.page.sink import PageSink
from somatone.sources.e4_files import read_session

WATCH_S = 20.0
QUIETLY = ("--source", "simulated", "--no-sound")
TOLD = "return somatone.meter.received"
RESTARTS = 5
PUTS = 6_000
FILM, FILM_BAR = "film: picture behind sound", "within 40 ms"


def stage() -> Iterator[Figure]:
    """Frames a second by the page's own counter over 20 s, while the daemon runs with a simulated wearer."""
    bar = ">= 30 frames a second at 1280 x 720"
    with chromium() as browser, daemon(QUIETLY):
        time.sleep(12)  # a body settles
        yield Figure("stage correlations, software rendering, daemon running", bar, _watched(browser, PORT))
    with chromium() as browser, _faked() as page:
        yield Figure("stage twos_and_sevens, software rendering, made-up run", bar, _watched(browser, page.port))


def stage_returns() -> Iterator[Figure]:
    """The same page, never touched, through five ends and starts of the daemon: seconds until it is fed again."""
    took_s: list[float] = []
    with chromium() as browser:
        with daemon(QUIETLY):
            browser.get(stage_address())
            _fed(browser, 0)
        for _ in range(RESTARTS):
            told = browser.execute_script(TOLD)
            with daemon(QUIETLY):
                begun_s = time.monotonic()  # the page is served from here on
                took_s.append(_fed(browser, told) - begun_s)
    said = f"fed again {np.median(took_s):.1f} s after the page was served, worst {max(took_s):.1f} s of {RESTARTS}"
    yield Figure("stage: the daemon is ended and started, the page is not touched", "comes back by itself", said)


def page_cost() -> Iterator[Figure]:
    """Time to hand over a record, and how late this thread's own 1 ms is, with nobody watching and with four."""
    for watchers in (0, 4):
        with _faked() as page:
            for _ in range(watchers):
                connect(f"ws://127.0.0.1:{page.port}/ws", max_queue=None)
            put_us, late_ms = _handed_over(page)
        said = f"put median {np.median(put_us):.1f}, p99 {np.percentile(put_us, 99):.1f} us; "
        said += f"1 ms late by median {np.median(late_ms):.2f}, p99 {np.percentile(late_ms, 99):.2f} ms"
        yield Figure(f"what the page costs the path, {watchers} watching", "same within noise", said)


def film_sync() -> Iterator[Figure]:
    """Twenty seconds of film, decoded again: beats in the picture against beats in the sound."""
    path = reference_session()
    if path is None:
        yield no_recording(FILM, FILM_BAR)
        return
    with tempfile.TemporaryDirectory() as folder:
        film, span = Path(folder) / "film.mp4", Span(2100.0, 2120.0)
        options = ReplayOptions(find_piece("correlations"), path)
        report = make_film(
            read_session(path), options, span, film, ensure_library(Path(folder) / "library"), lambda share: None
        )
        lag_ms = 1000 * picture_lag_s(film)
    took = f"{report.frames} pictures in {report.pictures_s:.0f} s, sound in {report.sound_s:.0f} s"
    yield Figure(FILM, FILM_BAR, f"{lag_ms:+.0f} ms ({took}, load {os.getloadavg()[0]:.0f})")


@contextmanager
def _faked() -> Iterator[PageSink]:
    begun_s = time.monotonic()
    page = PageSink("twos_and_sevens", "p", 0, lambda: time.monotonic() - begun_s, lambda value, message: None)
    page.start()
    page.ready.wait(10)
    for at_s, item in fake_run(6.0):
        page.put(item, at_s)
    try:
        yield page
    finally:
        page.close()


def _fed(browser: Any, told: int) -> float:
    """When the page had heard more than it had been told before."""
    until_s = time.monotonic() + 60.0
    while browser.execute_script(TOLD) <= told:
        if time.monotonic() > until_s:
            raise RuntimeError("the page was not fed within a minute")
        time.sleep(0.05)
    return time.monotonic()


def _watched(browser: Any, port: int) -> str:
    browser.get(stage_address(port))
    time.sleep(3)
    look = "return [somatone.meter.frames, performance.now(), somatone.meter.received, somatone.meter.costMs]"
    frames, at_ms, told, _ = browser.execute_script(look)
    time.sleep(WATCH_S)
    then, then_ms, then_told, cost_ms = browser.execute_script(look)
    seconds = (then_ms - at_ms) / 1000
    size = browser.execute_script("return `${stage.width} x ${stage.height}`")
    return (
        f"{(then - frames) / seconds:.1f} frames/s at {size}, {cost_ms:.1f} ms of script each, "
        f"fed {(then_told - told) / seconds:.1f} times/s (load {os.getloadavg()[0]:.0f})"
    )


def _handed_over(page: PageSink) -> tuple[list[float], list[float]]:
    put_us, late_ms = [], []
    for number in range(PUTS):
        level = Level("body", "eda.tonic", number / PUTS, 0.0, Validity.WORN, "s")
        slept_s = time.monotonic()
        time.sleep(0.001)
        late_ms.append(1000 * (time.monotonic() - slept_s) - 1)
        begun_ns = time.perf_counter_ns()
        page.put(level, 0.0)
        put_us.append((time.perf_counter_ns() - begun_ns) / 1000)
    return put_us, late_ms
