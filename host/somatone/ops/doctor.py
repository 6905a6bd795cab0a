"""What this machine has and lacks for somatone, as plain findings. Looks, changes nothing."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from somatone import paths
from somatone.errors import SomatoneError
from somatone.sinks.sound.awake import RULE, may_hold
from somatone.sinks.sound.cards import DUMMY, cards, holder
from somatone.sinks.sound.devices import read_choice, target

Verdict = Literal["ok", "note", "lacks"]
PLUGIN_FOLDERS = ("/usr/lib/SuperCollider/plugins", "/usr/local/lib/SuperCollider/plugins")
NEEDED_SHM_MB = 64
NEEDED_DISK_MB = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `lacks` stops somatone, `note` makes it less than it could be; both say what to do."""

    what: str
    verdict: Verdict
    said: str


def examine() -> list[Finding]:
    """Every finding, in the order in which a technician would look."""
    findings: list[Finding] = []
    for check in CHECKS:
        findings += check()
    return findings


def _python() -> Iterator[Finding]:
    yield Finding("Python", "ok", ".".join(map(str, sys.version_info[:3])))


def _program(name: str, package: str, without: Verdict, purpose: str) -> Callable[[], Iterator[Finding]]:
    def check() -> Iterator[Finding]:
        path = shutil.which(name)
        if path:
            yield Finding(name, "ok", path)
        else:
            yield Finding(name, without, f"missing ({purpose}): sudo apt-get install {package}")

    return check


def _plugins() -> Iterator[Finding]:
    found = [folder for folder in PLUGIN_FOLDERS if any(Path(folder).rglob("*.so"))]
    if found:
        yield Finding("scsynth plugins", "ok", found[0])
    else:
        yield Finding(
            "scsynth plugins", "lacks", "none found: sudo apt-get install supercollider-server sc3-plugins-server"
        )


def _synthdefs() -> Iterator[Finding]:
    folder = paths.PACKAGE / "sinks" / "sound" / "synthdefs"
    count = len(list(folder.glob("*.scsyndef")))
    if count:
        yield Finding("SynthDefs", "ok", f"{count} compiled")
    else:
        yield Finding("SynthDefs", "lacks", f"{folder} is empty: check the project out again.")


def _cards() -> Iterator[Finding]:
    there = cards()
    busy = {card.device: by for card in there if (by := holder(card, frozenset()))}
    goes = target(None, read_choice(), there, busy)
    if goes.device != DUMMY:
        yield Finding("sound card", "ok", goes.sentence)
    elif there:
        yield Finding("sound card", "note", f"{goes.sentence} `somatone audio` lists the cards and chooses one.")
    else:
        yield Finding("sound card", "note", "none: somatone plays to a dummy card and records what would be heard.")


def _realtime() -> Iterator[Finding]:
    priority = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    locked = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    if os.geteuid() == 0 or (priority >= 70 and (locked == resource.RLIM_INFINITY or locked > 200 << 20)):
        yield Finding("realtime audio", "ok", "allowed")
    else:
        yield Finding(
            "realtime audio",
            "note",
            "not allowed, so the sound may crackle under load: add this user to group 'audio' and put "
            "'@audio - rtprio 95' and '@audio - memlock unlimited' into /etc/security/limits.d/audio.conf.",
        )


def _wakefulness() -> Iterator[Finding]:
    if may_hold():
        yield Finding("quick waking", "ok", "the processors are kept from sleeping while there is sound")
    else:
        yield Finding(
            "quick waking",
            "note",
            "not allowed, so a short period of sound may come late: add this user to group 'audio', put the line "
            f"{RULE} into /etc/udev/rules.d/99-somatone.rules, and start the machine again.",
        )


def _shared_memory() -> Iterator[Finding]:
    try:
        free_mb = shutil.disk_usage("/dev/shm").free >> 20
    except OSError:
        free_mb = 0
    if free_mb >= NEEDED_SHM_MB:
        yield Finding("shared memory", "ok", f"{free_mb} MB free in /dev/shm")
    else:
        yield Finding("shared memory", "lacks", f"{free_mb} MB free in /dev/shm: jackd needs {NEEDED_SHM_MB} MB.")


def _disk() -> Iterator[Finding]:
    try:
        folder = paths.state_dir()
        free_mb = shutil.disk_usage(folder).free >> 20
    except (SomatoneError, OSError) as error:
        yield Finding("state folder", "lacks", str(error))
        return
    if free_mb >= NEEDED_DISK_MB:
        yield Finding("state folder", "ok", f"{folder}, {free_mb} MB free")
    else:
        yield Finding("state folder", "note", f"{folder} has only {free_mb} MB free: recordings will stop soon.")


def _micropython() -> Iterator[Finding]:
    found = [p.parent.name for p in sorted(paths.micropython_dir().glob("*/micropython"))]
    if found:
        yield Finding("MicroPython", "ok", ", ".join(found))
    else:
        yield Finding(
            "MicroPython", "note", "not installed: the simulated board runs under CPython; run make run again."
        )


def _boards() -> Iterator[Finding]:
    from somatone.sources.board import board_ports  # noqa: PLC0415 - pyserial is needed by nothing else here

    ports = board_ports()
    if not ports:
        yield Finding("board", "note", "none connected: somatone plays a simulated wearer.")
    for port in ports:
        if os.access(port, os.R_OK | os.W_OK):
            yield Finding("board", "ok", port)
        else:
            yield Finding(
                "board", "lacks", f"{port} may not be opened: add this user to group 'dialout' and log in again."
            )


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python,
    _program("scsynth", "supercollider-server", "lacks", "it makes the sound"),
    _plugins,
    _program("jackd", "jackd2", "lacks", "it carries the sound"),
    _program("setpriv", "util-linux", "lacks", "it ends scsynth when somatone ends"),
    _program("sclang", "supercollider-language", "note", "only needed to change voices"),
    _synthdefs,
    _cards,
    _realtime,
    _wakefulness,
    _shared_memory,
    _disk,
    _micropython,
    _boards,
)
