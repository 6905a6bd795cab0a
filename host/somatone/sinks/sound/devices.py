"""Where sound goes: to the card somebody named, the one chosen for this machine, any card, or the dummy driver.

A chosen card that is away, or that another program holds, is waited for: sound is computed by the dummy driver
meanwhile, and moves to the card when it returns. `target` is asked again and again; when its answer changes, the sound
moves. The choice is kept in the state folder and read each time, so that it takes effect while somatone plays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from somatone import paths
from somatone.errors import SomatoneError
from somatone.sinks.sound.cards import DUMMY, Card, find_card

HOLDERS = {
    "pipewire": "`systemctl --user stop pipewire.socket pipewire`",
    "pulseaudio": "`systemctl --user stop pulseaudio.socket pulseaudio`",
}


class Choice(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The card that `somatone audio use` chose for this machine."""

    card: str
    text: str = ""


def choice_path() -> Path:
    """Where the choice is kept."""
    return paths.state_dir() / "audio.json"


def read_choice() -> Choice | None:
    """The card chosen for this machine, if one was. A file that cannot be read counts as none."""
    try:
        return msgspec.json.decode(choice_path().read_bytes(), type=Choice)
    except (OSError, msgspec.MsgspecError, SomatoneError):
        return None


def write_choice(card: Card) -> None:
    """Keep the choice; a power cut leaves the old one or the new one."""
    path = choice_path()
    new = path.with_suffix(".new")
    new.write_bytes(msgspec.json.encode(Choice(card.id, card.text)))
    new.replace(path)


def forget_choice() -> bool:
    """Take any card again; whether one had been chosen."""
    there = choice_path().exists()
    choice_path().unlink(missing_ok=True)
    return there


@dataclass(frozen=True, slots=True)
class Target:
    """jackd's device ("dummy" or "hw:CARD=id") and the sentence that says so."""

    device: str
    sentence: str


def target(
    wanted: str | None,
    chosen: Choice | None,
    there: Sequence[Card],
    busy: dict[str, str],
    playing: str | None = None,
    refused: Collection[str] = (),
) -> Target:
    """Where sound should go now. `wanted` was named for this run and goes before what was `chosen`; `busy` says who
    holds a card, by device; `playing` is the device of now, which nobody leaves for a better guess; a card that was
    `refused` could not be opened a moment ago."""
    if wanted == DUMMY or (wanted is None and chosen and chosen.card == DUMMY):
        return Target(DUMMY, "Sound goes to the dummy driver: it is computed and can be recorded, but nobody hears it.")
    if wanted is not None:
        return _named(wanted, find_card(wanted, there), busy, refused)
    if chosen:
        return _named(chosen.card, _find_again(chosen, there), busy, refused)
    free = [card for card in there if card.device not in busy and card.device not in refused]
    if not free:
        why = _held(there[0].id, busy[there[0].device]) if there and there[0].device in busy else ""
        why = why or (f"The card {there[0].id} could not be opened" if there else "No sound card was found")
        return Target(DUMMY, f"{why}: sound is computed and can be recorded, but nobody hears it.")
    card = next((card for card in free if card.device == playing), free[0])
    return Target(card.device, f"Sound goes to the card {card.id} ({card.text}).")


def _named(name: str, card: Card | None, busy: dict[str, str], refused: Collection[str]) -> Target:
    if card and card.device in busy:
        why = _held(card.id, busy[card.device])
    elif card and card.device in refused:
        why = f"The card {card.id} cannot be opened now"
    elif card:
        return Target(card.device, f"Sound goes to the card {card.id} ({card.text}).")
    else:
        why = f"The card {name} is not there"
    return Target(DUMMY, f"{why}: nobody hears the sound until it can be used; then it moves there by itself.")


def _held(card: str, holder: str) -> str:
    """Who has the card, and how to free it."""
    how = next((words for name, words in HOLDERS.items() if holder.startswith(name)), "close it")
    return f"The card {card} is held by {holder}, {how} frees it"


def _find_again(chosen: Choice, there: Sequence[Card]) -> Card | None:
    """By id and text; else by id; else, since ids of like cards change places, by text."""
    both = [card for card in there if (card.id, card.text) == (chosen.card, chosen.text)]
    named = [card for card in there if card.id == chosen.card]
    alike = [card for card in there if chosen.text and card.text == chosen.text]
    return next(iter([*both, *named, *alike]), None)
