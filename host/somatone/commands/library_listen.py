"""`somatone library listen`: gestures one by one, a key for each judgement (the judging is `library/judgement.py`)."""

from __future__ import annotations

import contextlib
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator

from somatone.errors import UsageError
from somatone.library.catalogue import LibraryError, find_library
from somatone.library.cut import RATE_HZ, read_gesture
from somatone.library.judgement import Filter, Judgement
from somatone.library.player import Player
from somatone.library.sketch import sketch

KEYS = "k keep   d discard   t tag   space repeat   n next   u undo   q quit"


def listen_command(library: str, chosen: Filter) -> None:
    """Until the end, or q. What was said is saved at each key."""
    catalogue = find_library(library)
    session = Judgement(catalogue, chosen)
    player = Player()
    try:
        if player.silent_because:
            print(player.silent_because)
        with _keys() as read:
            print(KEYS)
            _listen(session, player, read)
    finally:
        player.close()
        counts = catalogue.counts()
        print(f"{counts['keep']} kept, {counts['discard']} discarded, {counts['']} not judged")
        catalogue.close()


def _listen(session: Judgement, player: Player, read: Callable[[], str]) -> None:
    shown = -1
    while session.current is not None:
        if shown != session.position:
            _present(session, player)
            shown = session.position
        key = read()
        if key in ("q", "\x03", "\x04", ""):
            return
        if key == "k":
            session.keep()
        elif key == "d":
            session.discard()
        elif key == "n":
            session.next()
        elif key in (" ", "r"):
            shown = -1
        elif key == "t":
            _tag(session, read)
        elif key == "u":
            taken_back = session.undo()
            print(f"  taken back: #{taken_back.id}" if taken_back else "  there is nothing to take back")
            shown = -1
        elif key.strip():
            print(f"  {KEYS}")
    print("That was the last one.")


def _present(session: Judgement, player: Player) -> None:
    gesture = session.current
    assert gesture
    minutes, seconds = divmod(gesture.start_s, 60)
    pitch = f", {gesture.pitch_hz:.0f} Hz" if gesture.pitch_hz else ""
    said = "".join(f"  [{word}]" for word in (gesture.verdict, *gesture.tags) if word)
    print(
        f"\n{session.position + 1} of {len(session.gestures)}  #{gesture.id}  {gesture.path} "
        f"{int(minutes)}:{seconds:05.2f}  {gesture.duration_s:.2f} s, {gesture.loudness_db:.0f} dB{pitch}, "
        f"novelty {gesture.novelty:.1f}{said}"
    )
    try:
        sound = read_gesture(session.catalogue, gesture)
    except LibraryError as error:
        print(f"  {error}")
        return
    for line in sketch(sound, RATE_HZ):
        print(f"  {line}")
    player.play(sound)


def _tag(session: Judgement, read: Callable[[], str]) -> None:
    """Reads a word up to Return; a word it already has is taken away."""
    print("  tag: ", end="", flush=True)
    word = ""
    while (key := read()) not in ("\r", "\n", ""):
        if key == "\x1b":
            print()
            return
        if key in ("\x7f", "\b"):
            word, key = word[:-1], "\b \b" if word else ""
        else:
            word += key
        print(key, end="", flush=True)
    print()
    if word.strip():
        try:
            session.tag(word)
        except UsageError as error:
            print(f"  {error}")
    if gesture := session.current:
        print(f"  tags: {' '.join(gesture.tags) or 'none'}")


@contextlib.contextmanager
def _keys() -> Iterator[Callable[[], str]]:
    """A function that gives the next key; '' at the end of input. The terminal is as before when it is left."""
    descriptor = sys.stdin.fileno()

    def read() -> str:
        sys.stdout.flush()
        return os.read(descriptor, 1).decode(errors="ignore")

    if not sys.stdin.isatty():
        yield read
        return
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor, termios.TCSADRAIN)
        yield read
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
