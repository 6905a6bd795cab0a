"""The source against emulated bands: our backend, bleak's own API, bumble's virtual link, in virtual time."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("bleak")
pytest.importorskip("bumble")

from bleak.backends.device import BLEDevice

from e4_ble import virtual_time
from e4_ble.bumble_bleak import NothingConnected, backend_types
from e4_ble.emulated_band import BodyFeed, EmulatedBand, device_on
from e4_ble.rig import ADDRESSES, Room, room, until
from somatone.errors import SourceError, UsageError
from somatone.records import Chunk, NativeChunk, Status, Validity
from somatone.sources.choose import make_source
from somatone.sources.e4_ble import codec
from somatone.sources.e4_ble.backend import BleakBackend, Found, LinkError
from somatone.sources.e4_ble.source import BACKOFF_S, SCAN_S, E4BleSource
from somatone.timeline.live_clock import LiveClocks
from somatone.timeline.timeline import Timeline

SIGNALS = {"bvp": codec.BVP, "acc": codec.ACC, "eda": codec.EDA, "temp": codec.TEMP}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path))


def differences(chunks: list[NativeChunk]) -> list[tuple[int, ...]]:
    """What the band sent, from the totals of one connection."""
    integrator = codec.Integrator()
    return [integrator.undo(chunk.samples) for chunk in chunks]


def check_count(here: Room, band: EmulatedBand, source: E4BleSource) -> None:
    """Samples delivered plus samples reported lost are the samples sent, to the packet that was in the air."""
    decoder = source.bands[0].decoder
    assert decoder is not None
    for signal, char in SIGNALS.items():
        shape = {codec.BVP: 11, codec.ACC: 6, codec.EDA: 6, codec.TEMP: 8}[char]
        packets = len(band.sent[char]) + band.dropped[char]
        assert abs(decoder.delivered[signal] + decoder.lost[signal] - packets * shape) <= shape, signal
        last = here.chunks(signal)[-1]
        assert last.index + shape == decoder.delivered[signal] + decoder.lost[signal]


def test_found_started_and_decoded_to_the_last_sample() -> None:
    async def main() -> None:
        here = await room()
        band = here.band()
        await band.appear()
        async with here.source("a"):
            await until(lambda: "streaming" in here.said(), 10)
            await asyncio.sleep(60)
            await band.press()
            await band.press()
            await band.battery(12)
            await asyncio.sleep(1)
        assert [(len(command), command[0]) for command in band.commands] == [(5, 1)]
        for signal, char in SIGNALS.items():
            chunks = here.chunks(signal)
            samples = differences(chunks) if signal == "bvp" else [chunk.samples for chunk in chunks]
            assert samples == band.sent[char][: len(samples)]
            assert len(samples) >= len(band.sent[char]) - 1 > 25
        assert here.said() == ["streaming"]
        assert here.said(name="tag") == ["1"]
        assert here.said(name="e4.battery") == ["0.12"]
        assert here.said(name="e4.calibration") == ["unverified"]

    virtual_time.run(main())


def test_lost_packets_are_counted_by_the_bands_own_counter() -> None:
    async def main() -> None:
        here = await room()
        band = here.band()
        await band.appear()
        async with here.source("a") as source:
            await until(lambda: len(here.chunks("temp")) == 10, 40)
            band.loss = 0.1
            await asyncio.sleep(300)
            band.loss = 0.0
            await asyncio.sleep(5)
        assert sum(band.dropped.values()) > 250
        check_count(here, band, source)
        assert not here.said(name="e4.counter")
        assert 10 < len(here.said(name="e4.loss.bvp")) < 35  # a sum now and then, not a line a packet

    virtual_time.run(main())


def test_a_counter_that_does_not_behave_is_said_once_and_arrivals_tell_the_losses() -> None:
    async def main() -> None:
        here = await room()
        band = here.band()
        band.counts_badly = True
        await band.appear()
        async with here.source("a") as source:
            await asyncio.sleep(200)
            assert here.said(name="e4.counter").count("bvp") == 1
            band.loss = 1.0
            await asyncio.sleep(3)
            band.loss = 0.0
            await asyncio.sleep(60)
        assert here.said(name="e4.counter").count("bvp") == 1
        check_count(here, band, source)

    virtual_time.run(main())


def test_a_band_that_goes_is_said_once_and_comes_back_by_itself() -> None:
    async def main() -> None:
        here = await room()
        band = here.band()
        await band.appear()
        async with here.source("a") as source:
            await until(lambda: "streaming" in here.said(), 10)
            await asyncio.sleep(10)
            await band.vanish()
            await asyncio.sleep(120)
            assert here.said() == ["streaming", "lost", "unseen"]
            await band.appear()
            assert await until(lambda: here.said().count("streaming") == 2, 10) < 10
            await asyncio.sleep(30)
        chunks = here.chunks("bvp")
        jumps = [b.index - a.index - 11 for a, b in pairwise(chunks)]
        gaps = [jump for jump in jumps if jump]
        assert len(gaps) == 1 and abs(gaps[0] / 63.997 - 120) < 2
        ticks_s = [(chunk.ticks_us or 0) / 1e6 for chunk in chunks]
        assert all(b > a for a, b in pairwise(ticks_s))
        late_s = [chunk.arrival_s - tick_s for chunk, tick_s in zip(chunks, ticks_s, strict=True)]
        assert max(late_s) - min(late_s) < 0.2
        assert source.bands[0].sessions == 2

    virtual_time.run(main())


def test_an_hour_with_a_drop_every_ten_minutes_and_three_bands() -> None:
    async def main() -> None:
        here = await room()
        bands = [here.band(which) for which in range(3)]
        for band in bands:
            band.streams = (codec.EDA,)  # the pulse's packets would only cost time here
            await band.appear()
        back_s: list[float] = []

        async def drops(band: EmulatedBand, wearer: str, first_s: float) -> None:
            await asyncio.sleep(first_s)
            for _ in range(6):
                await band.vanish()
                await asyncio.sleep(20)
                before = here.said(wearer).count("streaming")
                await band.appear()
                back_s.append(await until(lambda before=before: here.said(wearer).count("streaming") > before, 60))
                await asyncio.sleep(580)

        async with here.source("a", "b", "c", a=ADDRESSES[0], b=ADDRESSES[1], c=ADDRESSES[2]):
            await asyncio.gather(*(drops(bands[at], "abc"[at], 60 + 60 * at) for at in range(3)))
        assert len(back_s) == 18
        assert statistics.quantiles(back_s, n=20)[-1] < 10

    virtual_time.run(main())


def test_two_bands_of_one_name_go_to_two_wearers_and_stay_theirs() -> None:
    async def main() -> None:
        here = await room()
        one, two = here.band(0), here.band(1)
        await two.appear()
        async with here.source("a", "b", a=ADDRESSES[0]) as source:
            await until(lambda: here.said("b") == ["streaming"], 10)
            assert "unseen" in here.said("a") or not here.said("a")
            await one.appear()
            await until(lambda: "streaming" in here.said("a"), 10)
            assert [band.address for band in source.bands] == list(ADDRESSES[:2])
            assert {chunk.source for chunk in here.chunks("bvp", "a")} == {f"e4-ble:{ADDRESSES[0]}"}

    virtual_time.run(main())


def test_a_band_that_was_replaced_makes_room_for_another() -> None:
    async def main() -> None:
        here = await room()
        one, two = here.band(0), here.band(1)
        await one.appear()
        async with here.source("a") as source:
            await until(lambda: "streaming" in here.said(), 10)
            await one.vanish()
            await two.appear()
            await asyncio.sleep(30)
            assert here.said().count("streaming") == 1  # the wearer's own may yet return
            await until(lambda: here.said().count("streaming") == 2, 60)
            assert source.bands[0].address == ADDRESSES[1]

    virtual_time.run(main())


def test_a_band_that_another_computer_owns_is_explained_and_taken_when_free() -> None:
    async def main() -> None:
        here = await room()
        band = here.band()
        await band.appear()
        other = device_on(here.link, "C0:00:00:00:00:02")
        await other.power_on()
        connection = await other.connect(band.device.random_address)
        async with here.source("a"):
            await asyncio.sleep(30)
            (sentence,) = [record.message for record in here.records if isinstance(record, Status)]
            assert "any other computer or phone" in sentence
            await connection.disconnect()
            await band.appear()
            await until(lambda: here.said() == ["unseen", "streaming"], 10)

    virtual_time.run(main())


def test_a_band_that_refuses_is_explained_and_others_go_on() -> None:
    async def main() -> None:
        here = await room()
        one, two = here.band(0), here.band(1)
        await one.appear(connectable=False)
        await two.appear()
        async with here.source("a", "b", a=ADDRESSES[0], b=ADDRESSES[1]):
            await asyncio.sleep(90)
            assert here.said("a") == ["refused"]
            assert "streaming" in here.said("b")
            await one.hide()
            await one.appear()
            await until(lambda: here.said("a") == ["refused", "streaming"], 30)

    virtual_time.run(main())


def test_a_silent_band_is_left_and_asked_again() -> None:
    async def main() -> None:
        here = await room()
        band = here.band()
        band.silent = True
        await band.appear()
        async with here.source("a"):
            await until(lambda: here.said() == ["silent"], 20)
            band.silent = False
            await band.appear()
            await until(lambda: here.said()[-1] == "streaming", 20)
            band.silent = True
            await until(lambda: here.said()[-1] == "silent", 20)

    virtual_time.run(main())


def test_a_simulated_body_reaches_the_gates_as_an_estimate() -> None:
    async def main() -> None:
        here = await room()
        band = here.band(feed=BodyFeed(3))
        await band.appear()
        async with here.source("a"):
            await asyncio.sleep(40)
        timeline = Timeline(LiveClocks())
        out: list[Chunk] = []
        for record in here.records:
            if isinstance(record, NativeChunk):
                out += [chunk for chunk in timeline.feed(record) if isinstance(chunk, Chunk)]
        assert timeline.gaps == 0
        last = {chunk.signal: chunk for chunk in out}
        assert {signal: last[signal].validity for signal in SIGNALS} == {
            "bvp": Validity.ESTIMATED,
            "eda": Validity.ESTIMATED,
            "temp": Validity.ESTIMATED,
            "acc": Validity.WORN,
        }
        assert 200 < last["eda"].samples[-1] < 20_000
        assert 2800 < last["temp"].samples[-1] < 3700
        pulse = [v for chunk in out if chunk.signal == "bvp" for v in chunk.samples][-640:]
        assert max(pulse) - min(pulse) > 500

    virtual_time.run(main())


def test_without_bleak_one_sentence_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bleak", None)
    with pytest.raises(SourceError, match=r"pip install -e '\.\[ble\]'"):
        make_source("e4-ble", 0, lambda _: None, lambda: 0.0)


def test_wearers_and_bands_are_named_once() -> None:
    backend = BleakBackend()
    for wearers, addresses in ((["a", "a"], {}), (["a"], {"X": "a", "Y": "a"}), (["a"], {"X": "b"})):
        with pytest.raises(UsageError):
            E4BleSource(wearers, lambda _: None, lambda: 0.0, addresses=addresses, backend=backend)


class Unplugged(BleakBackend):
    """An adapter that is missing at first."""

    calls = 0

    async def scan(self, wanted: Callable[[Found], bool], for_s: float) -> Found | None:
        self.calls += 1
        if self.calls < 10:
            raise LinkError("no adapter")
        return await super().scan(wanted, for_s)


def test_no_adapter_is_said_once_for_all_and_asked_for_again() -> None:
    async def main() -> None:
        here = await room()
        band = here.band()
        await band.appear()
        here.backend = Unplugged(*backend_types(here.central))
        async with here.source("a", "b"):
            await until(lambda: "streaming" in here.said(), 10 * (BACKOFF_S[-1] + SCAN_S))
        assert here.said().count("radio") == 1

    virtual_time.run(main())


class LeftConnected(NothingConnected):  # type: ignore[misc]
    """The system's own list of what is connected to it."""

    async def get_connected_devices(self, service_uuids: frozenset[str]) -> list[BLEDevice]:
        return [BLEDevice("X", "Keyboard", None), BLEDevice(ADDRESSES[0], "Empatica E4", None)]


def test_a_band_that_a_killed_daemon_left_connected_is_found_though_it_does_not_advertise() -> None:
    async def main() -> None:
        here = await room()
        scanner, client, _ = backend_types(here.central)
        backend = BleakBackend(scanner, client, LeftConnected)
        found = await backend.scan(lambda found: found.name.startswith("Empatica"), 1.0)
        assert found is not None and found.address == ADDRESSES[0]
        assert await backend.scan(lambda found: found.name == "else", 1.0) is None

    virtual_time.run(main())
