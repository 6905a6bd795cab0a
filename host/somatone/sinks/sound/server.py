"""One life of one scsynth, through supriya. A new object for every boot: supriya's own cannot be booted twice.

Measured traps that shape this file: `boot` may wait for ever, so it has a deadline; `load_synthdefs` must be off;
supriya's health check kills a healthy server while a big file loads, so it is slowed down and our own heartbeat
decides; its socket must be widened or replies are lost; and only SIGKILL is sure to end a hung child.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import importlib
import logging
import os
import re
import signal
import socket
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from somatone.errors import SoundError
from somatone.sinks.sound.osc import Message, pack_bundle, pack_message
from somatone.sinks.sound.state import METER_ADDRESS
from somatone.sinks.sound.tools import child_command, surely

BOOT_S = 6.0
SYNC_S = 20.0  # a large library is read within this time
GOODBYE_S = 2.0
RECEIVE_BYTES = 4 << 20
SHARED = Path("/dev/shm")
ALARMING = re.compile(r"FAILURE|alloc failed|^ERROR|exception|could not", re.I)
HARMLESS = re.compile(r"Node -?\d+ not found|set thread priority|std::system_error", re.I)


def free_udp_port(wanted: int | None) -> int:
    """`wanted` if nothing uses it, or any free port. Raises SoundError when it is in use."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", wanted or 0))
        except OSError as error:
            raise SoundError(
                f"UDP port {wanted} cannot be used ({error.strerror}): give another one, or none to have one chosen."
            ) from None
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A running scsynth. Messages are sent without waiting; `exited` is done when the process has ended."""

    def __init__(self, inner: Any, port: int) -> None:
        self._inner = inner
        self._port = port
        self.exited: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def boot(
        cls,
        port: int,
        environment: Mapping[str, str],
        on_meter: Callable[[Sequence[float]], None],
        on_alarm: Callable[[str], None],
        outputs: int = 2,
    ) -> Server:
        """Starts scsynth on 127.0.0.1:`port` within BOOT_S. `on_meter` gets peak and rms of each output; `on_alarm`
        the server's own words when something fails. Raises SoundError; whatever happens, no process is left."""
        supriya = await asyncio.to_thread(_supriya)  # importing takes 1 to 2 s; the path goes on meanwhile
        inner = supriya.AsyncServer(_options(port, environment, outputs))
        server = cls(inner, port)
        server._listen_to_log(on_alarm)
        # Nodes -1 and /fail without a command come too: only these two patterns matter to us.
        inner.osc_protocol.register([METER_ADDRESS], lambda message: on_meter([float(x) for x in message.contents[2:]]))
        inner.osc_protocol.register(["/fail"], lambda message: on_alarm(" ".join(map(str, message.contents))))
        try:
            await asyncio.wait_for(inner.boot(), BOOT_S)
        except BaseException as error:
            await surely(server.kill())
            if isinstance(error, Exception):  # whatever supriya came upon; cancelling is none of these
                raise SoundError(f"scsynth did not start: {str(error) or 'no answer in time'}.") from None
            raise
        udp = inner.osc_protocol.transport.get_extra_info("socket")
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        server._follow_exit()
        return server

    @property
    def pid(self) -> int | None:
        """Process id of scsynth, while there is one."""
        transport = getattr(self._inner.process_protocol, "transport", None)
        pid: int | None = transport.get_pid() if transport and transport.get_returncode() is None else None
        return pid

    def send(self, *messages: Message) -> None:
        """Sends messages that take effect together. Never blocks; what scsynth does not take is lost."""
        packet = pack_message(messages[0]) if len(messages) == 1 else pack_bundle(messages)
        transport = self._inner.osc_protocol.transport
        if not transport.is_closing():
            transport.sendto(packet)

    async def sync(self, limit_s: float = SYNC_S) -> None:
        """Returns when everything sent so far is done. Raises SoundError after `limit_s`."""
        waiting = asyncio.ensure_future(self._inner.sync(timeout=limit_s))
        try:
            await asyncio.wait({waiting, self.exited}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise SoundError("scsynth stopped while it was being filled.")
            await waiting
        except TimeoutError:
            raise SoundError(f"scsynth did not answer for {limit_s:g} s.") from None
        finally:
            waiting.cancel()

    async def kill(self) -> None:
        """Ends scsynth by force and frees everything of it. May be called at any moment of a boot, and twice."""
        logging.getLogger("supriya.scsynth").removeHandler(self._log)
        lifecycle = getattr(self._inner, "_lifecycle_task", None)
        if lifecycle and self.pid is None:
            lifecycle.cancel()  # a process that is only just being made is ended by asyncio itself
        self._signal(signal.SIGKILL)
        if lifecycle:
            await asyncio.wait({lifecycle}, timeout=GOODBYE_S)
            if not lifecycle.cancel() and not lifecycle.cancelled():
                lifecycle.exception()  # heard, and of no use any more
        self._signal(signal.SIGKILL)
        if udp := getattr(self._inner.osc_protocol, "transport", None):
            udp.close()
        if child := getattr(self._inner.process_protocol, "transport", None):
            for _ in range(20):  # closing it would take the exit status away from asyncio, which then complains
                if child.get_returncode() is not None:
                    break
                await asyncio.sleep(0.01)
            child.close()
        _forget_shared_memory(self._port)

    def _signal(self, number: int) -> None:
        if pid := self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _follow_exit(self) -> None:
        def ended(_: object) -> None:
            if not self.exited.done():
                self.exited.set_result(None)

        self._inner.process_protocol.exit_future.add_done_callback(ended)

    def _listen_to_log(self, on_alarm: Callable[[str], None]) -> None:
        self._log = _LogLines(f":{self._port}/", on_alarm)
        logger = logging.getLogger("supriya.scsynth")
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.addHandler(self._log)


class _LogLines(logging.Handler):
    """Picks scsynth's own complaints out of supriya's log: some failures are told nowhere else."""

    def __init__(self, mine: str, on_alarm: Callable[[str], None]) -> None:
        super().__init__()
        self._mine = mine
        self._on_alarm = on_alarm

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if self._mine in text and "received: " in text:
            line = text.partition("received: ")[2]
            if ALARMING.search(line) and not HARMLESS.search(line):
                self._on_alarm(line.strip())


def remove_abandoned_memory() -> None:
    """Frees the 8 MB that each killed scsynth of this user left, when its daemon was killed with it.

    Only files that no process maps, and not the newest: a server that is just starting maps its file a moment later.
    """
    mine = [path for path in SHARED.glob("SuperColliderServer_*") if path.stat().st_uid == os.getuid()]
    old = [path for path in mine if time.time() - path.stat().st_mtime > 60]
    if not old:
        return
    mapped = ""
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):
            mapped += "".join(line for line in maps.read_text().splitlines(True) if "SuperColliderServer_" in line)
    for path in old:
        if f"/{path.name}\n" not in mapped:
            path.unlink(missing_ok=True)


