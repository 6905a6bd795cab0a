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
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from somatone.errors import SoundError
from somatone.sinks.sound.tools import child_command
from somatone.space.layouts import Layout, find_layout
from somatone.voices import unknown

DUMMY = "dummy"
NAMES = 6  # server names of ours, out of the eight that jackd can remember
READY_S = 5.0
GOODBYE_S = 1.0
SHARED = Path("/dev/shm")
CARDS = Path("/proc/asound/cards")


class TooFewOutputs(SoundError):
    """The card works, but has not as many outputs as the layout."""


@dataclass(frozen=True, slots=True)
class Card:
    """A sound card that can play; `id` is ALSA's stable short name, `text` what a person calls it."""

    id: str
    text: str


def cards(listing: Path = CARDS) -> list[Card]:
    """The cards that can play, the best guess first: USB, then built in, then HDMI, which often leads nowhere."""
    try:
        text = listing.read_text(errors="replace")
    except OSError:
        return []
    found = [Card(match[2], match[3].strip()) for match in re.finditer(r"^ *(\d+) \[(\S+) *\]: (.*)$", text, re.M)]
    playing = [card for card in found if any((listing.parent / card.id).glob("pcm*p"))]
    return sorted(playing, key=lambda card: ("USB" not in card.text, "hdmi" in card.text.lower()))


def choose_device(wanted: str | None, available: list[Card]) -> tuple[str, str]:
    """jackd's device ("dummy" or "hw:CARD=id") and the sentence that says so. Raises SoundError for an unknown one."""
    if wanted == DUMMY:
        return DUMMY, "Sound goes to the dummy driver: it is computed and can be recorded, but nobody hears it."
    if wanted is None and not available:
        return DUMMY, "No sound card was found: sound is computed and can be recorded, but nobody hears it."
    if wanted is None:
        card = available[0]
    else:
        name = wanted.removeprefix("hw:").removeprefix("CARD=")
        near = [card for card in available if name == card.id or name.lower() in card.text.lower()]
        if not near:
            raise SoundError(str(unknown("sound card", name, [*(card.id for card in available), DUMMY])))
        card = near[0]
    return f"hw:CARD={card.id}", f"Sound goes to the card {card.id} ({card.text})."


def outputs_of(device: str, listing: Path = CARDS) -> int | None:
    """How many outputs the card that jackd has opened gives it; None where that cannot be told."""
    folder = listing.parent / device.removeprefix("hw:CARD=")
    for opened in folder.glob("pcm*p/sub*/hw_params"):
        with contextlib.suppress(OSError):
            if found := re.search(r"^channels: (\d+)", opened.read_text(), re.M):
                return int(found[1])
    return None


def too_few(device: str, there: int, layout: Layout) -> str:
    """The sentence for a card that cannot play the layout."""
    name = device.removeprefix("hw:CARD=")
    smaller = "stereo" if there < 4 else "quad"
    return (
        f"The card {name} has {there} outputs, but the layout {layout.name!r} needs {layout.channels}: give another "
        f'card with --device, or say --layout {smaller} (layout = "{smaller}" in the piece).'
    )


class Jack:
    """Starts, watches and ends one jackd. Nothing is left behind after `stop`."""

    def __init__(
        self, device: str | None, sample_rate_hz: int, period_frames: int, layout: Layout | None = None
    ) -> None:
        self._layout = layout or find_layout("stereo")
        self._wanted = device
        self._rate_hz = sample_rate_hz
        self._period_frames = period_frames
        self._refused = 0  # how often in a row a card that nobody named could not be opened
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
    def frozen(self) -> bool:
        """It is stopped by a signal: it neither plays nor ends."""
        try:
            status = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return False
        return status.rpartition(")")[2].split()[0] in ("T", "t")

    async def start(self) -> str:
        """Starts jackd and returns the sentence that says where sound goes. Raises SoundError with jackd's reason."""
        found = [] if self._wanted == DUMMY or (self._wanted is None and self._refused >= 3) else cards()
        device, sentence = choose_device(self._wanted, found)
        self._remove_leftovers()
        driver = (
            ["-d", "dummy", "-C", "0", "-P", str(self._layout.channels)]
            if device == DUMMY
            else ["-d", "alsa", "-d", device, "-P", "-n", "2"]
        )
        # The first -p is the number of ports: jackd locks memory for all of them, and its default needs 107 MB.
        command = ["jackd", "-p", "128", "-n", self.name, "-R", "-P", "70", *driver]
        command += ["-r", str(self._rate_hz), "-p", str(self._period_frames)]
        self._lines.clear()
        self._process = await asyncio.create_subprocess_exec(
            *child_command(command, {"JACK_NO_AUDIO_RESERVATION": "1"}),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._listening = asyncio.create_task(self._listen(self._process))
        if not await self._ready():
            self._refused += device != DUMMY
            await self.stop()
            raise SoundError(f"jackd could not start on {device}: {self._reason()}.")
        self._refused = 0
        if (there := outputs_of(device)) is not None and there < self._layout.channels:
            await self.stop()
            raise TooFewOutputs(too_few(device, there, self._layout))
        return sentence

    async def ended(self) -> None:
        """Returns when jackd is no longer there."""
        if self._process:
            await self._process.wait()

    async def stop(self) -> None:
        """Ends jackd: politely, so that it frees its shared memory, then by force."""
        if process := self._process:
            if self.frozen:
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
            await process.wait()
        if self._listening:
            self._listening.cancel()
            self._listening = None
        self._process = None
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
