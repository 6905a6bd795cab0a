"""What a piece moves outside our own sound: Live and MIDI, as voices whose controls are moved by ordinary routes.

`[[live]]`, `[[live_clips]]` and `[[midi]]` are read into routes and notes of three voices that no sound server has. So
curves, smoothing, validity, several wearers and the log are those of every other control; a sink takes what is its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from somatone.pieces.schema import File, LiveClip, LiveRoute, MidiRoute, NoteRoute, Osc, OscIn, Route
from somatone.voices import ControlSpec, Kind, Voice, find_voice

LIVE, LIVE_CLIPS, MIDI = "live", "live_clips", "midi"
OUTSIDE_VOICES = frozenset({LIVE, LIVE_CLIPS, MIDI})
SLOWEST_BPM, FASTEST_BPM = 20.0, 999.0  # the ends of Live's tempo


class LiveTarget(msgspec.Struct, frozen=True):
    """A parameter of Live by names. No device: the track's mixer; no track either: the song."""

    track: str
    device: str
    parameter: str

    @property
    def label(self) -> str:
        return "/".join(name for name in (self.track, self.device, self.parameter) if name)


class LiveLaunch(msgspec.Struct, frozen=True):
    """A clip of a track, a scene, or a word of the transport."""

    track: str = ""
    clip: str = ""
    scene: str = ""
    transport: str = ""

    @property
    def label(self) -> str:
        if self.transport:
            return f"transport {self.transport}"
        return f"scene {self.scene}" if self.scene else f"clip {self.track}/{self.clip}"


class MidiTarget(msgspec.Struct, frozen=True):
    """A controller (`fine`: 14 bits) or a note of a channel, 1 to 16."""

    channel: int
    number: int
    is_note: bool = False
    fine: bool = False

    @property
    def label(self) -> str:
        return f"ch{self.channel}_{'note' if self.is_note else 'cc'}{self.number}"


class Outside(msgspec.Struct, frozen=True):
    """Everything of a piece that leaves by OSC, Live or MIDI. Targets are found by their control's name."""

    voices: tuple[Voice, ...] = ()
    live: Mapping[str, LiveTarget] = {}
    clips: Mapping[str, LiveLaunch] = {}
    midi: Mapping[str, MidiTarget] = {}
    osc: Osc = Osc()
    osc_in: OscIn = OscIn()
    live_host: str = "127.0.0.1"
    midi_port: str = ""


NOTHING_OUTSIDE = Outside()


def outside_of(file: File) -> Outside:
    """The targets of a file, and the voices whose controls they are."""
    live = {target.label: target for target in map(live_target, file.live)}
    clips = {launch.label: launch for launch in map(live_launch, file.live_clips)}
    midi = {target.label: target for target in map(midi_target, file.midi)}
    controls = {
        LIVE: {label: _live_spec(label, target) for label, target in live.items()},
        LIVE_CLIPS: {label: _place(label, "launched in Live") for label in clips},
        MIDI: {label: _place(label, "of the range of a MIDI controller or velocity") for label in midi},
    }
    voices = tuple(_voice(name, specs) for name, specs in controls.items() if specs)
    return Outside(voices, live, clips, midi, file.osc, file.osc_in, file.live_host, file.midi_port)


def routes_of(file: File) -> list[tuple[str, Route]]:
    """Every `[[live]]` and `[[midi]]` as a route, with its place in the file."""
    routes = []
    for number, live in enumerate(file.live):
        routes.append((f"live[{number}]", _route(live, f"{LIVE}.{live_target(live).label}", live.range)))
    for number, midi in enumerate(file.midi):
        target = midi_target(midi)
        span = (0.0, midi.velocity / 127) if target.is_note else midi.range
        routes.append((f"midi[{number}]", _route(midi, f"{MIDI}.{target.label}", span)))
    return routes


def notes_of(file: File) -> list[tuple[str, NoteRoute]]:
    """Every `[[live_clips]]` as a note, with its place in the file."""
    notes = []
    for number, clip in enumerate(file.live_clips):
        note = NoteRoute(
            clip.source,
            LIVE_CLIPS,
            {live_launch(clip).label: 1.0},
            wearer=clip.wearer,
            probability=clip.probability,
            apart_s=clip.apart_s,
        )
        notes.append((f"live_clips[{number}]", note))
    return notes


def live_target(route: LiveRoute) -> LiveTarget:
    return LiveTarget(route.track, route.device, route.parameter)


def live_launch(clip: LiveClip) -> LiveLaunch:
    return LiveLaunch(clip.track, clip.clip, clip.scene, clip.transport or "")


def midi_target(route: MidiRoute) -> MidiTarget:
    number = route.note if route.note is not None else route.cc
    return MidiTarget(route.channel, number if number is not None else -1, route.note is not None, route.fine)


def _route(given: LiveRoute | MidiRoute, to: str, span: tuple[float, float] | None) -> Route:
    return Route(
        given.source,
        to,
        span,
        given.curve,
        given.up_s,
        given.down_s,
        given.when_invalid,
        given.fade_s,
        given.wearer,
        given.probability,
    )


def _live_spec(label: str, target: LiveTarget) -> ControlSpec:
    if not target.track:
        return ControlSpec(label, SLOWEST_BPM, FASTEST_BPM, 120.0, "bpm", "linear", "tempo of the song in Live")
    return _place(label, "of the parameter's own range in Live")


def _place(label: str, meaning: str) -> ControlSpec:
    return ControlSpec(label, 0.0, 1.0, 0.0, "ratio", "linear", meaning)


def _voice(name: str, controls: Mapping[str, ControlSpec]) -> Voice:
    """Like the master, which draws on no recording; everything that makes sound is taken from it."""
    kind: Kind = "note" if name == LIVE_CLIPS else "continuous"
    meaning = "outside our own sound"
    return replace(find_voice("master"), name=name, synthdef="", kind=kind, meaning=meaning, controls=controls)
