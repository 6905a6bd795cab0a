"""What a technician is told about a board that talks: its status messages and its clock, as plain sentences.

Pure: statuses in, (name, value, sentence) out. Says a thing when it changes, and what to do about it. A board that
restarted counts from zero again; what it counted before was said before.
"""

from __future__ import annotations

from collections.abc import Iterator

from somatone.sources.board_protocol import SIGNAL_NAMES, BoardStatus
from somatone.timeline.board_clock import LowerEnvelope
from wire import table

PARTS = {
    "bvp": "pulse sensor (MAX30102)",
    "eda": "skin conductance converter (ADS1115)",
    "temp": "temperature sensor (TMP117)",
    "acc": "movement sensor (LIS3DH)",
}
RESETS = {
    1: "its supply was away for a moment: check its cable and its battery",
    3: "its watchdog or a command restarted it: if nobody did, look at the sensors' wires",
}
CLOCK_PPM = 100  # crystals are good to 30
CLOCK_BUCKET_S, CLOCK_BUCKETS = 5.0, 12
BUS_PAUSE_S = 60  # between two sentences about failing wires

Said = tuple[str, str | int, str]


def restart_sentence(serial: str, reset_cause: int) -> str:
    reason = RESETS.get(reset_cause, f"reset cause {reset_cause}")
    return f"The board {serial} restarted: {reason}."


class BoardHealth:
    """One board's, over all its restarts."""

    def __init__(self) -> None:
        self._last: BoardStatus | None = None
        self._bus_said_s: dict[str, int] = {}
        self._clock = LowerEnvelope(CLOCK_BUCKET_S, CLOCK_BUCKETS, 1e-3)
        self._clock_said = False

    def status(self, status: BoardStatus) -> Iterator[Said]:
        """What there is to say about the board's account of the last second."""
        last = self._last
        self._last = status
        fresh = last is None or status.uptime_s < last.uptime_s
        if fresh:
            self._bus_said_s.clear()
        if last is None or status.contact != last.contact:
            yield (
                "board.contact",
                int(status.contact),
                "The sensor is worn." if status.contact else "Nobody wears the sensor.",
            )
        for number, signal in enumerate(SIGNAL_NAMES):
            before = "ok" if last is None else last.chip_states[number]
            if status.chip_states[number] != before:
                yield (
                    f"board.chip.{signal}",
                    status.chip_states[number],
                    chip_sentence(signal, status.chip_states[number]),
                )
            if last is not None and not fresh:
                yield from self._losses(signal, number, last, status)
                yield from self._bus(signal, number, last, status)

    def _losses(self, signal: str, number: int, last: BoardStatus, now: BoardStatus) -> Iterator[Said]:
        part = PARTS[signal]
        unread = now.fifo_lost[number] - last.fifo_lost[number]
        if unread > 0:
            message = (
                f"{unread} samples of the {part} were never read: the board was held up, or the sensor had stopped."
            )
            yield f"board.unread.{signal}", unread, message
        late = now.ring_lost[number] + now.link_lost[number] - last.ring_lost[number] - last.link_lost[number]
        if late > 0:
            message = (
                f"{late} samples of the {part} waited longer than the board can hold: this computer was away too long."
            )
            yield f"board.late.{signal}", late, message

    def _bus(self, signal: str, number: int, last: BoardStatus, now: BoardStatus) -> Iterator[Said]:
        said_s = self._bus_said_s.get(signal, now.uptime_s - BUS_PAUSE_S)
        if now.errors[number] > last.errors[number] and now.uptime_s - said_s >= BUS_PAUSE_S:
            self._bus_said_s[signal] = now.uptime_s
            message = (
                f"The {PARTS[signal]} did not answer at times ({now.errors[number]} since power-up): check its wires."
            )
            yield f"board.bus.{signal}", now.errors[number], message

    def clock(self, ticks_us: int, arrival_s: float) -> Iterator[Said]:
        """A sample stamped `ticks_us` by the board came at `arrival_s`."""
        self._clock.observe(ticks_us / 1e6, arrival_s)
        if self._clock_said or self._clock.buckets < CLOCK_BUCKETS:
            return
        self._clock_said = True
        fast_ppm = round(-self._clock.slope * 1e6)
        if abs(fast_ppm) >= CLOCK_PPM:
            word = "fast" if fast_ppm > 0 else "slow"
            message = f"The board's clock runs {abs(fast_ppm)} ppm {word}: somatone corrects that, nothing needs doing."
            yield "board.clock", fast_ppm, message

    def restarted(self) -> None:
        """The board's ticks began anew."""
        self._clock = LowerEnvelope(CLOCK_BUCKET_S, CLOCK_BUCKETS, 1e-3)


def chip_sentence(signal: str, state: str) -> str:
    part = PARTS[signal]
    if state == table.CHIP_STATES[table.CHIP_OK]:
        return f"The {part} measures again."
    if state == table.CHIP_STATES[table.CHIP_SILENT]:
        return f"The {part} has stopped: check its wires; the board keeps trying to start it, the others go on."
    if state == table.CHIP_STATES[table.CHIP_ABSENT]:
        return f"The {part} does not answer: check its wires, then the part; the others go on."
    return f"At the address of the {part} another chip answers: check which part is fitted."
