"""The sound cards of this machine, as the kernel tells of them under /proc/asound. Looks, opens nothing.

Surprises: a card's number changes with every plug, its short name (`id`) does not; a second card of the same kind gets
an id with a number after it, which may change places with the first, so its long text is compared too. The kernel says
the rates and outputs of USB cards and of most built-in ones, of others only once they are open.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from somatone.errors import SoundError
from somatone.space.layouts import Layout
from somatone.voices import unknown

DUMMY = "dummy"
CARDS = Path("/proc/asound/cards")
PREFIX = "hw:CARD="


@dataclass(frozen=True, slots=True)
class Card:
    """A sound card that can play; `id` is ALSA's stable short name, `text` what a person calls it."""

    id: str
    text: str

    @property
    def device(self) -> str:
        """Its name for jackd."""
        return PREFIX + self.id


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What is known of a card without opening it. Empty or None: not known."""

    outputs: int | None
    rates_hz: tuple[int, ...]
    holder: str  # "pipewire (process 812)", while a program plays to it


def cards(listing: Path | None = None) -> list[Card]:
    """The cards that can play, the best guess first: USB, then built in, then HDMI, which often leads nowhere."""
    listing = listing or CARDS
    try:
        text = listing.read_text(errors="replace")
    except OSError:
        return []
    found = [Card(match[2], match[3].strip()) for match in re.finditer(r"^ *(\d+) \[(\S+) *\]: (.*)$", text, re.M)]
    playing = [card for card in found if any((listing.parent / card.id).glob("pcm*p"))]
    return sorted(playing, key=lambda card: ("USB" not in card.text, "hdmi" in card.text.lower()))


def find_card(name: str, there: Iterable[Card]) -> Card | None:
    """The card of that id, or the first whose text holds `name`."""
    name = name.removeprefix("hw:").removeprefix("CARD=")
    there = list(there)
    same = [card for card in there if card.id == name]
    near = [card for card in there if name and name.lower() in card.text.lower()]
    return next(iter([*same, *near]), None)


def choose_card(name: str, there: Iterable[Card]) -> Card:
    """As `find_card`. Raises SoundError that offers the nearest name."""
    there = list(there)
    if card := find_card(name, there):
        return card
    raise SoundError(str(unknown("sound card", name, [*(card.id for card in there), DUMMY])))


def facts(card: Card, listing: Path | None = None) -> CardFacts:
    """Outputs, rates and holder of a card."""
    folder = (listing or CARDS).parent / card.id
    texts = [_read(path) for path in [*folder.glob("stream*"), *folder.glob("codec#*")]]
    playback = "\n".join(_playback(text) for text in texts)
    channels = [int(number) for number in re.findall(r"^\s*Channels: (\d+)", playback, re.M)]
    rates = re.findall(r"^\s*(?:Rates: |rates \[0x\w+\]: )([\d, ]+)$", playback, re.M)
    numbers = {int(number) for line in rates for number in re.findall(r"\d+", line)}
    outputs = max(channels, default=outputs_of(card.device, listing))
    return CardFacts(outputs, tuple(sorted(numbers)), holder(card, frozenset(), listing))


def outputs_of(device: str, listing: Path | None = None) -> int | None:
    """How many outputs the card that jackd has opened gives it; None where that cannot be told."""
    folder = (listing or CARDS).parent / device.removeprefix(PREFIX)
    for opened in folder.glob("pcm*p/sub*/hw_params"):
        if found := re.search(r"^channels: (\d+)", _read(opened), re.M):
            return int(found[1])
    return None


def holder(card: Card, ours: frozenset[int], listing: Path | None = None) -> str:
    """The program, other than the processes `ours`, that plays to the card's first device now, or ''."""
    for status in sorted(((listing or CARDS).parent / card.id).glob("pcm*p/sub*/status"))[:1]:
        if found := re.search(r"^owner_pid\s*: (\d+)", _read(status), re.M):
            about = _read(Path(f"/proc/{found[1]}/status"))  # the owner is a thread: its process is what counts
            process = re.search(r"^Tgid:\s*(\d+)", about, re.M)
            pid = int(process[1]) if process else int(found[1])
            name = re.search(r"^Name:\s*(.*)$", about, re.M)
            if pid not in ours:
                return f"{name[1] if name else 'a program'} (process {pid})"
    return ""


def too_few(device: str, there: int, layout: Layout) -> str:
    """The sentence for a card that cannot play the layout."""
    name = device.removeprefix(PREFIX)
    smaller = "stereo" if there < 4 else "quad"
    return (
        f"The card {name} has {there} outputs, but the layout {layout.name!r} needs {layout.channels}: give another "
        f'card with --device, or say --layout {smaller} (layout = "{smaller}" in the piece).'
    )


def _playback(text: str) -> str:
    """The part of a description that speaks of playing."""
    if "Playback:" in text:
        return text.partition("Playback:")[2].partition("Capture:")[0]
    nodes = re.split(r"^(?=Node 0x)", text, flags=re.M)
    return "\n".join(node for node in nodes if "[Audio Output]" in node.partition("\n")[0])


def _read(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text(errors="replace")
    return ""
