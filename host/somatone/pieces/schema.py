"""What may stand in a `piece.toml`, as structs: every key that is not listed here is an error."""

from __future__ import annotations

from typing import Literal

import msgspec

WhenInvalid = Literal["hold", "fade", "rest"]


class Route(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"source": "from"}):
    """One gate or level moves one control.

    The source's 0..1 is bent by `curve` (an exponent) and spread over `range`, in the control's own unit and warp.
    `up_s` and `down_s` are the times in which it covers 63 % of a change. When the source is not to be trusted it
    holds, fades to the low end over `fade_s`, or goes to rest at once. Several routes to one control add up. Of
    several wearers the strongest is heard, or the one named `wearer`. Of a gate's openings a share `probability` acts.
    """

    source: str
    to: str
    range: tuple[float, float] | None = None
    curve: float = 1.0
    up_s: float = 0.0
    down_s: float = 0.0
    when_invalid: WhenInvalid = "fade"
    fade_s: float = 4.0
    wearer: str = ""
    probability: float = 1.0


class Follow(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"source": "from"}):
    """A value that is taken from a level at the moment of a note."""

    source: str
    range: tuple[float, float]


class NoteRoute(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"source": "from"}):
    """Each opening of a gate plays one note of a voice; with `density`, notes fall at random while the gate is open.

    `density` is in notes a second: a number, or a level that says it (`range` in notes a second). Notes closer than
    `apart_s` are left out, and of the rest a share `probability` sounds.
    """

    source: str
    voice: str
    values: dict[str, float] = {}
    follow: dict[str, Follow] = {}
    wearer: str = ""
    probability: float = 1.0
    density: float | Follow | None = None
    apart_s: float = 0.0


class GateRoute(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A gate of the piece's own, made of others: routes and notes use it by its `name`.

    Exactly one of: `either`, open while any of them is; `both`, open while all are; `latch`, opened by one gate and
    closed by `until`, or by the next opening where there is no `until`, at the latest after `longest_s` (0: never).
    """

    name: str
    either: tuple[str, ...] = ()
    both: tuple[str, ...] = ()
    latch: str = ""
    until: str = ""
    longest_s: float = 0.0


class LiveRoute(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"source": "from"}):
    """A gate or level moves a parameter in Ableton Live, found by the names of track, device and parameter.

    Without `device` it is of the track's mixer (`volume` or `panning`); without `track` it is the song's `tempo`.
    `range` is in shares of the range that Live gives the parameter, for the tempo in beats a minute.
    """

    source: str
    parameter: str
    track: str = ""
    device: str = ""
    range: tuple[float, float] | None = None
    curve: float = 1.0
    up_s: float = 0.0
    down_s: float = 0.0
    when_invalid: WhenInvalid = "fade"
    fade_s: float = 4.0
    wearer: str = ""
    probability: float = 1.0


class LiveClip(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"source": "from"}):
    """Each opening of a gate launches a `clip` of a `track`, or a `scene`, or is a word to the `transport`."""

    source: str
    track: str = ""
    clip: str = ""
    scene: str = ""
    transport: Literal["start", "stop", "continue"] | None = None
    wearer: str = ""
    probability: float = 1.0
    apart_s: float = 0.0


class MidiRoute(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"source": "from"}):
    """A gate or level moves a MIDI controller, or a gate holds a note. Exactly one of `cc` and `note`.

    `range` is in shares of the controller's range; `fine` sends it in 14 bits (`cc` 0 to 31 and the one 32 above).
    """

    source: str
    channel: int = 1
    cc: int | None = None
    note: int | None = None
    velocity: int = 100
    fine: bool = False
    range: tuple[float, float] | None = None
    curve: float = 1.0
    up_s: float = 0.0
    down_s: float = 0.0
    when_invalid: WhenInvalid = "fade"
    fade_s: float = 4.0
    wearer: str = ""
    probability: float = 1.0


class Osc(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who hears everything by OSC. With `bundles`, messages carry the time at which they hold plus `latency_s`.

    The whole state is said again every `snapshot_s`, an edge `repeats` times, a level at most `level_hz` times a
    second.
    """

    targets: tuple[str, ...] = ()
    bundles: bool = False
    latency_s: float = 0.1
    snapshot_s: float = 0.2
    repeats: int = 3
    level_hz: float = 30.0


class OscIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who may act by OSC: `sources` are addresses or networks, `addresses` patterns with `*`. Port 0: nobody."""

    port: int = 0
    sources: tuple[str, ...] = ("127.0.0.1", "::1")
    addresses: tuple[str, ...] = ("/somatone/control/*", "/somatone/piece/reload", "/somatone/panic")


class Section(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A part of a composition of training runs: which preset, how long, and from which seed (else the piece's)."""

    run: str
    seconds: float = 90.0
    seed: int | None = None


class File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A whole `piece.toml`."""

    name: str
    about: str
    voices: list[str]
    layout: str | list[tuple[float, float]] = "stereo"
    loudness: tuple[float, float] | None = None  # least and most rms of any minute with a wearer, dBFS, as it is meant
    stage: str = ""  # what the wall shows; "" the stage of the piece's own name, or `correlations`
    library: str = ""  # whose kept gestures it plays: a name, or the folder that was scanned; "" the built-in one
    bed: str = ""  # the long recording of the voice `bed`, seen from the piece's folder; "" the library's longest
    inserts: list[str] = []
    through: list[str] = []
    routes: list[Route] = []
    rest: dict[str, float] = {}
    notes: list[NoteRoute] = []
    gates: list[GateRoute] = []
    rules: dict[str, dict[str, int]] = {}
    seed: int = 1
    sections: list[Section] = []
    osc: Osc = Osc()
    osc_in: OscIn = OscIn()
    live_host: str = "127.0.0.1"
    live: list[LiveRoute] = []
    live_clips: list[LiveClip] = []
    midi_port: str = ""
    midi: list[MidiRoute] = []


TABLES: dict[str, type[msgspec.Struct]] = {
    "routes": Route,
    "notes": NoteRoute,
    "gates": GateRoute,
    "osc": Osc,
    "osc_in": OscIn,
    "live": LiveRoute,
    "live_clips": LiveClip,
    "midi": MidiRoute,
    "sections": Section,
}
