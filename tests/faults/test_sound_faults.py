"""Faults while playing: everything real, every recovery measured, and no process may be left.

Figures are printed (`pytest -s`); they are held against their bars in `make bench ARGS=sound_faults`, which plays 20 of
each, because a machine that is busy with other tests is late.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from mmap import ACCESS_READ, mmap
from pathlib import Path

import pytest
import soundfile

from fakes.sound_card import FakeCard
from somatone.errors import SomatoneError, SoundError
from somatone.library import ensure_library
from somatone.paths import CHECKOUT
from somatone.records import Status
from somatone.sinks.sound.cards import Card
from somatone.sinks.sound.devices import write_choice
from somatone.sinks.sound.guards import Restarts
from somatone.sinks.sound.jack import Jack
from somatone.sinks.sound.osc import pack_message
from somatone.sinks.sound.server import free_udp_port, remove_abandoned_memory
from somatone.sinks.sound.sink import SoundSettings, SoundSink

pytestmark = pytest.mark.skipif(
    not (shutil.which("scsynth") and shutil.which("jackd")), reason="scsynth or jackd is not installed"
)
DUMMY = SoundSettings(device="dummy")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return ensure_library(tmp_path_factory.mktemp("library"))


def running(pid: int) -> bool:
    """The process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def servers_of_ours() -> dict[int, str]:
    """Our child processes that are sound servers, or are about to become one."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            head, _, tail = stat.read_text().rpartition(")")
            pid, _, name = head.partition(" (")
            if int(tail.split()[1]) == os.getpid() and name in ("scsynth", "jackd", "sh", "env", "setpriv"):
                found[int(pid)] = name
    return found


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No child process may outlive a test."""
    yield
    time.sleep(0.05)
    assert not servers_of_ours()


class Player:
    """A running sink with everything it reported."""

    def __init__(self, library: Mapping[str, Path], settings: SoundSettings = DUMMY) -> None:
        self.said: list[Status] = []
        self.sink = SoundSink(["drone", "grains", "pulse"], library, settings, self.said.append, time.monotonic)
        self.sink.control("grains", "level", 0.0)
        for control, value in (("level", 0.75), ("swell", 0.0), ("beating", 9.0), ("pitch", 110.0)):
            self.sink.control("drone", control, value)

    async def settled(self) -> float:
        """The level once the meter has settled."""
        await asyncio.sleep(1.5)
        return self.sink.meter.rms[0]

    async def back(self, boots: int, level: float, limit_s: float = 15.0) -> float:
        """Seconds until a new server plays within 2 dB of `level`."""
        begun_s = time.monotonic()
        while time.monotonic() - begun_s < limit_s:
            meter = self.sink.meter
            if meter.boots > boots and meter.age_s < 0.3 and 0.8 < meter.rms[0] / level < 1.25:
                return time.monotonic() - begun_s
            await asyncio.sleep(0.01)
        pytest.fail(f"no sound at the old level after {limit_s} s: {self.sink.meter}, {self.said[-3:]}")


