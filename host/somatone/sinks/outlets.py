"""Everything that leaves by OSC, Live and MIDI: opened where the piece or the command line asks for it, fed together.

`put` takes microseconds and never fails: each outlet has its own thread and its own bounded queue.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import msgspec

from somatone.errors import SomatoneError, UsageError
from somatone.options import OutOptions
from somatone.pieces.check_outside import check_osc, check_osc_in
from somatone.pieces.outside import Outside
from somatone.pieces.piece import Piece
from somatone.records import Action, Record, Status
from somatone.sinks.osc.allow import Order
from somatone.sinks.osc.listen import OscListener
from somatone.sinks.osc.sink import OscSink

if TYPE_CHECKING:
    from somatone.sinks.live.sink import LiveSink
    from somatone.sinks.midi.sink import MidiSink

Say = Callable[[Status], None]


class Outlets:
    """The outlets that are open; `put` every record."""

    def __init__(self) -> None:
        self.osc: OscSink | None = None
        self.live: LiveSink | None = None
        self.midi: MidiSink | None = None
        self.listener: OscListener | None = None

    def put(self, record: Record) -> None:
        if self.osc:
            self.osc.put(record)
        if isinstance(record, Action):
            if self.live and self.live.wants(record):
                self.live.put(record)
            elif self.midi and self.midi.wants(record):
                self.midi.put(record)

    def losses(self) -> dict[str, int]:
        """What did not go out, by its place: records that a full queue refused, and faults of ours."""
        found: dict[str, int] = {}
        for name, outlet in (("osc", self.osc), ("live", self.live), ("midi", self.midi), ("osc-in", self.listener)):
            if outlet:
                found |= {f"{name}.queue": outlet.dropped, f"{name}.fault": outlet.errors}
        return found

    def close(self) -> None:
        """The last words of all; takes as long as the slowest, two seconds at most."""
        for outlet in (self.listener, self.osc, self.live, self.midi):
            if outlet:
                outlet.close()


@contextlib.asynccontextmanager
async def outlets(
    options: OutOptions, piece: Piece, say: Say, act: Callable[[Order], None], now_s: Callable[[], float]
) -> AsyncIterator[Outlets]:
    """Open what is asked for. `say` and `act` are called in this loop. Raises `SomatoneError` for a taken port."""
    loop = asyncio.get_running_loop()

    def in_loop(call: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            loop.call_soon_threadsafe(call)

    def saying(name: str) -> Callable[[str, str], None]:
        return lambda value, message: in_loop(lambda: say(Status(name, value, now_s(), message, source=name)))

    opened = Outlets()
    try:
        _open(opened, options, piece, saying, lambda order: in_loop(lambda: act(order)), now_s)
        yield opened
    finally:
        await asyncio.to_thread(opened.close)


def _open(
    opened: Outlets,
    options: OutOptions,
    piece: Piece,
    saying: Callable[[str], Callable[[str, str], None]],
    act: Callable[[Order], None],
    now_s: Callable[[], float],
) -> None:
    outside = asked_for(piece.outside, options)
    if outside.osc.targets:
        opened.osc = OscSink(outside.osc.targets, outside.osc, saying("osc"), now_s)
        opened.osc.start()
    if outside.osc_in.port:
        opened.listener = OscListener(outside.osc_in, (*piece.voices, "master"), act, now_s)
        opened.listener.start()
    if outside.live or outside.clips:
        from somatone.sinks.live.sink import LiveSink  # noqa: PLC0415 - only a piece with Live needs it

        opened.live = LiveSink(outside, saying("live"), now_s)
        opened.live.start()
    if outside.midi:
        try:
            from somatone.sinks.midi.sink import MidiSink  # noqa: PLC0415 - only a piece with MIDI needs mido
        except ModuleNotFoundError:
            saying("midi")("lost", "MIDI is not heard: install somatone with the extra 'midi'.")
            return
        opened.midi = MidiSink(outside, outside.midi_port, saying("midi"), now_s)
        opened.midi.start()


def asked_for(outside: Outside, options: OutOptions) -> Outside:
    """What the piece says, with the command line over it. Raises `UsageError` for what cannot be."""
    osc = msgspec.structs.replace(outside.osc, targets=(*outside.osc.targets, *options.osc))
    osc_in = outside.osc_in
    if options.osc_in:
        osc_in = msgspec.structs.replace(osc_in, port=options.osc_in)
    if options.osc_from:
        osc_in = msgspec.structs.replace(osc_in, sources=(*osc_in.sources, *options.osc_from))
    try:
        check_osc(osc)
        check_osc_in(osc_in)
    except SomatoneError as error:
        raise UsageError(str(error)) from None
    return msgspec.structs.replace(outside, osc=osc, osc_in=osc_in, midi_port=options.midi or outside.midi_port)
