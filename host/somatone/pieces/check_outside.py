"""Whether what a piece says about OSC, Live and MIDI can be: one sentence with the place."""

from __future__ import annotations

import ipaddress

from somatone.errors import PieceError, SomatoneError, UsageError
from somatone.gating.names import LEVELS
from somatone.pieces.schema import File, LiveClip, LiveRoute, MidiRoute, Osc, OscIn

MIXER = ("volume", "panning")


def check_outside(file: File) -> None:
    """Raise `SomatoneError` for the first thing that cannot be; sources and ranges are checked as those of routes."""
    check_osc(file.osc)
    check_osc_in(file.osc_in)
    for number, live in enumerate(file.live):
        _check_live(f"live[{number}]", live)
    for number, clip in enumerate(file.live_clips):
        _check_clip(f"live_clips[{number}]", clip)
    for number, midi in enumerate(file.midi):
        _check_midi(f"midi[{number}]", midi)


def check_osc(osc: Osc) -> None:
    for target in osc.targets:
        try:
            parse_target(target)
        except SomatoneError as error:
            raise PieceError(f"osc.targets: {error}") from None
    _within("osc.latency_s", osc.latency_s, 0, 10)
    _within("osc.snapshot_s", osc.snapshot_s, 0.05, 1)
    _within("osc.repeats", osc.repeats, 1, 10)
    _within("osc.level_hz", osc.level_hz, 1, 1000)


def check_osc_in(osc_in: OscIn) -> None:
    _within("osc_in.port", osc_in.port, 0, 65535)
    for source in osc_in.sources:
        try:
            ipaddress.ip_network(source, strict=False)
        except ValueError:
            raise PieceError(
                f"osc_in.sources: {source!r} is no address or network: write 192.168.1.20 or 192.168.1.0/24."
            ) from None
    for address in osc_in.addresses:
        if not address.startswith("/"):
            raise PieceError(f"osc_in.addresses: {address!r} must begin with a slash.")


def parse_target(text: str) -> tuple[str, int]:
    """`HOST:PORT` or `[IPv6]:PORT`. Raises `UsageError`, one sentence."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"{text!r} is no OSC target: write HOST:PORT, for example 127.0.0.1:9000.")
    return host, int(port)


def _check_live(place: str, live: LiveRoute) -> None:
    if live.device and not live.track:
        raise PieceError(f"{place}: name the track that the device {live.device!r} is on.")
    if not live.parameter:
        raise PieceError(f"{place}.parameter is empty: give the name that Live shows.")
    if not live.track and live.parameter != "tempo":
        raise PieceError(f"{place}: without a track there is only the parameter 'tempo', not {live.parameter!r}.")
    if live.track and not live.device and live.parameter not in MIXER:
        raise PieceError(f"{place}: without a device there are only 'volume' and 'panning', not {live.parameter!r}.")


def _check_clip(place: str, clip: LiveClip) -> None:
    if sum(map(bool, (clip.clip, clip.scene, clip.transport))) != 1:
        raise PieceError(f"{place}: give exactly one of clip, scene and transport.")
    if bool(clip.clip) != bool(clip.track):
        raise PieceError(f"{place}: a clip needs its track, and a track a clip.")


def _check_midi(place: str, midi: MidiRoute) -> None:
    if (midi.cc is None) == (midi.note is None):
        raise PieceError(f"{place}: give exactly one of cc and note.")
    _within(f"{place}.channel", midi.channel, 1, 16)
    if midi.note is not None:
        _within(f"{place}.note", midi.note, 0, 127)
        _within(f"{place}.velocity", midi.velocity, 1, 127)
        if midi.source in LEVELS or midi.range or midi.fine or midi.up_s or midi.curve != 1:
            raise PieceError(f"{place}: a note is held by a gate, and has a velocity; no range, fine, curve or up_s.")
    if midi.cc is not None:
        _within(f"{place}.cc", midi.cc, 0, 31 if midi.fine else 127)


def _within(place: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise PieceError(f"{place} is {value:g}: give a number from {low:g} to {high:g}.")