def play(player: Player, scene: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        task = asyncio.create_task(player.sink.run())
        try:
            await player.sink.started(30)
            await scene()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


def send(pid: int | None, number: signal.Signals) -> None:
    assert pid is not None
    os.kill(pid, number)


def tell(port: int, *message: str | float) -> None:
    """A stranger's word, past us, straight to scsynth."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(pack_message(message), ("127.0.0.1", port))


@pytest.mark.parametrize(
    ("victim", "number"),
    [
        ("scsynth", signal.SIGKILL),
        ("scsynth", signal.SIGSTOP),
        ("scsynth", None),
        ("jackd", signal.SIGKILL),
        ("jackd", signal.SIGSTOP),
    ],
    ids=str,
)
def test_sound_returns_at_its_level(library: Mapping[str, Path], victim: str, number: signal.Signals | None) -> None:
    """Without a signal scsynth is asked to quit, and ends with status 0."""
    port = free_udp_port(None)
    player = Player(library, replace(DUMMY, port=port))
    took: list[float] = []

    async def scene() -> None:
        level = await player.settled()
        for _ in range(2):
            boots = player.sink.meter.boots
            if number:
                send(player.sink.pids[victim == "jackd"], number)
            else:
                tell(port, "/quit")
            player.sink.control("drone", "pitch", 110.5)  # set while the server is away: must not be lost or raise
            took.append(await player.back(boots, level))
            assert await player.settled() == pytest.approx(level, rel=0.1)
        assert player.sink.meter.peak[0] < 1.0

    play(player, scene)
    name = number.name if number else "quits"
    print(f"{victim} {name}: sound back after {', '.join(f'{seconds:.2f}' for seconds in took)} s")
    assert [status.value for status in player.said if status.name == "sound"] == ["sounding", *["lost", "sounding"] * 2]


def test_ten_kills_in_a_row_grow_nothing(library: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("somatone.sinks.sound.guards.FREE_RESTARTS", 100)
    player = Player(library)
    took, counts = [], []

    async def scene() -> None:
        level = await player.settled()
        for _ in range(10):
            boots = player.sink.meter.boots
            send(player.sink.pids[0], signal.SIGKILL)
            took.append(await player.back(boots, level))
            counts.append((descriptors(), len(asyncio.all_tasks()), len(servers_of_ours())))

    play(player, scene)
    print(f"ten kills: back after {sorted(took)[5]:.2f} s (median), {max(took):.2f} s (worst)")
    assert counts[2] == counts[-1]


def test_restarts_in_a_row_are_slowed_down() -> None:
    restarts = Restarts()
    pauses = [restarts.pause_s(number * 0.1) for number in range(20)]
    assert pauses[:6] == [0.0] * 6
    assert pauses[-1] == 10.0
    assert restarts.pause_s(60.0) == 0.0


def test_a_recording_that_vanished_is_said_once_and_the_rest_plays(tmp_path: Path) -> None:
    library = ensure_library(tmp_path)
    player = Player(library)

    async def scene() -> None:
        level = await player.settled()
        library["metal"].unlink()
        for _ in range(2):
            boots = player.sink.meter.boots
            send(player.sink.pids[0], signal.SIGKILL)
            await player.back(boots, level)

    play(player, scene)
    said = [status.message for status in player.said if status.name in ("sound.library", "sound.alarm")]
    assert len(said) == 1
    assert "'metal' is missing" in said[0]


def test_a_chosen_card_that_goes_is_waited_for(
    library: Mapping[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = FakeCard(tmp_path)
    monkeypatch.setattr("somatone.sinks.sound.cards.CARDS", card.listing)
    monkeypatch.setenv("PATH", f"{card.programs}:{os.environ['PATH']}")
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path))
    card.plug()
    write_choice(Card("Bench", "USB-Audio - A card that does not exist"))
    player = Player(library, SoundSettings())
    took: list[float] = []

    async def scene() -> None:
        level = await player.settled()
        for change in (card.pull, card.plug):
            boots = player.sink.meter.boots
            change()
            if change == card.pull:
                send(player.sink.pids[1], signal.SIGKILL)
            took.append(await player.back(boots, level))

    play(player, scene)
    print(f"card gone: sound back after {took[0]:.2f} s; card back: there after {took[1]:.2f} s")
    places = [status.value for status in player.said if status.name == "sound.device"]
    assert places == ["hw:CARD=Bench", "dummy", "hw:CARD=Bench"]


def test_a_stranger_that_sends_infinities_past_us_is_mended(library: Mapping[str, Path]) -> None:
    """To every control there is."""
    port = free_udp_port(None)
    player = Player(library, replace(DUMMY, port=port))

    async def scene() -> None:
        level = await player.settled()
        for value in (math.inf, math.nan, -math.inf):
            tell(port, "/c_setn", 0, 200, *[value] * 200)
            await asyncio.sleep(0.3)
        await player.back(0, level)
        assert await player.settled() == pytest.approx(level, rel=0.2)
        assert max(player.sink.meter.peak) < 1.0

    play(player, scene)


def test_values_that_are_not_finite_and_wrong_names(library: Mapping[str, Path]) -> None:
    player = Player(library)

    async def scene() -> None:
        level = await player.settled()
        for value in (math.nan, math.inf, -math.inf):
            player.sink.control("drone", "pitch", value)
        player.sink.note("pulse", {"pitch": math.inf})
        player.sink.control("drone", "pitch", 1e30)
        player.sink.control("drone", "pitch", 110.0)
        with pytest.raises(SomatoneError, match="did you mean 'drone'"):
            player.sink.control("drones", "pitch", 1.0)
        for _ in range(500):
            player.sink.note("pulse", {})
        assert player.sink.meter.lost >= 3 + 440
        await asyncio.sleep(3)
        assert await player.settled() == pytest.approx(level, rel=0.15)

    play(player, scene)


def test_recording_goes_on_in_a_new_file(library: Mapping[str, Path], tmp_path: Path) -> None:
    player = Player(library, SoundSettings(device="dummy", record_to=tmp_path / "heard.wav"))

    async def scene() -> None:
        level = await player.settled()
        boots = player.sink.meter.boots
        send(player.sink.pids[0], signal.SIGKILL)
        await player.back(boots, level)
        await player.settled()

    play(player, scene)
    for name in ("heard.wav", "heard-2.wav"):
        samples, rate = soundfile.read(tmp_path / name)
        assert rate == 48_000
        assert len(samples) > 0.6 * rate
        assert 0.02 < abs(samples).max() < 1.0


def test_flac_is_recorded_too(library: Mapping[str, Path], tmp_path: Path) -> None:
    player = Player(library, SoundSettings(device="dummy", record_to=tmp_path / "heard.flac"))

    async def scene() -> None:
        await player.settled()

    play(player, scene)
    assert soundfile.info(tmp_path / "heard.flac").frames > 48_000


@pytest.mark.parametrize("delay_s", [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6])
def test_cancel_at_any_moment_of_a_boot_leaves_nothing(library: Mapping[str, Path], delay_s: float) -> None:
    async def main() -> None:
        player = Player(library)
        task = asyncio.create_task(player.sink.run())
        await asyncio.sleep(delay_s)
        task.cancel()
        if delay_s in (0.1, 0.25):
            await asyncio.sleep(0.01)
            task.cancel()  # Ctrl-C twice
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not servers_of_ours()

    asyncio.run(main())


DAEMON = """
import asyncio, sys, time
from pathlib import Path
from somatone.library import ensure_library
from somatone.sinks.sound.sink import SoundSettings, SoundSink

async def main():
    library, settings = ensure_library(Path(sys.argv[1])), SoundSettings(device="dummy")
    sink = SoundSink(["grains"], library, settings, lambda status: None, time.monotonic)
    task = asyncio.create_task(sink.run())
    await sink.started(30)
    print(*sink.pids, flush=True)
    await task

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_end_of_the_daemon_is_the_end_of_its_servers(library: Mapping[str, Path], number: signal.Signals) -> None:
    folder = next(iter(library.values())).parent
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT / "host")}
    with subprocess.Popen(
        [sys.executable, "-c", DAEMON, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as daemon:
        assert daemon.stdout is not None
        pids = [int(word) for word in daemon.stdout.readline().split()]
        assert len(pids) == 2
        daemon.send_signal(number)
        begun_s = time.monotonic()
        while any(map(running, pids)) and time.monotonic() - begun_s < 5:
            time.sleep(0.01)
        print(f"daemon {number.name}: scsynth and jackd gone after {time.monotonic() - begun_s:.2f} s")
        assert not any(map(running, pids))
        daemon.communicate(timeout=10)


def test_killed_jackds_do_not_use_up_jacks_names() -> None:
    """jackd remembers eight names; a ninth server would not start if ours were left in the list."""

    async def main() -> None:
        for _ in range(10):
            jack = Jack("dummy", 48_000, 256)
            await jack.start()
            jack.kill()
            await jack.ended()
            await jack.stop()
            jack.close()

    asyncio.run(main())


def test_only_abandoned_shared_memory_is_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("somatone.sinks.sound.server.SHARED", tmp_path)
    for port, age_s in ((1, 1000), (2, 1000), (3, 0)):
        path = tmp_path / f"SuperColliderServer_{port}"
        path.write_bytes(bytes(4096))
        os.utime(path, (time.time() - age_s,) * 2)
    with (tmp_path / "SuperColliderServer_2").open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ):
        remove_abandoned_memory()
        assert sorted(path.name[-1] for path in tmp_path.iterdir()) == ["2", "3"]


def run_to_error(player: Player) -> str:
    async def main() -> str:
        task = asyncio.create_task(player.sink.run())
        with pytest.raises(SoundError):
            await player.sink.started(20)
        with pytest.raises(SoundError) as caught:
            await task
        return str(caught.value)

    return asyncio.run(main())


def test_a_port_in_use_is_one_sentence(library: Mapping[str, Path]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert f"UDP port {port} cannot be used" in run_to_error(Player(library, SoundSettings(port=port)))


def test_missing_tools_and_cards_are_one_sentence(library: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is no sound card" in run_to_error(Player(library, SoundSettings(device="hw:Nowhere")))
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "apt-get install -y supercollider-server sc3-plugins-server jackd2" in run_to_error(Player(library))


def test_two_sinks_play_side_by_side(library: Mapping[str, Path]) -> None:
    one, other = Player(library), Player(library)

    async def scene() -> None:
        task = asyncio.create_task(other.sink.run())
        await other.sink.started(30)
        assert await one.settled() > 0.01
        assert other.sink.meter.sounding
        assert len({*one.sink.pids, *other.sink.pids}) == 4
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert one.sink.meter.sounding

    play(one, scene)
