"""One jackd of our own: a real sound card when there is one, else the dummy driver that computes sound for nobody.

Surprises: jackd keeps a registry of at most eight server names, and names of killed servers stay in it until a server
of the *same* name starts, so a name per process id would fill it up. Hence a few names, each held through an abstract
socket, which the kernel lets go however we die. Shared memory of killed servers is freed by the next jackd.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from somatone.errors import SoundError
from somatone.sinks.sound.cards import DUMMY, cards, holder, outputs_of, too_few
from somatone.sinks.sound.devices import Target, read_choice, target
from somatone.sinks.sound.tools import child_command, process_state
from somatone.space.layouts import Layout, find_layout

NAMES = 6  # server names of ours, out of the eight that jackd can remember
READY_S = 5.0
GOODBYE_S = 1.0
SHARED = Path("/dev/shm")
AGAIN_S, LONGEST_S = 4.0, 600.0  # a card that could not be opened is tried again, later each time


class TooFewOutputs(SoundError):
    """The card works, but has not as many outputs as the layout."""


class Jack:
    """Starts, watches and ends one jackd. Nothing is left behind after `stop`."""

    def __init__(
        self, device: str | None, sample_rate_hz: int, period_frames: int, layout: Layout | None = None
    ) -> None:
        self._layout = layout or find_layout("stereo")
        self._wanted = device
        self._rate_hz = sample_rate_hz
        self._period_frames = period_frames
        self._refusals: dict[str, tuple[int, float]] = {}  # by device: how often in a row, and until when it is left
        self.device: str | None = None  # where it plays
        self._lock, self.name = _hold_name()
        self._process: asyncio.subprocess.Process | None = None
        self._lines: deque[str] = deque(maxlen=40)
        self._listening: asyncio.Task[None] | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What scsynth needs to find this server; without the default outputs it would be connected to nothing."""
        return {
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_START_SERVER": "1",
            "JACK_NO_AUDIO_RESERVATION": "1",
            "SC_JACK_DEFAULT_OUTPUTS": "system",
            "SC_JACK_DEFAULT_INPUTS": "",
        }

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def works(self) -> bool:
        """Its process is there, and is neither stopped by a signal nor just ending."""
        return process_state(self.pid) not in ("", "T", "t", "Z", "X")

    def target(self) -> Target:
        """Where sound should go now."""
        if self._wanted == DUMMY:
            return target(DUMMY, None, [], {})
        there, now_s = cards(), time.monotonic()
        ours = frozenset(pid for pid in (self.pid,) if pid)
        busy = {card.device: by for card in there if (by := holder(card, ours))}
        refused = [device for device, (_, until_s) in self._refusals.items() if now_s < until_s]
        chosen = read_choice() if self._wanted is None else None
        return target(self._wanted, chosen, there, busy, self.device, refused)

    async def start(self) -> str:
        """Starts jackd and returns the sentence that says where sound goes. Raises SoundError with jackd's reason; a
        card that could not be opened is left alone for a while, so the next start finds another device."""
        place = self.target()
        self._remove_leftovers()
        self._lines.clear()
        self._process = await asyncio.create_subprocess_exec(
            *child_command(self._command(place.device), {"JACK_NO_AUDIO_RESERVATION": "1"}),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._listening = asyncio.create_task(self._listen(self._process))
        if not await self._ready():
            await self.stop()
            self.refuse(place.device)
            raise SoundError(f"jackd could not start on {place.device}: {self._reason()}.")
        if (there := outputs_of(place.device)) is not None and there < self._layout.channels:
            await self.stop()
            self.refuse(place.device)
            raise TooFewOutputs(too_few(place.device, there, self._layout))
        self.device = place.device
        return place.sentence

    def _command(self, device: str) -> list[str]:
        driver = (
            ["-d", "dummy", "-C", "0", "-P", str(self._layout.channels)]
            if device == DUMMY
            else ["-d", "alsa", "-d", device, "-P", "-n", "2"]
        )
        # The first -p is the number of ports: jackd locks memory for all of them, and its default needs 107 MB.
        command = ["jackd", "-p", "128", "-n", self.name, "-R", "-P", "70", *driver]
        return [*command, "-r", str(self._rate_hz), "-p", str(self._period_frames)]

    def refuse(self, device: str | None) -> None:
        """The card did not work: leave it alone, longer each time."""
        if device and device != DUMMY:
            times, _ = self._refusals.get(device, (0, 0.0))
            self._refusals[device] = (times + 1, time.monotonic() + min(AGAIN_S * 2.0**times, LONGEST_S))

    def proved(self) -> None:
        """Sound came out for a while: what was refused before is forgiven."""
        if self.device:
            self._refusals.pop(self.device, None)

    async def ended(self) -> None:
        """Returns when jackd is no longer there."""
        if self._process:
            await self._process.wait()

    async def stop(self) -> None:
        """Ends jackd: politely, so that it frees its shared memory, then by force."""
        if process := self._process:
            if not self.works:
                self.kill()
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
            try:
                await asyncio.wait_for(process.wait(), GOODBYE_S)
            except TimeoutError:
                pass
            finally:
                self.kill()
            with contextlib.suppress(TimeoutError):  # the kernel may hold a process that waits for a broken card
                await asyncio.wait_for(process.wait(), GOODBYE_S)
        if self._listening:
            self._listening.cancel()
            self._listening = None
        self._process = self.device = None
        self._remove_leftovers()

    def kill(self) -> None:
        """Ends jackd at once."""
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def close(self) -> None:
        """Lets the server name go. After `stop`, for good."""
        self._lock.close()

    async def _ready(self) -> bool:
        assert self._process is not None
        for _ in range(int(READY_S / 0.02)):
            if self._process.returncode is not None:
                return False
            if self._door.exists():
                return True
            await asyncio.sleep(0.02)
        return False

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self._lines.append(line.decode(errors="replace").strip())

    def _reason(self) -> str:
        telling = [line for line in self._lines if re.search(r"cannot|fail|error|busy|no such", line, re.I)]
        return (telling or list(self._lines) or ["it gave no reason"])[-1].rstrip(".")

    @property
    def _door(self) -> Path:
        return SHARED / f"jack_{self.name}_{os.getuid()}_0"

    def _remove_leftovers(self) -> None:
        for path in [self._door, *SHARED.glob(f"jack_sem.{os.getuid()}_{self.name}_*")]:
            with contextlib.suppress(OSError):
                path.unlink()


def _hold_name() -> tuple[socket.socket, str]:
    for number in range(NAMES):
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            lock.bind(f"\0somatone-jack-{number}")
        except OSError:
            lock.close()
        else:
            return lock, f"somatone-{number}"
    raise SoundError(f"{NAMES} somatone sound servers run on this machine already: stop one of them first.")
