"""Owns a virtual board with a flash image: its pty, its process, its body, and the faults of all three.

    host <-> Cable (pty) <-> this process <-> pipes <-> rom.py under real MicroPython, with the image as its flash

Everything happens in one loop in the main thread: the kernel ends a child when the thread that forked it ends.
Surprises:
- Ctrl-C from the host is a signal to the child only while the child catches SIGINT (/proc/PID/status); else a byte.
- Each reset is a new process; the exit status says which kind. A hard one also takes the port away for a moment.
- At most some hundred bytes are held for a host that does not read: the board itself has to hold its samples.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import random
import select
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from somatone.errors import SourceError, UsageError
from somatone.ops.leash import leashed
from somatone.sources.simulated_body import RECORD_SIZE, RECORDS_PER_S, BodyProfile, SimulatedBody
from somatone.sources.virtual_board import launch
from somatone.sources.virtual_board.cable import Cable
from somatone.sources.virtual_board.faults import (
    BODY_KINDS,
    CHIP_KINDS,
    KINDS,
    RANDOM_EVERY_S,
    Fault,
    impose,
    parse_fault,
    random_fault,
)

IMAGE_BYTES = 1408 * 1024  # the file system of a Pico
TICK_S = 0.03
AHEAD_S = 0.5  # of body in the child's pipe
HELD_BYTES = 512  # for a host that does not read
REENUMERATE_S = 0.3  # the port is away for this long after a hard reset
HARD, SOFT, SOFT_RAW = 42, 43, 44  # exit statuses: stand_ins/machine.py, repl.py
POWER_ON, WATCHDOG = 1, 3  # reset causes of the RP2040, where machine.reset() counts as the watchdog's
CRASHES_MAX, CRASHES_WITHIN_S = 5, 10.0
CTRL_C = b"\x03"
ON_THE_BENCH = BodyProfile(worn_at_start=False, bouts_per_min=0.0)  # lies still, as the self-test wants it


@dataclass(frozen=True, slots=True)
class BoardOptions:
    """What `somatone virtual-board` was asked for."""

    image: Path
    link: Path
    blank: bool = False
    worn: bool = False
    faults: tuple[Fault, ...] = ()
    seed: int = 0
    random_faults: bool = False
    interpreter: str | None = None
    absent: tuple[str, ...] = ()


class _Child:
    """One life of the board between two resets."""

    def __init__(self, options: BoardOptions, interpreter: str, mode: str, cause: int, pipes: tuple[int, int]) -> None:
        feed_out, self.feed = os.pipe()
        self._ready, ready_in = os.pipe()
        os.set_blocking(self._ready, False)
        self._started = False
        ppm = ",".join(f"board:{fault.ppm}" for fault in options.faults if fault.kind == "clock")
        words = {
            "image": str(options.image),
            "mode": mode,
            "cause": str(cause),
            "feed": f"/dev/fd/{feed_out}",
            "ready": f"/dev/fd/{ready_in}",
            "serial": hashlib.sha256(str(options.image).encode()).hexdigest()[:16],
            "ppm": ppm,
            "absent": ",".join(options.absent),
        }
        arguments, environment = launch.command(interpreter, words, "rom.py")
        self.process = subprocess.Popen(
            leashed(arguments),
            stdin=pipes[0],
            stdout=pipes[1],
            env=environment,
            pass_fds=(feed_out, ready_in),
            start_new_session=True,  # Ctrl-C belongs to the parent
        )
        os.close(feed_out)
        os.close(ready_in)
        os.set_blocking(self.feed, False)

    def interrupt(self) -> bool:
        """Ctrl-C as a signal, if the board's program wants it so; not while the interpreter itself still starts."""
        with contextlib.suppress(BlockingIOError):
            self._started = self._started or bool(os.read(self._ready, 1))
        if not self._started:
            return False
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return False
        caught = next((line for line in status.splitlines() if line.startswith("SigCgt:")), "SigCgt: 0")
        if not int(caught.split()[1], 16) >> (signal.SIGINT - 1) & 1:
            return False
        self.process.send_signal(signal.SIGINT)
        return True

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.feed)
        os.close(self._ready)


