"""Real receivers over a network that loses three datagrams of ten: oscdump, started a hundred times, and Pure Data.

In real time, because they are: a hundred oscdumps in five rounds of twenty, each started anew and judged two seconds
later by the last line that it printed for every address.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from osc.receiver import Lossy, free_port
from somatone.pieces.schema import Osc
from somatone.records import Control, Gate, Level, Note, Status, Validity
from somatone.sinks.osc.sink import OscSink
from somatone.sinks.osc.state import Argument

BEGUN_S = time.monotonic()
GATES = ("pulse.beat", "eda.onset", "motion.active", "motion.still", "temp.rise", "contact.worn")
ROUNDS, AT_ONCE = 5, 20
MOVING_S, RIGHT_S = 0.9, 2.0


def now_s() -> float:
    return time.monotonic() - BEGUN_S


def move(sink: OscSink, chance: random.Random, seconds: float) -> None:
    """Gates, levels, validity and controls, all moving, twenty times a second."""
    end_s = now_s() + seconds
    while now_s() < end_s:
        name = chance.choice(GATES)
        sink.put(Gate("body", name, chance.randrange(2), now_s(), Validity.WORN, "t", 500))
        sink.put(Level("body", "eda.tonic", chance.random(), now_s(), Validity.WORN, "t"))
        sink.put(Control("grains", "density", 100 * chance.random(), now_s()))
        said = chance.choice(list(Validity))
        sink.put(Status("eda.validity", said.value, now_s(), wearer="body", validity=said, source="a"))
        time.sleep(0.05)


@contextmanager
def speaking(port: int) -> Iterator[OscSink]:
    sink = OscSink((f"127.0.0.1:{port}",), Osc(), lambda value, sentence: None, now_s)
    sink.start()
    try:
        yield sink
    finally:
        sink.close()


def as_printed(values: tuple[Argument, ...]) -> list[Any]:
    """Floats travel in 32 bits: after some minutes a time is right to a millisecond, not to its printed digits."""
    return [pytest.approx(value, abs=2e-3) if isinstance(value, float) else value for value in values]


def shown_by_oscdump(output: str) -> dict[str, list[Any]]:
    """The last value of every address. A line: time tag, address, types, arguments."""
    shown = {}
    for line in output.splitlines():
        _, address, types, *rest = line.split(" ", 3)
        words = (rest[0] if rest else "").replace('"', "").split(" ")
        convert: dict[str, Callable[[str], Any]] = {"i": int, "f": float, "s": str}
        shown[address] = [convert[kind](word) for kind, word in zip(types, words, strict=False)]
    return shown


@pytest.mark.skipif(not shutil.which("oscdump"), reason="liblo-tools is not installed")
def test_a_hundred_restarted_oscdumps_are_right_within_two_seconds(tmp_path: Path) -> None:
    chance = random.Random(5)
    wrong: list[str] = []
    with Lossy(0.3, seed=5) as network, speaking(network.port) as sink:
        move(sink, chance, 0.5)
        for number in range(ROUNDS):
            ports = [free_port() for _ in range(AT_ONCE)]
            with ExitStack() as stack:
                files = [stack.enter_context((tmp_path / f"{number}-{port}").open("w+")) for port in ports]
                dumps = [
                    subprocess.Popen(["stdbuf", "-oL", "oscdump", str(port)], stdout=file, stderr=subprocess.DEVNULL)
                    for port, file in zip(ports, files, strict=True)
                ]
                wait_for_ports(ports)
                network.listeners[:] = ports  # from now on the receivers hear
                heard_s = now_s()
                move(sink, chance, MOVING_S)
                time.sleep(max(0.0, heard_s + RIGHT_S - now_s()))
                network.listeners.clear()
                standing = {address: as_printed(values) for address, values in sink.osc.state.standing.items()}
                time.sleep(0.1)
                for dump in dumps:
                    dump.terminate()
                    dump.wait()
                for file in files:
                    file.seek(0)
                    shown = shown_by_oscdump(file.read())
                    wrong += [address for address, values in standing.items() if shown.get(address) != values]
        assert len(standing) > 10
        assert network.lost > 0.2 * network.passed
    assert wrong == []
    assert (sink.errors, sink.dropped) == (0, 0)


def wait_for_ports(ports: list[int], seconds: float = 10.0) -> None:
    """Until the kernel has a socket for each."""
    wanted = {f":{port:04X}" for port in ports}
    end_s = now_s() + seconds
    while now_s() < end_s:
        table = Path("/proc/net/udp").read_text(encoding="ascii") + Path("/proc/net/udp6").read_text(encoding="ascii")
        if all(any(line.split()[1].endswith(port) for line in table.splitlines()[1:] if line) for port in wanted):
            return
        time.sleep(0.02)


PATCH = """#N canvas 0 0 450 300 12;
#X obj 10 10 netreceive -u -b {port};
#X obj 10 40 oscparse;
#X obj 10 70 list trim;
#X obj 10 100 print heard;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 2 0 3 0;
"""


@pytest.mark.skipif(not shutil.which("pd"), reason="puredata-core is not installed")
def test_pure_data_started_twice_is_right_within_two_seconds(tmp_path: Path) -> None:
    """It hears single messages, bundles and notes; its patch splits addresses into words."""
    chance = random.Random(6)
    with Lossy(0.3, seed=6) as network, speaking(network.port) as sink:
        move(sink, chance, 0.3)
        for _ in range(2):
            port = free_port()
            patch = tmp_path / "receive.pd"
            patch.write_text(PATCH.format(port=port), encoding="ascii")
            log = tmp_path / "pd.txt"
            with log.open("w") as output:
                command = ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-open", str(patch)]
                pd = subprocess.Popen(command, stderr=output, stdout=output)
                try:
                    wait_for_ports([port])
                    network.listeners[:] = [port]
                    sink.put(Note("pulse", now_s(), {"level": 0.5}))
                    move(sink, chance, MOVING_S)
                    time.sleep(RIGHT_S - MOVING_S)
                    network.listeners.clear()
                    time.sleep(0.2)
                finally:
                    pd.terminate()
                    pd.wait()
            last: dict[str, str] = {}
            for line in log.read_text(encoding="utf-8").splitlines():
                words = line.removeprefix("heard: ").removeprefix("list ").split(" ")
                for cut in range(2, len(words)):
                    last["/" + "/".join(words[:cut])] = words[cut]
            for address, values in sink.osc.state.standing.items():
                assert near(last[address], values[0]), address
            assert "/somatone/note/pulse" in last or "/somatone/again/note/pulse" in last


def near(word: str, value: Argument) -> bool:
    """Whether Pure Data's word for a value is that value; it prints six digits."""
    return word == value if isinstance(value, str) else float(word) == pytest.approx(value, rel=1e-4)
