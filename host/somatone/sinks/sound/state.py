"""What should exist in the sound server, as plain messages: definitions, buffers, groups, synths, control values.

Live and offline play the same messages. Nothing is ever asked of the server: every id and index is fixed here, so that
a server that died can be filled again from the start, at the levels that were playing.

    control buses   one per control of every voice, in the order of voices.toml, whether the voice plays or not; the
                    layout's gains far above them
    audio buses     see `wiring`
    groups          10 sources, 15 inserts, 20 space, 25 layout, 30 master (and after it recorder and meter, which
                    must be last)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from somatone.errors import SomatoneError, SoundError
from somatone.sinks.sound.disk import find_disk
from somatone.sinks.sound.osc import Message
from somatone.sinks.sound.wiring import CHAIN, GAINS, GROUPS, Wires, Wiring
from somatone.voices import Voice, load_voices, unknown

SYNTHDEFS = Path(__file__).with_name("synthdefs")
FIRST_SYNTH, FIRST_STEM, JOIN, LAYOUT, METER, RECORDER = 100, 500, 600, 601, 900, 901
RECORD_BUFFER = 512
MAXIMUM_BUFFERS = RECORD_BUFFER
METER_ADDRESS = "/somatone/meter"
ADD_HEAD, ADD_TAIL = 0, 1


class State:
    """The declared contents of the server. `set` and `note` return the message that makes the change heard."""

    def __init__(
        self, voices: Sequence[str], buffers: Mapping[str, Path], seed: int, wiring: Wiring | None = None
    ) -> None:
        """Raises SomatoneError for an unknown voice, SoundError for a missing recording or an empty library. Without
        `wiring` every voice goes straight to two loudspeakers."""
        table = load_voices()
        self._bus: dict[tuple[str, str], int] = {}
        for voice in table.values():
            for control in voice.controls:
                self._bus[voice.name, control] = len(self._bus)
        self._values = [spec.default for voice in table.values() for spec in voice.controls.values()]
        for name in voices:
            if name not in table:
                raise unknown("voice", name, table)
        self.wiring = wiring or Wiring()
        present = {*voices, *self.wiring.inserts, "master"}
        self.voices: dict[str, Voice] = {name: voice for name, voice in table.items() if name in present}
        self.wiring.check(self.voices)
        self.buffers = dict(buffers)
        self._twins = getattr(buffers, "twins", 0)  # library.selection.Recordings
        self.seed = seed
        _check_buffers(self.voices, self.buffers)
        self._disk = find_disk(self.voices, self.wiring.bed, self.buffers)

    def voice(self, name: str) -> Voice:
        """The playing voice `name`. Raises SomatoneError that offers the nearest one that plays."""
        try:
            return self.voices[name]
        except KeyError:
            raise unknown("voice that plays", name, self.voices) from None

    def value(self, voice: str, control: str) -> float:
        """The value that is set now, in the control's own unit."""
        return self._values[self._index(voice, control)]

    def set(self, voice: str, control: str, value: float) -> Message:
        """Remembers the value (finite; clamped to its range). Raises SomatoneError for an unknown name."""
        index = self._index(voice, control)
        value = self._values[index] = self.voices[voice].controls[control].clamp(value)
        message: Message = ("/c_set", index, value)
        if self._disk and control == "start" and (spec := self.voices[voice]).disk and self._disk.leaps(value):
            again = self._new(self._definition(spec), -1, spec.stage, self._wires(spec))
            return self._disk.leap(value, [message, again])
        return message

    def note(self, voice: str, values: Mapping[str, float]) -> Message:
        """One event; controls that are not in `values` come from their buses. Raises SomatoneError for a name that is
        unknown, or a voice that sounds all the time."""
        spec = self.voice(voice)
        if spec.kind != "note":
            raise SomatoneError(f"Voice {voice!r} sounds all the time and takes no notes: set its controls instead.")
        for name in values:
            spec.control(name)
        wires = self._wires(spec)
        for name, value in values.items():
            if math.isfinite(value):
                wires[name] = spec.controls[name].clamp(value)
        return ("/s_new", self._definition(spec), -1, ADD_HEAD, GROUPS[spec.stage], *_flat(wires))

    def definitions(self) -> list[Message]:
        """Loads every definition that is used, and every recording. scsynth answers later: follow with /sync."""
        channels = self.wiring.layout.channels
        names = {self._definition(voice) for voice in self.voices.values()} | {"seed", "join", self._layout()}
        names |= {f"meter_{channels}", f"record_{channels}"} | (
            {"lfe"} if self.wiring.layout.lfe is not None else set()
        )
        paths = [SYNTHDEFS / f"{name}.scsyndef" for name in sorted(names)]
        if missing := next((path for path in paths if not path.is_file()), None):
            raise SoundError(f"{missing} is missing: run `python -m somatone.sinks.sound.compile`.")
        loads: list[Message] = [("/d_load", str(path)) for path in paths]
        reads: list[Message] = [
            ("/b_allocRead", index, str(path.resolve())) for index, path in enumerate(self.buffers.values())
        ]
        if self._disk:
            reads += self._disk.loads(next(self.value(v.name, "start") for v in self.voices.values() if v.disk))
        return loads + reads

    def controls(self) -> Message:
        """Every control's value at once: what a lost packet or a stranger changed is right again after it."""
        return ("/c_setn", 0, len(self._values), *self._values)

    def ground(self) -> list[Message]:
        """Control values, groups and the seed. The seed takes effect when its first block is computed, not at once, so
        a score leaves a moment before the voices."""
        messages: list[Message] = [self.controls()]
        if gains := [gain for row in self.wiring.layout.gains for gain in row]:
            messages.append(("/c_setn", GAINS, len(gains), *gains))
        if self._disk:
            messages.append(self._disk.ground())
        messages += [("/g_new", group, ADD_TAIL, 0) for group in GROUPS.values()]
        return [*messages, ("/s_new", "seed", -1, ADD_HEAD, GROUPS["source"], "seed", self.seed)]

    def nodes(self) -> list[Message]:
        """Every voice that sounds all the time, in the order they are computed, and what connects them."""
        messages = [
            self._new(self._definition(voice), FIRST_SYNTH + index, voice.stage, self._wires(voice))
            for index, voice in enumerate(self.voices.values())
            if voice.kind == "continuous" and voice.stage != "insert"
        ]
        names = list(self.voices)
        for name in self.wiring.inserts:  # the order of the chain, not of the file
            wires = self._wires(self.voices[name])
            messages.append(self._new(self.voices[name].synthdef, FIRST_SYNTH + names.index(name), "insert", wires))
        return [*messages, *self._joins(), *self._layouts()]

    def _joins(self) -> list[Message]:
        """What brings the chain of inserts, and the stems, to the mix."""
        wiring, messages = self.wiring, list[Message]()
        through = [voice.name for voice in self.voices.values() if wiring.passes(voice)]
        if through:
            # The room hears of the chain what it would have heard of the first voice in it.
            room = f"c{self._bus[through[0], 'room']}"
            wires: Wires = {"in": wiring.insert, "out": wiring.mix, "send": wiring.send, "room": room}
            messages.append(self._new("join", JOIN, "insert", wires))
        for index, name in enumerate(wiring.stems):
            if name != CHAIN:
                wires = {"in": wiring.stem(name), "out": wiring.mix, "send": wiring.nowhere, "room": 0}
                messages.append(self._new("join", FIRST_STEM + index, self.voices[name].stage, wires))
        return messages

    def _layouts(self) -> list[Message]:
        """From the virtual loudspeakers to the real ones: the mix to the master's bus, each stem to its outputs."""
        wiring, step = self.wiring, self.wiring.layout.channels
        routes = [(wiring.mix, wiring.room)]
        routes += [(wiring.stem(name), step * index) for index, name in enumerate(wiring.stems, 1)]
        messages = list[Message]()
        for index, (heard, out) in enumerate(routes):
            wires: Wires = {"in": heard, "out": out}
            node = LAYOUT + index * 2
            messages.append(
                self._new(self._layout(), node, "layout", wires if wiring.layout.binaural else wires | {"gains": GAINS})
            )
            if wiring.layout.lfe is not None:
                messages.append(self._new("lfe", node + 1, "layout", wires | {"out": out + wiring.layout.lfe}))
        return messages

    def _layout(self) -> str:
        return "binaural" if self.wiring.layout.binaural else f"layout_{self.wiring.layout.channels}"

    def _definition(self, voice: Voice) -> str:
        if voice.disk and self._disk:
            return self._disk.definition(voice)
        return f"{voice.synthdef}_{self.wiring.layout.channels}" if voice.stage == "master" else voice.synthdef

    @staticmethod
    def _new(definition: str, node: int, stage: str, wires: Wires) -> Message:
        return ("/s_new", definition, node, ADD_TAIL, GROUPS[stage], *_flat(wires))

    def meter(self) -> Message:
        """The last node, which reports levels and proves that audio is computed."""
        return ("/s_new", f"meter_{self.wiring.layout.channels}", METER, ADD_TAIL, GROUPS["master"], "in", 0)

    def fade_out(self) -> Message:
        """Lets everything sink within some 50 ms; the remembered level stays."""
        return ("/c_set", self._index("master", "level"), 0.0)

    def recorder(self, path: Path) -> list[Message]:
        """Records what is heard into `path` (.wav or .flac, 24 bit), from now until `stop_recorder`.

        frame_count 0 matters: without it scsynth first writes the whole empty buffer."""
        kind = path.suffix.lower().removeprefix(".")
        return [
            ("/b_alloc", RECORD_BUFFER, 65536, self.wiring.layout.channels),
            ("/b_write", RECORD_BUFFER, str(path.resolve()), kind, "int24", 0, 0, 1),
        ]

    def start_recorder(self) -> Message:
        """Sent once the file is open; stands before the meter, which must stay last."""
        return ("/s_new", f"record_{self.wiring.layout.channels}", RECORDER, 2, METER, "in", 0, "buffer", RECORD_BUFFER)

    def stop_recorder(self) -> list[Message]:
        """Ends the file properly; the server answers when its header is written."""
        return [("/n_free", RECORDER), ("/b_close", RECORD_BUFFER), ("/b_free", RECORD_BUFFER)]

    def _index(self, voice: str, control: str) -> int:
        try:
            return self._bus[self.voices[voice].name, control]
        except KeyError:
            self.voice(voice).control(control)
            raise

    def _wires(self, voice: Voice) -> Wires:
        wires = self.wiring.voice(voice, len(self.buffers), self._twins)
        if voice.disk and self._disk:
            wires |= self._disk.wires()
        return wires | {name: f"c{self._bus[voice.name, name]}" for name in voice.controls}


def _flat(wires: Mapping[str, int | float | str]) -> list[int | float | str]:
    return [item for pair in wires.items() for item in pair]


def _check_buffers(voices: Mapping[str, Voice], buffers: Mapping[str, Path]) -> None:
    if len(buffers) > MAXIMUM_BUFFERS:
        raise SoundError(f"The library holds {len(buffers)} recordings, more than the {MAXIMUM_BUFFERS} that fit.")
    for voice in voices.values():
        if voice.buffers and not buffers:
            raise SoundError(f"Voice {voice.name!r} draws on recordings, but the library is empty.")
    for name, path in buffers.items():
        if not path.is_file():
            raise SoundError(f"Recording {name!r} is missing: there is no file {path}.")
