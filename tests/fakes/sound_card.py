"""A sound card that can be plugged and pulled: a listing as the kernel's, and a `jackd` that plays to it only while it
is there. Behind it is jackd's own dummy driver, so all but the driver is real."""

from __future__ import annotations

import shutil
from pathlib import Path

ENTRY = " 3 [Bench          ]: USB-Audio - A card that does not exist\n"
# What somatone says for a card is turned into what the dummy driver takes; without the card jackd fails as ALSA does.
JACKD = """#!/bin/sh
case "$*" in
*hw:CARD=*)
    test -e {folder}/Bench/pcm0p || {{ echo "ALSA: Cannot open PCM device alsa_pcm for playback"; exit 255; }}
    exec {jackd} $(echo "$*" | sed 's/-d alsa -d hw:CARD=Bench -P -n 2/-d dummy -C 0 -P 2/') ;;
esac
exec {jackd} "$@"
"""


class FakeCard:
    """Card `Bench`. Use `programs` first on PATH, and `listing` in place of /proc/asound/cards."""

    def __init__(self, folder: Path) -> None:
        self.programs, self.listing = folder / "bin", folder / "cards"
        self._pcm = folder / "Bench" / "pcm0p"
        self.programs.mkdir()
        jackd = self.programs / "jackd"
        jackd.write_text(JACKD.format(folder=folder, jackd=shutil.which("jackd")))
        jackd.chmod(0o755)
        self.pull()

    def plug(self) -> None:
        self._pcm.mkdir(parents=True)
        self.listing.write_text(
            " 3 [Bench          ]: USB-Audio - A card that does not exist\n                      x\n"
        )

    def pull(self) -> None:
        """As pulling the plug does: the listing is empty at once; whoever plays to the card hears of it later."""
        self.listing.write_text("--- no soundcards ---\n")
        shutil.rmtree(self._pcm.parent, ignore_errors=True)
