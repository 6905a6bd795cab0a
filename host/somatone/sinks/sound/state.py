"""What should exist in the sound server, as plain messages: definitions, buffers, groups, synths, control values.

Live and offline play the same messages. Nothing is ever asked of the server: every id and index is fixed here, so that
a server that died can be filled again from the start, at the levels that were playing.

    control buses   one per control of every voice, in the order of voices.toml, whether the voice plays or not
    audio buses     0-1 the outputs, MIX 16-17 what is heard dry, SEND 18-19 what goes to the space
    groups          10 sources, 20 space, 30 master (and after it recorder and meter, which must be last)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from somatone.errors import SomatoneError, SoundError
from somatone.sinks.sound.osc import Message
from somatone.voices import Voice, load_voices, unknown

SYNTHDEFS = Path(__file__).with_name("synthdefs")
MIX, SEND = 16, 18
GROUPS = {"source": 10, "space": 20, "master": 30}
FIRST_SYNTH, METER, RECORDER = 100, 900, 901
RECORD_BUFFER = 512
MAXIMUM_BUFFERS = RECORD_BUFFER
METER_ADDRESS = "/somatone/meter"
ADD_HEAD, ADD_TAIL = 0, 1


class State:
    """The declared contents of the server. `set` and `note` return the message that makes the change heard."""

    def __init__(self, voices: Sequence[str], buffers: Mapping[str, Path], seed: int) -> None:
        """Raises SomatoneError for an unknown voice, SoundError for a missing recording or an empty library."""
        table = load_voices()
        self._bus: dict[tuple[str, str], int] = {}
        for voice in table.values():
            for control in voice.controls:
                self._bus[voice.name, control] = len(self._bus)
        self._values = [spec.default for voice in table.values() for spec in voice.controls.values()]
        for name in voices:
            if name not in table:
                raise unknown("voice", name, table)
        self.voices: dict[str, Voice] = {
            name: voice for name, voice in table.items() if name in voices or voice.stage == "master"
        }
        self.buffers = dict(buffers)
        self.seed = seed
        _check_buffers(self.voices, self.buffers)

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
        self._values[index] = self.voices[voice].controls[control].clamp(value)
        return ("/c_set", index, self._values[index])

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
        return ("/s_new", spec.synthdef, -1, ADD_HEAD, GROUPS[spec.stage], *_flat(wires))

    def definitions(self) -> list[Message]:
        """Loads every definition and recording. scsynth answers these later: follow them with /sync."""
        loads: list[Message] = [("/d_load", str(path)) for path in sorted(SYNTHDEFS.glob("*.scsyndef"))]
        if not loads:
            raise SoundError(f"{SYNTHDEFS} holds no compiled voices: run `python -m somatone.sinks.sound.compile`.")
        reads: list[Message] = [
            ("/b_allocRead", index, str(path.resolve())) for index, path in enumerate(self.buffers.values())
        ]
        return loads + reads

    def ground(self) -> list[Message]:
        """Control values, groups and the seed. The seed takes effect when its first block is computed, not at once, so
        a score leaves a moment before the voices."""
        messages: list[Message] = [("/c_setn", 0, len(self._values), *self._values)]
        messages += [("/g_new", group, ADD_TAIL, 0) for group in GROUPS.values()]
        return [*messages, ("/s_new", "seed", -1, ADD_HEAD, GROUPS["source"], "seed", self.seed)]

    def nodes(self) -> list[Message]:
        """Every voice that sounds all the time, in the order they are computed."""
        messages: list[Message] = []
        for index, voice in enumerate(self.voices.values()):
            if voice.kind == "continuous":
                wires = self._wires(voice)
                messages.append(
                    ("/s_new", voice.synthdef, FIRST_SYNTH + index, ADD_TAIL, GROUPS[voice.stage], *_flat(wires))
                )
        return messages

    def meter(self) -> Message:
        """The last node, which reports levels and proves that audio is computed."""
        return ("/s_new", "meter", METER, ADD_TAIL, GROUPS["master"], "in", 0)

    def fade_out(self) -> Message:
        """Lets everything sink within some 50 ms; the remembered level stays."""
        return ("/c_set", self._index("master", "level"), 0.0)

    def recorder(self, path: Path) -> list[Message]:
        """Records what is heard into `path` (.wav or .flac, 24 bit), from now until `stop_recorder`.

        frame_count 0 matters: without it scsynth first writes the whole empty buffer."""
        kind = path.suffix.lower().removeprefix(".")
        return [
            ("/b_alloc", RECORD_BUFFER, 65536, 2),
            ("/b_write", RECORD_BUFFER, str(path.resolve()), kind, "int24", 0, 0, 1),
        ]

    def start_recorder(self) -> Message:
        """Sent once the file is open; stands before the meter, which must stay last."""
        return ("/s_new", "record", RECORDER, 2, METER, "in", 0, "buffer", RECORD_BUFFER)

    def stop_recorder(self) -> list[Message]:
        """Ends the file properly; the server answers when its header is written."""
        return [("/n_free", RECORDER), ("/b_close", RECORD_BUFFER), ("/b_free", RECORD_BUFFER)]

    def _index(self, voice: str, control: str) -> int:
        try:
            return self._bus[self.voices[voice].name, control]
        except KeyError:
            self.voice(voice).control(control)
            raise

    def _wires(self, voice: Voice) -> dict[str, int | float | str]:
        wires: dict[str, int | float | str] = {}
        if voice.stage == "source":
            wires |= {"out": MIX, "send": SEND}
        elif voice.stage == "space":
            wires |= {"in": SEND, "out": MIX}
        else:
            wires |= {"in": MIX, "out": 0}
        if voice.buffers:
            wires |= {"first_buffer": 0, "buffer_count": len(self.buffers)}
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
