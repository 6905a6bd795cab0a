"""Which part of a recording becomes a film: seconds on the recording's clock, and the run-in that nobody sees.

Before the first picture the stage is drawn, and the sound played, for `RUN_IN_S`: what glides, heals or dies away then
stands as it would have stood.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from somatone.errors import UsageError
from somatone.records import Action, Control, Note
from somatone.sinks.page.feed import FRAME_HZ

RUN_IN_S = 8.0
LONGEST_S = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Span:
    """From `from_s` to `to_s`; drawing and playing begin at `begin_s`."""

    from_s: float
    to_s: float

    @property
    def begin_s(self) -> float:
        return max(0.0, self.from_s - RUN_IN_S)

    @property
    def frames(self) -> int:
        """Frames that are seen."""
        return max(1, round((self.to_s - self.from_s) * FRAME_HZ))

    @property
    def run_in(self) -> int:
        """Frames before those."""
        return round((self.from_s - self.begin_s) * FRAME_HZ)

    def frame_s(self, number: int) -> float:
        """When frame `number` is, counted from the first of the run-in."""
        return self.from_s + (number - self.run_in) / FRAME_HZ


def checked_span(from_s: float, to_s: float | None, length_s: float) -> Span:
    """The part that was asked for. Raises `UsageError` where the recording has no such part."""
    to_s = length_s if to_s is None else min(to_s, length_s)
    if not 0 <= from_s < length_s:
        raise UsageError(f"--from {from_s:g} lies outside the recording, which has {length_s:.0f} s.")
    if not from_s < to_s <= from_s + LONGEST_S:
        raise UsageError(f"--to {to_s:g} must lie after --from {from_s:g}, by four hours at most.")
    return Span(from_s, to_s)


def spanned(actions: Iterator[Action], span: Span) -> Iterator[Action]:
    """What sounds within the span, its times counted from `begin_s`: first how every control stands there."""
    standing: dict[tuple[str, str], Control] = {}
    begun = False
    for action in actions:
        if action.at_s < span.begin_s:
            if isinstance(action, Control):
                standing[action.voice, action.control] = action
            continue
        if not begun:
            begun = True
            yield from _at_once(standing)
        if action.at_s >= span.to_s:
            return
        yield _moved(action, span.begin_s)
    if not begun:
        yield from _at_once(standing)


def _at_once(standing: dict[tuple[str, str], Control]) -> Iterator[Action]:
    return (Control(action.voice, action.control, action.value, 0.0) for action in standing.values())


def _moved(action: Action, by_s: float) -> Action:
    at_s = action.at_s - by_s
    if isinstance(action, Control):
        return Control(action.voice, action.control, action.value, at_s)
    return Note(action.voice, at_s, action.values)
