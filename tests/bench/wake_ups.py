"""How late this machine lets a real-time thread be, beside which every figure of latency is to be read.

A thread of JACK's own priority sleeps until each next period for three seconds, once as the machine is and once held
awake as somatone holds it while it sounds. A virtual machine can be late by several periods, whoever runs in it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator

import numpy as np

from bench.figures import Figure
from somatone.sinks.sound.awake import awake

FOR_S = 3.0
PRIORITY = 70


def wake_ups(period_s: float) -> Iterator[Figure]:
    """One line as the machine is, one held awake."""
    for what, held in (("as it is", contextlib.nullcontext()), ("held awake", awake())):
        with held:
            late_ms = _late_ms(period_s)
        median, p99, most = np.percentile(late_ms, (50, 99, 100))
        over = int(np.sum(late_ms > period_s * 1000))
        yield Figure(
            f"   this machine by itself, {what}: a thread wakes late by",
            "",
            f"median {median:.2f}, p99 {p99:.2f}, max {most:.2f} ms; {over} of {len(late_ms)} by a period or more",
        )


def _late_ms(period_s: float) -> np.ndarray:
    late: list[float] = []
    thread = threading.Thread(target=_sleep_and_look, args=(period_s, late))
    thread.start()
    thread.join()
    return np.array(late) * 1000


def _sleep_and_look(period_s: float, late_s: list[float]) -> None:
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    end_s = time.monotonic() + FOR_S
    next_s = time.monotonic()
    while next_s < end_s:
        next_s = max(next_s + period_s, time.monotonic())
        time.sleep(max(0.0, next_s - time.monotonic()))
        late_s.append(time.monotonic() - next_s)
