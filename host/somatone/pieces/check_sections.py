"""Whether a composition of training runs can be played: known presets, lengths that make sense."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from somatone.errors import PieceError
from somatone.pieces.schema import Section
from somatone.training.presets import PRESETS

SHORTEST_S, LONGEST_S = 5.0, 86_400.0


def check_sections(sections: Sequence[Section]) -> None:
    """Raise `PieceError` for the first section that cannot be played."""
    for number, section in enumerate(sections):
        if section.run not in PRESETS:
            near = difflib.get_close_matches(section.run, PRESETS, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(PRESETS)}."
            raise PieceError(f"sections[{number}]: run: there is no run {section.run!r}: {hint}")
        if not SHORTEST_S <= section.seconds <= LONGEST_S:
            raise PieceError(
                f"sections[{number}]: seconds: {section.seconds:g} is not {SHORTEST_S:g} to {LONGEST_S:g}."
            )
