"""The recorder as a sink: a bounded queue, a thread that writes, and a sentence when the disk does not play along.

`put` never waits and never fails: what the queue or the disk does not take is counted as dropped. The thread syncs
every second, so a power cut costs at most that second, the sync itself and the chunk that was still coming.

Surprise: after an error nothing is appended to the same file. It is cut back to its last whole second, and recording
goes on in a new one as soon as the disk takes it.
"""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from somatone.errors import SomatoneError
from somatone.records import Status
from somatone.sinks.recording.folder import make_room, new_run
from somatone.sinks.recording.layout import SUFFIX, Facts, Item
from somatone.sinks.recording.part import PartWriter

SYNC_S = 1.0
PART_S = 3600.0
RETRY_S = 5.0
QUEUE = 4096  # items: minutes of one wearer, longer than a disk hangs
QUOTA_BYTES = 4 << 30  # about ten days of one wearer's board without a break

Say = Callable[[str, str], None]  # value, sentence; called from the thread


class RecordingSink:
    """Records one run below `folder`. `put` may be called at once, what it takes is written after `start`."""

    def __init__(self, folder: Path, say: Say, quota_bytes: int = QUOTA_BYTES, part_s: float = PART_S) -> None:
        self.dropped = 0  # items that are in no file
        self.run: Path | None = None
        self._folder = folder
        self._say = say
        self._quota_bytes = quota_bytes
        self._part_s = part_s
        self._queue: queue.Queue[tuple[float, Item] | None] = queue.Queue(QUEUE)
        self._overflowed = 0  # counted by `put`; the thread only reads it
        self._lost = 0  # counted by the thread
        self._thread: threading.Thread | None = None
        self._mending: subprocess.Popen[bytes] | None = None
        self._part: PartWriter | None = None
        self._parts = 0
        self._part_until_s = 0.0
        self._retry_s = 0.0
        self._said = ""  # the trouble a person knows of
        self._known_lost = 0

    def start(self, facts: Facts) -> None:
        """The path starts now. Raises `SomatoneError` when the folder cannot be used at all."""
        try:
            self.run = new_run(self._folder)
        except OSError as error:
            raise SomatoneError(
                f"{self._folder} cannot keep a recording ({error.strerror}): choose another --session folder."
            ) from None
        self._facts = msgspec.structs.replace(facts, run=self.run.name)
        command = [sys.executable, "-m", "somatone.sinks.recording.mend", str(self._folder)]
        self._mending = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._thread = threading.Thread(target=self._work, name="recording", daemon=True)
        self._thread.start()

    def put(self, host_s: float, item: Item) -> None:
        """One item that is fed to the path at `host_s`."""
        try:
            self._queue.put_nowait((host_s, item))
        except queue.Full:
            self._overflowed += 1
            self.dropped = self._overflowed + self._lost

    def close(self) -> None:
        """Write what is left and close the file. Takes as long as the disk does."""
        if self._thread:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        if self._mending:
            self._mending.terminate()
            self._mending.wait()
            self._mending = None

    # in the thread

    def _work(self) -> None:
        due_s = time.monotonic() + SYNC_S
        while True:
            try:
                entry = self._queue.get(timeout=max(0.0, due_s - time.monotonic()))
                if entry is None:
                    break
                self._take(*entry)
            except queue.Empty:
                pass
            if time.monotonic() >= due_s:
                self._sync()
                due_s = time.monotonic() + SYNC_S
        part = self._part
        if part:
            self._guard(part.finish)

    def _take(self, host_s: float, item: Item) -> None:
        if self._part is None and time.monotonic() >= self._retry_s:
            self._guard(self._open)
        part = self._part
        if part is None:
            self._lose(1)
        else:
            self._guard(lambda: part.add(host_s, item))

    def _open(self) -> None:
        assert self.run
        self._parts += 1
        path = self.run / f"{self._parts:04d}{SUFFIX}"
        make_room(self._folder, self._quota_bytes, path)
        self._part = PartWriter(path, msgspec.structs.replace(self._facts, part=self._parts))
        self._part_until_s = time.monotonic() + self._part_s

    def _sync(self) -> None:
        part = self._part
        if part and self._guard(part.sync):
            if self._said and self._said != "slow":
                self._said = ""
                self._say("running", f"The recording goes on; {self._lost} items are missing in it.")
            if time.monotonic() >= self._part_until_s:
                self._guard(part.finish)
                self._part = None
        self._say_overflow()

    def _say_overflow(self) -> None:
        """Once when the queue was full, once when it has room again."""
        more, self._known_lost = self._overflowed - self._known_lost, self._overflowed
        if more and not self._said:
            self._said = "slow"
            self._say("slow", "The disk is too slow for the recording: some of it is lost, the sound goes on.")
        elif not more and self._said == "slow":
            self._said = ""
            self._say("running", f"The recording goes on; {self._overflowed} items are missing in it.")

    def _guard(self, step: Callable[[], object]) -> bool:
        """Do a step on the disk. An error ends this file and is said once; the next is tried a little later."""
        try:
            step()
        except Exception as error:  # whatever it is, the sound must go on
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            if self._part:
                self._lose(self._part.abandon())
                self._part = None
            self._retry_s = time.monotonic() + RETRY_S
            if not self._said:
                self._said = reason
                self._say("stopped", f"The recording in {self._folder} stopped ({reason}); the sound goes on.")
            return False
        return True

    def _lose(self, count: int) -> None:
        self._lost += count
        self.dropped = self._overflowed + self._lost


def recording_status(value: str, message: str, at_s: float) -> Status:
    """What the recorder says, as a record of the path."""
    return Status("recording", value, at_s, message, source="recording")