def _forget_shared_memory(port: int) -> None:
    """A killed scsynth leaves 8 MB behind."""
    with contextlib.suppress(OSError):
        (SHARED / f"SuperColliderServer_{port}").unlink()


def _supriya() -> Any:
    supriya = importlib.import_module("supriya")
    realtime = importlib.import_module("supriya.contexts.realtime")
    check = realtime.DEFAULT_HEALTHCHECK
    check.timeout, check.backoff_factor, check.max_attempts = 5.0, 1.0, 24
    warnings.filterwarnings("ignore", category=realtime.FailWarning)  # we hear /fail ourselves
    logging.getLogger("supriya").addHandler(logging.NullHandler())
    return supriya


def _options(port: int, environment: Mapping[str, str], outputs: int) -> Any:
    scsynth = importlib.import_module("supriya.scsynth")

    @dataclasses.dataclass(frozen=True)
    class ChildOptions(scsynth.Options):  # type: ignore[misc, name-defined]
        """supriya's options, started through the wrappers that tie the child's life and environment to ours."""

        def serialize(self) -> list[str]:
            # scsynth's stderr would be written over the live view; in its stdout it also reaches the alarms.
            return ["sh", "-c", 'exec "$@" 2>&1', "sh", *child_command(super().serialize(), environment)]

    return ChildOptions(
        port=port,
        load_synthdefs=False,
        input_bus_channel_count=0,
        output_bus_channel_count=outputs,
        memory_size=65536,
        maximum_node_count=4096,
    )