class VirtualFlashBoard:
    """Construct, then `run` in the main thread: the text typed to it goes
    to `_obey`. `say` gets one sentence for each thing that a person should know."""

    def __init__(self, options: BoardOptions, say: Callable[[str], None]) -> None:
        self.options = options
        self.interpreter = next(iter(launch.interpreters()))
        if options.interpreter is not None:
            self.interpreter = options.interpreter
        if self.interpreter == "cpython":
            raise SourceError("A virtual board needs real MicroPython: host/setup/micropython.sh fetches it.")
        self._say = say
        self._image = _open_image(options)
        self.cable = Cable(options.link)
        self._body = SimulatedBody(options.seed, BodyProfile(bouts_per_min=0.3) if options.worn else ON_THE_BENCH)
        self._records = b""  # drawn and not yet due, with faults
        self._record = 0  # number of its first
        self._unfed = b""
        self._began_s = time.monotonic()
        self._faults: list[Fault] = []  # of chips and body: they ride on the records
        self._agenda = list(options.faults)  # not yet begun
        self._draw_fault = random.Random(options.seed) if options.random_faults else None
        self._next_random_s = RANDOM_EVERY_S
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._stalled = False
        self._commands = -1
        self._to_host, self._to_board = bytearray(), bytearray()
        self._crashes_s: list[float] = []
        self._cause = POWER_ON
        self._child: _Child | None = None
        self._pipes: tuple[int, int, int, int] = (-1, -1, -1, -1)

    def run(self, commands: int = -1) -> None:
        """Until the process is told to end. `commands`: a descriptor from which faults are read, line by line."""
        try:
            self._power_on("run")
            self.cable.plug()
            port, kind = self.cable.link, f"MicroPython for {self.interpreter}"
            self._say(f"The virtual board is at {port} ({kind}, flash image {self.options.image}). Ctrl-C ends it.")
            self._commands = commands
            while True:
                self._turn()
        finally:
            self._power_off()
            self.cable.unplug()
            os.close(self._image)

    def now_s(self) -> float:
        """Since the board was made: what the times of faults and the body count in."""
        return time.monotonic() - self._began_s

    # power

    def _power_on(self, mode: str) -> None:
        if self._pipes[0] < 0:
            (stdin, to_board), (from_board, stdout) = os.pipe(), os.pipe()
            os.set_blocking(to_board, False)
            os.set_blocking(from_board, False)
            self._pipes = (stdin, to_board, from_board, stdout)
        self._unfed = b""
        self._draw(int(self.now_s() * RECORDS_PER_S))
        pipes = (self._pipes[0], self._pipes[3])
        self._child = _Child(self.options, self.interpreter, mode, self._cause, pipes)

    def _power_off(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None
        for descriptor in self._pipes:
            if descriptor >= 0:
                os.close(descriptor)
        self._pipes = (-1, -1, -1, -1)
        self._to_board.clear()
        self._to_host.clear()

    def _brown_out(self, duration_s: float) -> None:
        self._cause = POWER_ON
        self._restart(duration_s)

    def _restart(self, away_s: float) -> None:
        """Power goes, the port with it; both return after `away_s`."""
        self._power_off()
        self.cable.unplug()

        def again() -> None:
            self._power_on("run")
            self.cable.plug()

        self._after(away_s, again)

    def _ended(self, status: int) -> None:
        assert self._child is not None
        if status in (SOFT, SOFT_RAW):
            self._child.end()
            self._power_on("raw" if status == SOFT_RAW else "run")
            return
        self._cause = WATCHDOG if status == HARD else POWER_ON
        if status != HARD:
            self._crashes_s = [at_s for at_s in self._crashes_s if at_s > self.now_s() - CRASHES_WITHIN_S] + [
                self.now_s()
            ]
            if len(self._crashes_s) >= CRASHES_MAX:
                raise SourceError(f"The virtual board's interpreter ends again and again; last status {status}.")
        self._restart(REENUMERATE_S)

    # the loop

    def _turn(self) -> None:
        poller = select.poll()
        occupied = self.cable.occupied()
        if occupied and not self._stalled:
            wanted = select.POLLOUT if self._to_host else 0
            poller.register(self.cable.master, wanted | (select.POLLIN if len(self._to_board) < HELD_BYTES else 0))
        if self._child is not None:
            if not self._stalled and len(self._to_host) < HELD_BYTES:
                poller.register(self._pipes[2], select.POLLIN)
            if self._to_board:
                poller.register(self._pipes[1], select.POLLOUT)
        if self._commands >= 0:
            poller.register(self._commands, select.POLLIN)
        ready = {descriptor for descriptor, _ in poller.poll(TICK_S * 1000)}
        if self._commands in ready:
            self._read_commands()
        self._carry(occupied, ready)
        self._feed()
        self._keep_agenda()
        if self._child is not None and (status := self._child.process.poll()) is not None:
            self._carry(occupied, {self._pipes[2]})  # its last words
            self._ended(status)

    def _carry(self, occupied: bool, ready: set[int]) -> None:
        """Bytes from the host to the board and back."""
        if self.cable.master in ready:
            self._hear(self.cable.read())
        if self._to_board and self._child is not None:
            with contextlib.suppress(BlockingIOError):
                del self._to_board[: os.write(self._pipes[1], self._to_board)]
        if self._pipes[2] in ready:
            with contextlib.suppress(BlockingIOError):
                self._to_host += os.read(self._pipes[2], HELD_BYTES)
        if not occupied:
            self._to_host.clear()
        elif self._to_host and not self._stalled:
            del self._to_host[: self.cable.write(bytes(self._to_host))]

    def _hear(self, data: bytes) -> None:
        if self._child is None:
            return
        head, *rest = data.split(CTRL_C)
        self._to_board += head
        for piece in rest:
            self._to_board += (b"" if self._child.interrupt() else CTRL_C) + piece

    # the body

    def _draw(self, first: int) -> None:
        """Forget what is past, so that the next record is number `first`."""
        gone = first - self._record
        while gone * RECORD_SIZE > len(self._records):
            self._draw_second()
        self._records = self._records[max(gone, 0) * RECORD_SIZE :]
        self._record += max(gone, 0)

    def _draw_second(self) -> None:
        begin = (self._record * RECORD_SIZE + len(self._records)) // RECORD_SIZE
        assert begin % RECORDS_PER_S == 0
        self._records += self._body.records(begin // RECORDS_PER_S, begin // RECORDS_PER_S + 1)

    def _feed(self) -> None:
        """Keep the child's pipe AHEAD_S ahead of now."""
        if self._child is None:
            return
        due = int((self.now_s() + AHEAD_S) * RECORDS_PER_S) - self._record
        while due * RECORD_SIZE > len(self._records):
            self._draw_second()
        if due > 0:
            self._unfed += impose(self._faults + self._agenda, self._records[: due * RECORD_SIZE], self._record)
            self._records = self._records[due * RECORD_SIZE :]
            self._record += due
        self._unfed = self._unfed[-60 * RECORDS_PER_S * RECORD_SIZE :]  # nobody reads: the oldest minute is enough
        while self._unfed:
            try:
                taken = os.write(self._child.feed, self._unfed[: launch.FEED_CHUNK])
            except (BlockingIOError, BrokenPipeError):
                return
            self._unfed = self._unfed[taken:]

    # faults

    def _after(self, delay_s: float, work: Callable[[], None]) -> None:
        self._later.append((self.now_s() + delay_s, work))

    def _keep_agenda(self) -> None:
        now_s = self.now_s()
        if self._draw_fault and now_s >= self._next_random_s - AHEAD_S:
            self._agenda.append(random_fault(self._draw_fault, self._next_random_s))
            self._next_random_s += RANDOM_EVERY_S
        for fault in [fault for fault in self._agenda if fault.at_s <= now_s]:
            self._agenda.remove(fault)
            self._begin(fault)
        self._faults = [fault for fault in self._faults if fault.until_s > now_s - 1.0]
        for entry in [entry for entry in self._later if entry[0] <= now_s]:
            self._later.remove(entry)
            entry[1]()

    def _begin(self, fault: Fault) -> None:
        self._say(f"{fault}: {KINDS[fault.kind].imitates}.")
        if fault.kind == "brown-out":
            self._brown_out(fault.duration_s)
        elif fault.kind == "cable":
            self.cable.unplug()
            self._after(fault.duration_s, self.cable.plug)
        elif fault.kind == "stall":
            self._stalled = True
            self._after(fault.duration_s, self._unstall)
        elif fault.kind in CHIP_KINDS + BODY_KINDS:
            self._faults.append(fault)
        elif fault.kind == "overflow" and self._child is not None:
            process = self._child.process
            process.send_signal(signal.SIGSTOP)  # the chips go on while the processor does not
            self._after(fault.duration_s, lambda: process.send_signal(signal.SIGCONT))

    def _unstall(self) -> None:
        self._stalled = False

    def _read_commands(self) -> None:
        data = os.read(self._commands, 4096)
        if not data:
            self._commands = -1
        for line in data.decode(errors="replace").splitlines():
            try:
                self._obey(line.strip())
            except UsageError as error:
                self._say(str(error))

    def _obey(self, line: str) -> None:
        if line == "on":
            self._body.put_on(self.now_s())
        elif line == "off":
            self._body.take_off(self.now_s())
        elif line:
            self._agenda.append(parse_fault(line, self.now_s() + AHEAD_S))


def _open_image(options: BoardOptions) -> int:
    """The image, made blank when it is missing or when that is asked for; locked against a second board."""
    try:
        options.image.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(options.image, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise SourceError(f"The flash image {options.image} cannot be opened: {error.strerror}.") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise SourceError(f"{options.image} is in use by another virtual board: choose another --image.") from None
    if options.blank or os.fstat(descriptor).st_size != IMAGE_BYTES:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, b"\xff" * IMAGE_BYTES)
    return descriptor
