"""Cards, meters and recorded files: what can be decided without a server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import soundfile

from somatone.errors import SoundError
from somatone.sinks.sound.cards import Card, CardFacts, cards, choose_card, facts, holder, outputs_of, too_few
from somatone.sinks.sound.devices import Choice, forget_choice, read_choice, target, write_choice
from somatone.sinks.sound.meter import Meter, decibels
from somatone.sinks.sound.recorder import Recorder, mend_wav
from somatone.space.layouts import find_layout

LISTING = """\
 0 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0
                      vc4-hdmi-0
 1 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 2 [CODEC          ]: USB-Audio - USB Audio CODEC
                      Burr-Brown from TI USB Audio CODEC at usb-1
 3 [Webcam         ]: USB-Audio - HD Webcam
                      HD Webcam at usb-2
"""


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    for card, stream in (("vc4hdmi0", "pcm0p"), ("Headphones", "pcm0p"), ("CODEC", "pcm0p"), ("Webcam", "pcm0c")):
        (tmp_path / card / stream).mkdir(parents=True)
    path = tmp_path / "cards"
    path.write_text(LISTING)
    return path


def test_cards_that_play_in_a_good_order(listing: Path) -> None:
    assert [card.id for card in cards(listing)] == ["CODEC", "Headphones", "vc4hdmi0"]
    assert cards(listing.with_name("none")) == []


CODEC, PCH = Card("CODEC", "USB-Audio - USB Audio CODEC"), Card("PCH", "HDA-Intel - HDA Intel PCH")
BOTH = [CODEC, PCH]
AWAY = "nobody hears the sound until it can be used; then it moves there by itself"


def test_a_card_is_known_by_its_id_or_a_part_of_its_name() -> None:
    assert choose_card("PCH", BOTH) == choose_card("hw:PCH", BOTH) == choose_card("intel", BOTH) == PCH
    with pytest.raises(SoundError, match="did you mean 'CODEC'"):
        choose_card("CODECS", BOTH)


def test_any_card_is_taken_where_none_was_named() -> None:
    assert target(None, None, BOTH, {}).device == "hw:CARD=CODEC"
    assert target(None, None, BOTH, {}, playing="hw:CARD=PCH").device == "hw:CARD=PCH"  # nobody is moved for a guess
    assert target(None, None, BOTH, {}, refused=["hw:CARD=CODEC"]).device == "hw:CARD=PCH"
    nothing = target(None, None, [], {})
    assert nothing.device == target("dummy", Choice("CODEC"), BOTH, {}).device == "dummy"
    assert "No sound card" in nothing.sentence


def test_a_chosen_card_is_waited_for() -> None:
    chosen = Choice("CODEC", CODEC.text)
    assert target(None, chosen, BOTH, {}, playing="hw:CARD=PCH").device == "hw:CARD=CODEC"
    away = target(None, chosen, [PCH], {}, playing="hw:CARD=CODEC")
    assert away.device == "dummy"
    assert away.sentence == f"The card CODEC is not there: {AWAY}."
    assert target("PCH", chosen, BOTH, {}).device == "hw:CARD=PCH"  # --device goes before the choice
    assert target("PCH", chosen, [CODEC], {}).device == "dummy"
    refused = target(None, chosen, BOTH, {}, refused=["hw:CARD=CODEC"])
    assert (refused.device, "cannot be opened now" in refused.sentence) == ("dummy", True)
    held = target(None, chosen, BOTH, {"hw:CARD=CODEC": "pipewire (process 812)"})
    assert held.device == "dummy"
    assert "held by pipewire (process 812), `systemctl --user stop pipewire.socket pipewire` frees it" in held.sentence


def test_like_cards_that_change_ids_are_told_apart_by_name() -> None:
    chosen = Choice("CODEC", "USB-Audio - Left Box")
    there = [Card("CODEC", "USB-Audio - Right Box"), Card("CODEC_1", "USB-Audio - Left Box")]
    assert target(None, chosen, there[1:], {}).device == "hw:CARD=CODEC_1"
    assert target(None, chosen, [*there, Card("X", "y")], {}).device == "hw:CARD=CODEC"
    assert target(None, Choice("CODEC", "USB-Audio - Right Box"), there, {}).device == "hw:CARD=CODEC"


def test_the_choice_is_kept_and_forgotten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path))
    assert read_choice() is None
    write_choice(PCH)
    assert read_choice() == Choice("PCH", PCH.text)
    (tmp_path / "audio.json").write_text("{}")
    assert read_choice() is None
    assert forget_choice()
    assert not forget_choice()


def test_what_the_kernel_knows_of_a_card(listing: Path) -> None:
    (listing.parent / "CODEC" / "stream0").write_text(
        "USB Audio CODEC at usb-1 : USB Audio\n\nPlayback:\n  Interface 1\n    Altset 1\n    Channels: 8\n"
        "    Rates: 44100, 48000\nCapture:\n    Channels: 1\n    Rates: 8000\n"
    )
    (listing.parent / "Headphones" / "codec#0").write_text(
        "Codec: Realtek\nNode 0x02 [Audio Output] wcaps 0x41d: Stereo\n  PCM:\n    rates [0x560]: 44100 48000 96000\n"
        "Node 0x08 [Audio Input] wcaps 0x10051b: Stereo\n  PCM:\n    rates [0x1]: 192000\n"
    )
    assert facts(CODEC, listing) == CardFacts(8, (44100, 48000), "")
    assert facts(Card("Headphones", ""), listing) == CardFacts(None, (44100, 48000, 96000), "")
    assert facts(Card("vc4hdmi0", ""), listing) == CardFacts(None, (), "")


def test_who_holds_a_card(listing: Path) -> None:
    status = listing.parent / "CODEC" / "pcm0p" / "sub0" / "status"
    status.parent.mkdir()
    status.write_text("closed\n")
    assert holder(CODEC, frozenset(), listing) == ""
    status.write_text(f"state: RUNNING\nowner_pid   : {os.getpid()}\n")
    assert holder(CODEC, frozenset([os.getpid()]), listing) == ""
    assert holder(CODEC, frozenset(), listing).endswith(f"(process {os.getpid()})")


def test_a_card_with_too_few_outputs_is_one_sentence_that_says_what_to_do(listing: Path) -> None:
    opened = listing.parent / "CODEC" / "pcm0p" / "sub0" / "hw_params"
    opened.parent.mkdir()
    opened.write_text("closed\n")
    assert outputs_of("hw:CARD=CODEC", listing) is None
    opened.write_text("access: MMAP_INTERLEAVED\nformat: S32_LE\nsubformat: STD\nchannels: 2\nrate: 48000 (48000/1)\n")
    assert outputs_of("hw:CARD=CODEC", listing) == 2
    assert outputs_of("dummy", listing) is None
    sentence = too_few("hw:CARD=CODEC", 2, find_layout("ring8"))
    assert "CODEC has 2 outputs" in sentence
    assert "needs 8" in sentence
    assert "--layout stereo" in sentence
    assert "--layout quad" in too_few("hw:CARD=CODEC", 6, find_layout("ring8"))


def test_recorded_files_take_turns(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "heard.wav")
    names = [recorder.next().name for _ in range(6)]
    assert names == ["heard.wav", "heard-2.wav", "heard-3.wav", "heard-4.wav", "heard.wav", "heard-2.wav"]
    with pytest.raises(SoundError, match=r"\.wav or \.flac"):
        Recorder(tmp_path / "heard.mp3")
    with pytest.raises(SoundError, match="cannot hold 9 channels"):
        Recorder(tmp_path / "heard.flac", 9)
    with pytest.raises(SoundError, match="no folder"):
        Recorder(tmp_path / "none" / "heard.wav")


@pytest.mark.parametrize("subtype", ["PCM_24", "PCM_16", "FLOAT"])
def test_a_cut_file_is_mended(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "cut.wav"
    soundfile.write(path, [[0.1, 0.2]] * 1000, 48_000, subtype=subtype)
    whole = path.read_bytes()
    at = whole.index(b"data")
    path.write_bytes(whole[: at + 4] + bytes(4) + whole[at + 8 : -1])  # no size, and half a frame at the end
    assert mend_wav(path)
    assert soundfile.info(path).frames == 999
    assert not mend_wav(path)
    path.write_bytes(b"something else")
    assert not mend_wav(path)


def test_meter_says_whether_it_sounds() -> None:
    assert not Meter().sounding
    assert Meter(rms=(0.1, 0.0), age_s=0.2).sounding
    assert not Meter(rms=(0.1, 0.1), age_s=2.0).sounding
    assert decibels(1.0) == 0
    assert decibels(0.0) == -120
