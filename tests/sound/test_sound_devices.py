"""Cards, meters and recorded files: what can be decided without a server."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from somatone.errors import SoundError
from somatone.sinks.sound.jack import Card, cards, choose_device, outputs_of, too_few
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


def test_the_device_is_chosen_and_said() -> None:
    there = [Card("CODEC", "USB-Audio - USB Audio CODEC"), Card("PCH", "HDA-Intel - HDA Intel PCH")]
    assert choose_device(None, there)[0] == "hw:CARD=CODEC"
    assert choose_device("PCH", there)[0] == choose_device("hw:PCH", there)[0] == "hw:CARD=PCH"
    assert choose_device("intel", there)[0] == "hw:CARD=PCH"
    assert choose_device("dummy", there)[0] == choose_device(None, [])[0] == "dummy"
    assert "No sound card" in choose_device(None, [])[1]
    with pytest.raises(SoundError, match="did you mean 'CODEC'"):
        choose_device("CODECS", there)


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
