"""The address of everything that is said by OSC, and the table that documents it, made from the same names.

    /somatone/<wearer>/<signal>/<rule>      gates and levels, as DESIGN names them
    /somatone/<wearer>/<signal>/validity    a word

Surprise: validity is said under the name of the signal's rules (`pulse`, `motion`), not of its sensor (`bvp`, `acc`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from somatone.gating.names import GATES, LEVELS
from somatone.records import Validity
from somatone.timeline.correlation.stage import EVERYBODY
from somatone.voices import find_voice

ROOT = "/somatone"
HEARTBEAT = f"{ROOT}/heartbeat"
BEGIN = f"{ROOT}/snapshot/begin"
END = f"{ROOT}/snapshot/end"
BYE = f"{ROOT}/bye"
CONTROL = f"{ROOT}/control"
RELOAD = f"{ROOT}/piece/reload"
PANIC = f"{ROOT}/panic"
RULES_OF = {"bvp": "pulse", "acc": "motion"}  # the sensor's signal -> the name of its rules
PAIR = "+"  # between two streams that are compared
_FORBIDDEN = re.compile(r"[^A-Za-z0-9_.+:-]")  # what an OSC address cannot hold, and what a patch would stumble over


def part(name: str) -> str:
    """One part of an address: whatever could not stand there is an underscore."""
    return _FORBIDDEN.sub("_", name) or "_"


def rule_address(wearer: str, name: str) -> str:
    """Of a gate or level: `pulse.beat` of `body` is `/somatone/body/pulse/beat`."""
    return "/".join((ROOT, part(wearer), *map(part, name.split(".", maxsplit=1))))


def validity_address(wearer: str, signal: str) -> str:
    return f"{ROOT}/{part(wearer)}/{part(RULES_OF.get(signal, signal))}/validity"


def bpm_address(wearer: str) -> str:
    return f"{ROOT}/{part(wearer)}/pulse/bpm"


def control_address(voice: str, control: str) -> str:
    return f"{CONTROL}/{part(voice)}/{part(control)}"


def note_address(voice: str) -> str:
    return f"{ROOT}/note/{part(voice)}"


def again_address(address: str) -> str:
    """Where an event is repeated: whoever listens to the first address alone hears it once at most."""
    return ROOT + "/again" + address.removeprefix(ROOT)


def status_address(name: str) -> str:
    return "/".join((ROOT, "status", *map(part, name.split("."))))


class Row(NamedTuple):
    """One line of the documentation: the arguments with their types (i, f, s), and what they mean."""

    address: str
    arguments: str
    meaning: str


def table(wearer: str, voices: Sequence[str]) -> Iterator[Row]:
    """Every address that a wearer and a piece's voices can have."""
    for name, meaning in GATES.items():
        yield Row(rule_address(_whose(wearer, name), name), "i open, i strength, f at_s, i edge", f"gate: {meaning}")
    for name, meaning in LEVELS.items():
        if PAIR in name:
            continue
        yield Row(rule_address(_whose(wearer, name), name), "f value", f"level 0 to 1: {meaning}")
    pair = rule_address(EVERYBODY, "correlation.").removesuffix("_") + f"<stream>{PAIR}<stream>"
    yield Row(pair, "f value", "level 0 to 1: how strongly the two move together, 0 while chance could")
    words = ", ".join(Validity)
    for signal in dict.fromkeys(name.partition(".")[0] for name in (*GATES, *LEVELS)):
        if signal not in ("contact", "correlation"):
            yield Row(validity_address(wearer, signal), "s word", f"one of {words}")
    yield Row(bpm_address(wearer), "f bpm", "heart rate; only while it can be trusted")
    yield from _voices(voices)
    yield Row(f"{ROOT}/status/<name>", "s or i or f value, s sentence", "a device, a loss, a sink: what a person reads")
    yield Row(HEARTBEAT, "i count, f seconds", "twice a second; seconds since the start, as at_s")
    yield Row(BEGIN, "i number, i messages", "all that stands follows: what is not in it does not hold any more")
    yield Row(END, "i number", "the snapshot is over")
    yield Row(BYE, "i number", "somatone ends in good order; every gate was closed before")


def _whose(wearer: str, name: str) -> str:
    """What is said about all wearers together stands under a name of its own."""
    return EVERYBODY if name.startswith("correlation.") else wearer


def _voices(voices: Sequence[str]) -> Iterator[Row]:
    for voice in map(find_voice, voices):
        if voice.kind == "note":
            address = note_address(voice.name)
            named = ", ".join(voice.controls)
            yield Row(address, "i id, then s name, f value pairs", f"{voice.meaning}; names: {named}")
            yield Row(again_address(address), "as above", "the same again, with the same id, against loss")
            continue
        for control in voice.controls.values():
            meaning = f"{control.minimum:g} to {control.maximum:g} {control.unit}: {control.meaning}"
            yield Row(control_address(voice.name, control.name), "f value", meaning)
