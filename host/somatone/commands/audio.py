"""`somatone audio`: which sound cards there are, which one somatone plays to, and whether it is heard."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from somatone.commands.speakers import SpeakersOptions, speakers_command
from somatone.errors import SoundError
from somatone.sinks.sound.cards import DUMMY, Card, cards, choose_card, facts, holder
from somatone.sinks.sound.devices import forget_choice, read_choice, target, write_choice

EVERYBODY = Card(DUMMY, "computes sound that nobody hears")


def list_command() -> None:
    """Every card that can play, and where somatone would play now."""
    there, chosen = cards(), read_choice()
    if there:
        Console().print(table_of(there, chosen.card if chosen else None))
    busy = {card.device: by for card in there if (by := holder(card, frozenset())) and not by.startswith("jackd ")}
    print(target(None, chosen, there, busy).sentence)
    if there and not chosen:
        print("No card was chosen: `somatone audio use NAME` keeps one, also when others are plugged in.")


def table_of(there: list[Card], chosen: str | None) -> Table:
    """One row a card; what the kernel does not say is left empty."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("", "card", "called", "outputs", "rates (kHz)", "in use by"):
        table.add_column(column)
    for card in there:
        known = facts(card)
        rates = " ".join(f"{rate / 1000:g}" for rate in known.rates_hz)
        mark = "chosen" if card.id == chosen else ""
        table.add_row(mark, card.id, card.text, str(known.outputs or ""), rates, known.holder)
    return table


def use_command(name: str) -> None:
    """Keep a card for this machine. Raises SoundError for one that is not there."""
    there = cards()
    if name == DUMMY:
        card = EVERYBODY
    elif there:
        card = choose_card(name, there)
    else:
        raise SoundError("There is no sound card on this machine now: plug it in, then choose it.")
    write_choice(card)
    print(f"somatone plays to {card.id} ({card.text}) from now on; one that is playing moves there within seconds.")
    if holds := holder(card, frozenset()) if card.id != DUMMY else "":
        print(target(card.id, None, [card], {card.device: holds}).sentence if not holds.startswith("jackd ") else "")


def forget_command() -> None:
    """Play to any card again."""
    print("The choice is forgotten: any card is taken." if forget_choice() else "No card had been chosen.")


def test_command(device: str | None, layout: str, period: int) -> None:
    """A noise and tones from each output of the card, to hear that it plays and which output is which."""
    speakers_command(SpeakersOptions(layout, device, period))
