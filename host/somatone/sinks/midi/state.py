"""What a MIDI instrument should know: controllers that changed, notes that are held. A plain object, bytes out.

A note is a control like the others: above 0 it is held, with the velocity that its place says, and at 0 it is let go.
When a port returns it is told everything again, after an all-notes-off, so that nothing hangs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mido import Message

from somatone.pieces.outside import MidiTarget

ALL_NOTES_OFF = 123
FULL, FULL_FINE = 127, 16383
LSB = 32  # the fine half of controller n is controller n + 32


class MidiState:
    """`set` a target to a place 0..1; `messages` is what has to be sent since it was asked last."""

    def __init__(self, targets: Mapping[str, MidiTarget]) -> None:
        self._targets = targets
        self._places: dict[str, float] = {}
        self._sent: dict[str, int] = {}

    def set(self, label: str, place: float) -> list[Message]:
        """The messages that one new value needs: none where it says nothing new."""
        self._places[label] = place
        return list(self._news(label))

    def everything(self) -> list[Message]:
        """For a port that has just come: silence, then all that stands."""
        self._sent.clear()
        return [*self.silence(), *(message for label in self._places for message in self._news(label))]

    def silence(self) -> list[Message]:
        """Every note of every channel that we use is let go, one by one and at once."""
        notes = [target for target in self._targets.values() if target.is_note]
        offs = [Message("note_off", channel=t.channel - 1, note=t.number, velocity=0) for t in notes]
        channels = sorted({target.channel for target in notes})
        return [*offs, *(_controller(channel, ALL_NOTES_OFF, 0) for channel in channels)]

    def _news(self, label: str) -> Iterator[Message]:
        target, place = self._targets[label], self._places[label]
        full = FULL_FINE if target.fine else FULL
        value = min(full, max(0, round(place * full)))
        before = self._sent.get(label)
        if value == before:
            return
        self._sent[label] = value
        if target.is_note:
            yield from _note(target, value, before or 0)
        elif target.fine:
            yield _controller(target.channel, target.number, value >> 7)
            yield _controller(target.channel, target.number + LSB, value & 127)
        else:
            yield _controller(target.channel, target.number, value)


def _note(target: MidiTarget, velocity: int, before: int) -> Iterator[Message]:
    """An edge: what only changes the velocity of a held note is nothing that MIDI could say."""
    channel = target.channel - 1
    if velocity and not before:
        yield Message("note_on", channel=channel, note=target.number, velocity=velocity)
    elif before and not velocity:
        yield Message("note_off", channel=channel, note=target.number, velocity=0)


def _controller(channel: int, control: int, value: int) -> Message:
    return Message("control_change", channel=channel - 1, control=control, value=value)
