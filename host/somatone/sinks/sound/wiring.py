"""Which buses and groups there are, and how a piece's voices are connected to them. No messages here: see `state`.

    sources --+--------------------------------> MIX --> layout --> ROOM --> master --> the outputs
              +--> INSERT --> inserts --> join --^
              `--> SEND --> space ---------------^

Every bus but ROOM and the outputs carries the twelve virtual loudspeakers of sclang/lib/place.scd. A voice that passes
through the inserts sends nothing to the space by itself: `join`, the end of the chain, does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from somatone.errors import SomatoneError
from somatone.space.layouts import Layout, find_layout
from somatone.voices import Voice, load_voices, unknown

if TYPE_CHECKING:
    from somatone.pieces.piece import Piece

SPHERE = 12  # channels of the virtual loudspeakers
OUTPUTS = 16  # most outputs of a layout; the private buses begin above them
GROUPS = {"source": 10, "insert": 15, "space": 20, "layout": 25, "master": 30}
CHAIN = "inserts"  # the stem of all voices that pass through them
GAINS = 4096  # control buses of the layout's gains, above those of every voice
Wires = dict[str, int | float | str]


@dataclass(frozen=True, slots=True)
class Wiring:
    """How a piece is connected: its room, its chain of inserts in their order, and which voices pass through it.

    With `stems` each voice also leaves by outputs of its own, after those of the mix: see `stem_names`.
    """

    layout: Layout = field(default_factory=lambda: find_layout("stereo"))
    inserts: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    stems: tuple[str, ...] = ()
    bed: Path | None = None  # the long recording of voices that play from the disk; without it the library's longest

    def stem_names(self, voices: Mapping[str, Voice]) -> tuple[str, ...]:
        """What can be heard by itself: each source that goes straight to the mix, the chain of inserts, the space."""
        straight = [name for name, voice in voices.items() if voice.stage == "source" and not self.passes(voice)]
        chain = [CHAIN] if any(self.passes(voice) for voice in voices.values()) else []
        return (*straight, *chain, *(name for name, voice in voices.items() if voice.stage == "space"))

    def passes(self, voice: Voice) -> bool:
        """Whether the voice goes through the inserts."""
        return bool(self.inserts) and voice.name in self.through

    def check(self, voices: Mapping[str, Voice]) -> None:
        """Raises SomatoneError for an insert that is none, or a voice in `through` that is no source that plays."""
        inserts = [voice.name for voice in load_voices().values() if voice.stage == "insert"]
        for name in self.inserts:
            if name not in inserts:
                raise unknown("insert", name, inserts)
        sources = [voice.name for voice in voices.values() if voice.stage == "source"]
        for name in self.through:
            if name not in sources:
                raise unknown("voice that plays and can pass through the inserts", name, sources)
        if len(set(self.inserts)) < len(self.inserts):
            raise SomatoneError(f"An insert stands twice in the chain {', '.join(self.inserts)}: leave one out.")

    @property
    def outputs(self) -> int:
        """How many output channels the server has: the layout's, and as many again for each stem."""
        return self.layout.channels * (1 + len(self.stems))

    @property
    def mix(self) -> int:
        """What is heard: the first private bus."""
        return max(OUTPUTS, self.outputs)

    @property
    def send(self) -> int:
        """What the space hears."""
        return self.mix + SPHERE

    @property
    def insert(self) -> int:
        """What passes through the inserts."""
        return self.mix + 2 * SPHERE

    @property
    def nowhere(self) -> int:
        """Read by nobody."""
        return self.mix + 3 * SPHERE

    @property
    def room(self) -> int:
        """One channel for each real loudspeaker, before the master."""
        return self.mix + 4 * SPHERE

    def stem(self, name: str) -> int:
        """The bus of a stem; that of all that pass through the inserts is theirs."""
        if name == CHAIN:
            return self.insert
        return self.room + OUTPUTS + SPHERE * self.stems.index(name)

    def voice(self, voice: Voice, buffers: int, twins: int = 0) -> Wires:
        """What is wired to a voice besides its controls. `twins` of the buffers, the last, are the machine's; a
        recording's twin lies that many buffers further."""
        library: Wires = {"first_buffer": 0, "buffer_count": buffers - twins, "machine": twins}
        wires: Wires = library if voice.buffers else {}
        if voice.stage == "source":
            if self.passes(voice):
                return {"out": self.insert, "send": self.nowhere, "law": self.layout.law} | wires
            return {"out": self._alone(voice), "send": self.send, "law": self.layout.law} | wires
        if voice.stage == "layout":
            return {"out": self.room} | wires
        if voice.stage == "insert":
            return {"bus": self.insert} | wires
        if voice.stage == "space":
            return {"in": self.send, "out": self._alone(voice)} | wires
        return {"in": self.room, "out": 0} | wires

    def _alone(self, voice: Voice) -> int:
        return self.stem(voice.name) if voice.name in self.stems else self.mix


def wire_piece(piece: Piece, layout: str | None = None) -> Wiring:
    """As the piece says, but for another layout if one is given. Raises SomatoneError for an unknown one."""
    return Wiring(find_layout(layout or piece.layout), piece.inserts, piece.through, bed=piece.bed)
