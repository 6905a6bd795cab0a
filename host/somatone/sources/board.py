"""The board as a source: finds it by handshake, keeps the conversation going, hands out native chunks.

Everything that is decided about bytes is decided in `board_protocol`; here are the port, the clock and the patience.
Says once when the board goes and once when it returns. What makes no sense to retry is a SourceError out of `run`:
a mismatch of the two ends at any time; at the first connection also a given port that is missing, in use or talks
rubbish. A board that was there is waited for without end.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

import msgspec
from serial.tools import list_ports

from somatone.errors import SomatoneError, SourceError
from somatone.records import NativeChunk, Status
from somatone.sources import board_protocol as protocol
from somatone.sources.board_health import BoardHealth, restart_sentence
from somatone.sources.serial_port import SerialPort
from somatone.timeline.units import FrontEnd

RASPBERRY_PI_VID = 0x2E8A
HANDSHAKE_S = 2.0
PING_S = 0.4  # a board that is just starting misses the first
ACK_S = 1.0
SILENCE_S = 5.0  # the status comes each second: a port this quiet is dead
BACKOFF_S = (0.2, 0.4, 0.8, 1.6, 2.0)
RUBBISH_SHOWN = 16  # bytes
PROMPT_WITHIN = 1000  # bytes
PROMPTS = (b">>> ", b"raw REPL", b"needs flashing")


def board_ports() -> list[str]:
    """USB serial ports of everything made by Raspberry Pi: where a board may be; only its hello proves it."""
    return sorted(port.device for port in list_ports.comports() if port.vid == RASPBERRY_PI_VID)


class BoardSource:
    """One wearer's board. `port` None looks for it at every USB port of a Raspberry Pi Pico.

    `emit` gets NativeChunk and Status records, in order, from within the event loop; `now_s` is the path's clock.
    `front_end_of` gives the calibration of a board by its serial, None where there is none: a calibrated board's
    samples of skin conductance say so in their format.
    """

    source = "board"

    def __init__(
        self,
        wearer: str,
        port: str | None,
        emit: Callable[[NativeChunk | Status], None],
        now_s: Callable[[], float],
        front_end_of: Callable[[str], FrontEnd | None] | None = None,
    ) -> None:
        self.wearer = wearer
        self.port = port
        self.protocol = protocol.BoardProtocol(wearer, secrets.randbelow((1 << 30) - 1) + 1, self.source)
        self._emit = emit
        self._now_s = now_s
        self._front_end_of = front_end_of
        self._eda_format = ""  # of a calibrated board
        self._calibrated = ""  # serial of the board whose calibration was looked up
        self._connection: SerialPort | None = None
        self._event = asyncio.Event()  # hello, loss or mismatch: something for `run` to look at
        self._failure = ""  # why the connection ended
        self._fatal = ""  # why there is no point in another
        self._heard_s = 0.0
        self._first_bytes = b""
        self._present: bool | None = None  # None until said for the first time
        self._was_there = False
        self._health = BoardHealth()

    async def run(self) -> None:
        """Until cancelled; raises SourceError where going on makes no sense. Leaves no descriptor behind."""
        attempt = 0
        while True:
            paths = self._candidates()
            if not paths:
                self._failure = "no Raspberry Pi Pico at any USB port"
            for path in paths:
                if await self._converse(path):
                    attempt = 0
                    break
            self._say_absent()
            await asyncio.sleep(BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)])
            attempt += 1

    def send(self, command: bytes) -> bool:
        """A command made by `self.protocol` (identify, selftest, repl); False when no board is connected."""
        return self._connection is not None and self._connection.write(command)

    def _candidates(self) -> list[str]:
        if self.port is not None:
            return [self.port]
        return board_ports()

    async def _converse(self, path: str) -> bool:
        """Talk to the board at `path` until it goes; False when there was none. Raises SourceError (see above)."""
        self._failure, self._first_bytes = "", b""
        self._event.clear()
        try:
            self._connection = SerialPort(path, self._on_bytes, self._on_gone)
            try:
                heard = await self._handshake(path)
                while heard and not self._failure:
                    await self._tend()
            finally:
                if self._present:  # what is held need not be sent again to whoever comes next
                    self._write(self.protocol.ack())
                self._connection.close()
                self._connection = None
        except SourceError as error:
            self._failure = str(error)
            heard = False
        if self._fatal or (not heard and self.port is not None and not self._was_there):
            raise SourceError(self._fatal or self._failure)
        return heard

    async def _handshake(self, path: str) -> bool:
        """Ping until a board says hello to our session; False, with `_failure` set, after HANDSHAKE_S."""
        self._write(self.protocol.connect())
        deadline_s = self._now_s() + HANDSHAKE_S
        while not (self._present or self._failure):
            left_s = deadline_s - self._now_s()
            if left_s <= 0:
                self._failure = self._stranger(path)
                return False
            if not await self._wait(min(PING_S, left_s)):
                self._write(self.protocol.ping(0))
        return not self._failure

    async def _tend(self) -> None:
        """One second of a running conversation."""
        await self._wait(ACK_S)
        if self._now_s() - self._heard_s > SILENCE_S:
            self._failure = f"nothing came for {SILENCE_S:.0f} s"
        self._write(self.protocol.ack())

    async def _wait(self, seconds: float) -> bool:
        """True when something happened (hello, loss, mismatch), False after `seconds`."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return False
        self._event.clear()
        return True

    def _stranger(self, path: str) -> str:
        came = self._first_bytes
        if not came:
            return f"The port {path} is silent: it has no somatone board, or its firmware needs `somatone flash`."
        if any(mark in came for mark in PROMPTS):
            return f"The board at {path} needs flashing: it runs no firmware of somatone; use `somatone flash`."
        return (
            f"The port {path} talks, but not as a somatone board: {came[:RUBBISH_SHOWN]!r} came first; "
            "choose another port, or put the firmware on the board with `somatone flash`."
        )

    # called by the port

    def _on_gone(self, reason: str) -> None:
        self._failure = f"the connection ended ({reason})"
        self._event.set()

    def _on_bytes(self, data: bytes) -> None:
        now_s = self._now_s()
        if len(self._first_bytes) < PROMPT_WITHIN:
            self._first_bytes += data[:PROMPT_WITHIN]
        heard = self.protocol.decoder.frames
        for event in self.protocol.feed(data, now_s):
            self._take(event, now_s)
        if self.protocol.decoder.frames != heard:
            self._heard_s = now_s
        self._write(self.protocol.take_output())

    def _write(self, data: bytes) -> None:
        if data and self._connection is not None:
            self._connection.write(data)

    # what the board says

    def _take(self, event: protocol.BoardEvent, now_s: float) -> None:
        match event:
            case NativeChunk(signal="eda") if self._eda_format:
                self._emit(msgspec.structs.replace(event, format=self._eda_format))
            case NativeChunk():
                self._emit(event)
                self._time(event)
            case protocol.Mismatch():
                self._fatal = self._failure = event.message
                self._event.set()
            case protocol.Hello():
                self._hello(event)
            case protocol.Lost():
                message = f"{event.count} samples of {event.signal} were lost for good."
                self._say(f"board.loss.{event.signal}", self.protocol.lost[event.signal], message)
            case protocol.BoardStatus():
                self._status(event)
            case protocol.BoardLog():
                self._say("board.log", event.text, event.text)
            case protocol.Pong():
                pass

    def _hello(self, hello: protocol.Hello) -> None:
        if hello.restarted:
            self._health.restarted()
            self._say("board.restart", hello.reset_cause, restart_sentence(hello.serial, hello.reset_cause))
        if not hello.streaming or self._present:
            return
        self._calibrate(hello.serial)
        words = "is back" if self._was_there else "is connected"
        path = self._connection.path if self._connection else ""
        self._present = self._was_there = True
        self._say("board", "connected", f"The board {hello.serial} {words} at {path}.")
        self._event.set()

    def _calibrate(self, serial: str) -> None:
        """Take up this board's calibration record; another board's is never used."""
        if self._front_end_of is None:
            return
        self._eda_format = ""
        try:
            front_end = self._front_end_of(serial)
        except SomatoneError as error:
            self._say("board.calibration", "refused", str(error))
            return
        if front_end:
            self._eda_format = front_end.native_format
        if serial != self._calibrated:
            self._calibrated = serial
            word, message = (
                ("applied", f"The calibration of board {serial} is applied.")
                if front_end
                else ("none", f"Board {serial} has no calibration: its skin conductance is an estimate.")
            )
            self._say("board.calibration", word, message)

    def _say_absent(self) -> None:
        if self._present is not False:
            self._present = False
            reason = self._failure.rstrip(".")
            self._say("board", "absent", f"The board is not there: {reason}; it is looked for until it returns.")

    def _status(self, status: protocol.BoardStatus) -> None:
        for name, value, message in self._health.status(status):
            self._say(name, value, message)

    def _time(self, chunk: NativeChunk) -> None:
        """The pulse comes oftenest: its newest stamps tell the board's clock from ours."""
        if chunk.signal != "bvp" or chunk.ticks_us is None:
            return
        for name, value, message in self._health.clock(chunk.ticks_us, chunk.arrival_s):
            self._say(name, value, message)

    def _say(self, name: str, value: str | int, message: str) -> None:
        self._emit(
            Status(name=name, value=value, at_s=self._now_s(), message=message, wearer=self.wearer, source=self.source)
        )
