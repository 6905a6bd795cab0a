"""`somatone audio` on machines with cards, without, and with one that somebody else holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from somatone.cli.frame import app
from somatone.errors import SoundError
from somatone.ops.doctor import examine
from somatone.sinks.sound.devices import read_choice

LISTING = """\
 0 [PCH            ]: HDA-Intel - HDA Intel PCH
 2 [CODEC          ]: USB-Audio - USB Audio CODEC
"""
Run = Callable[..., Any]


@pytest.fixture
def somatone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path))
    monkeypatch.setattr("somatone.sinks.sound.cards.CARDS", tmp_path / "cards")
    return lambda *words: CliRunner().invoke(app, ["audio", *words])


@pytest.fixture
def two_cards(tmp_path: Path) -> Path:
    (tmp_path / "cards").write_text(LISTING)
    for card in ("PCH", "CODEC"):
        (tmp_path / card / "pcm0p" / "sub0").mkdir(parents=True)
    (tmp_path / "CODEC" / "stream0").write_text("Playback:\n    Channels: 8\n    Rates: 44100, 48000\n")
    return tmp_path


def test_no_card_is_said(somatone: Run) -> None:
    assert "No sound card was found" in somatone().output
    assert isinstance(somatone("use", "CODEC").exception, SoundError)
    assert "No card had been chosen" in somatone("forget").output


def test_a_card_is_listed_chosen_and_forgotten(somatone: Run, two_cards: Path) -> None:
    listed = somatone().output
    assert "44.1 48" in listed
    assert "Sound goes to the card CODEC" in listed
    assert "No card was chosen" in listed
    assert "somatone plays to PCH" in somatone("use", "intel").output
    choice = read_choice()
    assert choice
    assert (choice.card, choice.text) == ("PCH", "HDA-Intel - HDA Intel PCH")
    assert "Sound goes to the card PCH" in somatone().output
    assert "forgotten" in somatone("forget").output
    assert read_choice() is None
    assert "did you mean 'CODEC'" in str(somatone("use", "CODAC").exception)


def test_a_card_that_somebody_holds_is_said(somatone: Run, two_cards: Path) -> None:
    somatone("use", "CODEC")
    (two_cards / "CODEC" / "pcm0p" / "sub0" / "status").write_text(f"state: RUNNING\nowner_pid   : {os.getpid()}\n")
    output = " ".join(somatone().output.split())
    assert f"(process {os.getpid()}), close it frees it: nobody hears the sound until it can be used" in output


def test_doctor_names_the_card_that_will_play(somatone: Run, two_cards: Path) -> None:
    def said() -> str:
        return next(finding.said for finding in examine() if finding.what == "sound card")

    assert said() == "Sound goes to the card CODEC (USB-Audio - USB Audio CODEC)."
    somatone("use", "PCH")
    assert "the card PCH" in said()
    (two_cards / "cards").write_text(LISTING.splitlines()[1] + "\n")
    assert said().startswith("The card PCH is not there: nobody hears the sound")
    assert "`somatone audio` lists the cards" in said()
