"""The application around the sampling: light, self-test, lamp, heartbeat and watchdog, on the bench's clock."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import wire
from fakes.board_bench import Bench, Host, Reset, board  # no types there
from gates.common import OPENED
from gates.pulse import PulseBeats
from somatone.records import Chunk, NativeChunk
from somatone.sources.board_protocol import BoardLog, BoardStatus, Measured, SetAside
from somatone.sources.virtual_board import launch
from somatone.timeline.live_clock import LiveClocks
from somatone.timeline.timeline import Timeline
from somatone.timeline.units import conductance_nanosiemens
from wire.table import ACC, BVP, CHIP_ABSENT, CHIP_OK, CHIP_SILENT, EDA, TEMP

ADDRESS = {BVP: board.pins.MAX30102, EDA: board.pins.ADS1115, TEMP: board.pins.TMP117, ACC: board.pins.LIS3DH}


def freeze(bench: Any, number: int) -> None:
    """The chip answers, keeps its registers, and measures nothing any more, however often it is started."""
    bench.chips[ADDRESS[number]].run = lambda *_: None


# --- the light


@pytest.mark.parametrize(
    ("counts", "moves"), [(60_000, 0), (120_000, 0), (220_000, 0), (500_000, 1), (900_000, 2), (30_000, 1)]
)
def test_the_light_moves_rarely_and_then_far(counts: int, moves: int) -> None:
    bench = Bench()
    bench.body.light, bench.body.beat = counts, 100
    host = Host(bench)
    host.run_ms(40_000)
    status = [event for event in host.events if isinstance(event, BoardStatus)]
    texts = [event.text for event in host.events if isinstance(event, BoardLog)]
    asides = [event for event in host.events if isinstance(event, SetAside)]
    infrared = [raw[0] | raw[1] << 8 | raw[2] << 16 for raw in list(bench.truth[BVP].values())[-500:]]
    print(f"\n{counts} counts at 7.2 mA: {texts or 'stays'}, then {min(infrared)} to {max(infrared)}")
    assert 50_000 <= min(infrared) <= max(infrared) <= 235_000
    assert len(texts) == len(asides) == moves
    assert [event.count for event in asides] == [2] * moves
    assert status[-1].set_aside == (2 * moves, 0, 0, 0) and status[-1].contact
    assert sum(host.protocol.lost.values()) == 0
    assert (moves == 0) == (status[-1].led_current_ua == 7_200)


def test_no_sample_is_a_mixture_of_two_currents() -> None:
    bench = Bench()
    bench.body.light, bench.body.beat = 500_000, 100
    host = Host(bench)
    host.run_ms(10_000)
    got = host.received(BVP)
    for event in host.events:
        if isinstance(event, SetAside):
            before, after = (got[event.index - 1 - event.count], got[event.index])
            assert int.from_bytes(before[:3], "little") > int.from_bytes(after[:3], "little")
            assert event.index - 1 not in got and event.index - 2 not in got


def test_a_move_of_the_light_is_no_beat() -> None:
    bench = Bench()
    bench.body.light, bench.body.beat = 225_000, 100
    host = Host(bench)
    host.run_ms(10_000)
    bench.body.light = 245_000  # clips almost: the light goes down, which steps the pulse signal up
    host.run_ms(15_000)
    timeline, rule, wanted, strengths, gaps = Timeline(LiveClocks()), PulseBeats(64), 0, [], 0
    for event in host.events:
        pieces = timeline.feed(event) if isinstance(event, NativeChunk) and event.signal == "bvp" else []
        for piece in pieces:
            if not isinstance(piece, Chunk):
                continue
            if piece.index != wanted:
                rule.gap()
                gaps += 1
            wanted = piece.index + len(piece.samples)
            strengths += [rule.strength for x in piece.samples if rule.step(x) & OPENED]
    print(f"\nbeats {len(strengths)}, strengths {strengths}")
    assert gaps == 1 and bench.sampler.pulse.led < 0x24
    assert 21 <= len(strengths) <= 24
    assert max(strengths) < 1.1 * strengths[0]  # less light, less pulse; the step itself is 40 times a pulse


def test_off_the_skin_the_light_goes_back_to_nominal() -> None:
    bench = Bench()
    bench.body.light, bench.body.beat = 500_000, 100
    bench.run_ms(10_000)
    assert bench.sampler.pulse.led < 0x24
    bench.body.contact = 0
    bench.run_ms(10_000)
    assert bench.sampler.pulse.led == 0x24 and not bench.sampler.pulse.contact


def test_a_light_that_cannot_do_more_is_left_alone() -> None:
    bench = Bench()
    bench.body.light, bench.body.beat, bench.body.red = 13_000, 100, 9_000
    bench.run_ms(20_000)
    moved = bench.sampler.rings[BVP].set_aside
    bench.run_ms(60_000)
    assert bench.sampler.pulse.led == board.light.LED_MAX and bench.sampler.rings[BVP].set_aside == moved


@pytest.mark.parametrize("led", [5, 36, 128])
@pytest.mark.parametrize("infrared", [0, 1, 10_000, 120_000, 262_143])
@pytest.mark.parametrize("red", [0, 90_000, 262_143])
def test_every_current_that_comes_out_is_one_the_chip_may_have(led: int, infrared: int, red: int) -> None:
    better = board.light.better(led, infrared, red)
    assert board.light.LED_MIN <= better <= board.light.LED_MAX
    assert red * better <= max(262_143 * board.light.LED_MIN, 235_000 * led)


# --- chips that forget, freeze, float


@pytest.mark.parametrize("number", [BVP, ACC])
def test_a_chip_that_forgot_its_settings_is_found_out_while_it_still_measures(number: int) -> None:
    bench = Bench()
    bench.run_ms(3_000)
    if number == BVP:
        bench.chips[ADDRESS[BVP]]._registers[0x00] = 1  # it says that its power was away
    else:
        bench.chips[ADDRESS[ACC]]._registers[0x23] = 0x00  # +-2 g, but low resolution
    bench.run_ms(2_000)
    assert bench.sampler.errors[number] == 1 and bench.sampler.states[number] == CHIP_OK
    assert bench.chips[ADDRESS[BVP]]._registers[0x00] == 0 and bench.chips[ADDRESS[ACC]]._registers[0x23] == 0x88


@pytest.mark.parametrize("number", [BVP, ACC])
def test_registers_that_cannot_be_are_not_believed(number: int) -> None:
    bench = Bench()
    bench.run_ms(2_000)
    head = bench.sampler.rings[number].head

    def floating(_register: int, out: Any) -> None:
        out[:] = b"\xff" * len(out)

    bench.chips[ADDRESS[number]].read = floating
    bench.run_ms(500)
    assert bench.sampler.rings[number].head == head and bench.sampler.errors[number] > 0
    assert bench.sampler.callback_errors == 0


def test_a_chip_plugged_in_later_is_taken_up() -> None:
    bench = Bench()
    bench.bus.failing.add(ADDRESS[TEMP])
    bench.run_ms(4_000)
    assert bench.sampler.states[TEMP] == CHIP_ABSENT
    bench.bus.failing.clear()
    bench.run_ms(3_000)
    assert bench.sampler.states[TEMP] == CHIP_OK and bench.truth[TEMP]


def test_a_bus_held_low_is_freed_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    freed: list[int] = []
    bench.sampler._free_bus = lambda: freed.append(1)
    bench.run_ms(2_000)
    bench.bus.failing |= set(ADDRESS.values())
    bench.run_ms(4_000)
    assert len(freed) in (3, 4)
    bench.bus.failing.clear()
    bench.run_ms(3_000)
    assert list(bench.sampler.states) == [CHIP_OK] * 4


# --- the self-test


def selftest(bench: Any) -> list[Measured]:
    host = Host(bench)
    host.run_ms(1_000)
    bench.port.to_board += host.protocol.selftest()
    host.run_ms(200)
    return [event for event in host.events if isinstance(event, Measured)]


def test_a_good_board_off_the_body_passes() -> None:
    bench = Bench()
    bench.body.contact = 0
    bench.run_ms(2_000)
    rows = selftest(bench)
    assert len(rows) == len(wire.CHECKS) and all(row.passed for row in rows)
    assert [row.value for row in rows[:4]] == [900, 7_200, 0, 3_300]
    assert rows[4].value == pytest.approx(1000, abs=30)


def test_what_is_wrong_fails_and_only_that() -> None:
    bench = Bench(absent=("tmp117",))
    bench.body.acc_z = 0
    bench.run_ms(2_000)
    failed = {row.signal: row.chip_state for row in selftest(bench) if not row.passed}
    assert failed == {"eda": "ok", "temp": "absent", "acc": "ok"}  # somebody wears it, too


def test_the_root_is_the_floor() -> None:
    for square in (0, 1, 3, 4, 999_999, 1_000_000, 3 * 2048 * 2048):
        root = board.selftest._root(square)
        assert root * root <= square < (root + 1) ** 2


# --- heartbeat and lamp


def test_the_board_converts_conductance_as_the_host_does() -> None:
    for code in range(10_001):
        assert board.heartbeat.nanosiemens(code) == conductance_nanosiemens(code)
    assert [board.heartbeat.nanosiemens(code) for code in (-5, 32_767)] == [0, conductance_nanosiemens(10_000)]


def flashes(bench: Any, duration_ms: int) -> list[int]:
    """When the lamp went on, in ms from now, while the board runs on."""
    began = bench.clock.now_us() // 1000
    bench.run_ms(duration_ms)
    return [at - began for at, level in bench.led.diary if level and at > began]


@pytest.mark.parametrize("bpm", [50, 60, 120])
def test_the_lamp_shows_the_beat_when_the_sensor_sits_well(bpm: int) -> None:
    bench = Bench()
    bench.body.beat = 6000 // bpm
    bench.body.temp_cc = 3_300
    host = Host(bench)
    host.run_ms(15_000)
    bench_beats = []
    began = bench.clock.now_us() // 1000
    host.run_ms(20_000)
    bench_beats = [at for at, level in bench.led.diary if level and at > began]
    steps = [after - before for before, after in pairwise(bench_beats)]
    print(f"\n{bpm} bpm: {len(bench_beats)} flashes in 20 s, {min(steps)} to {max(steps)} ms apart")
    assert len(bench_beats) == pytest.approx(bpm / 3, abs=1.1)
    assert all(step == pytest.approx(60_000 / bpm, abs=30) for step in steps)


def lamp_groups(times: list[int]) -> list[int]:
    """How many flashes between two pauses, for the groups that are complete."""
    groups, count = [], 1
    for before, after in pairwise(times):
        if after - before > 450:
            groups.append(count)
            count = 0
        count += 1
    return groups[1:]


def test_each_absent_chip_has_its_own_pattern_one_after_the_other() -> None:
    bench = Bench(absent=("tmp117", "max30102"))
    bench.run_ms(2_000)
    assert set(lamp_groups(flashes(bench, 21_000))) == {2, 4}


def test_errors_and_losses_have_theirs_for_a_minute() -> None:
    bench = Bench()
    host = Host(bench)
    host.run_ms(2_000)
    bench.sampler.callback_errors += 1
    bench.sampler.rings[BVP].ring_lost += 3
    host.run_ms(2_000)
    assert bench.app.lamp.faults == [board.lamp.ERRORS, board.lamp.LOSSES] == [6, 7]
    began = bench.clock.now_us() // 1000
    host.run_ms(21_000)
    assert set(lamp_groups([at - began for at, on in bench.led.diary if on and at > began])) == {6, 7}
    host.run_ms(40_000)
    assert bench.app.lamp.faults == []


def test_no_host_is_long_and_nobody_wearing_it_is_short() -> None:
    bench = Bench()
    bench.body.contact = 0
    times = flashes(bench, 14_000)
    assert [b - a for a, b in pairwise(times)] == pytest.approx([3_500] * (len(times) - 1), abs=20)
    on_ms = next(at for at, level in bench.led.diary if not level and at > times[0]) - times[0]
    assert on_ms == pytest.approx(1_750, abs=20)
    host = Host(bench)
    host.run_ms(4_000)
    diary = bench.led.diary[-2:]
    host.run_ms(7_000)
    (up, _), (down, _) = [item for item in bench.led.diary if item not in diary][-2:]
    assert down - up == pytest.approx(125, abs=20)


def test_identify_cannot_be_mistaken() -> None:
    bench = Bench(absent=("tmp117",))
    host = Host(bench)
    host.run_ms(1_000)
    bench.port.to_board += host.protocol.identify(3)
    began = bench.clock.now_us() // 1000
    host.run_ms(2_000)
    assert len([at for at, level in bench.led.diary if level and at > began]) == pytest.approx(16, abs=2)


# --- the watchdog


def dog(bench: Any) -> Any:
    return bench.app.watchdog._dog


def hunger(bench: Any, host: Any, duration_ms: int) -> int:
    """The longest the dog went without food, in ms."""
    worst = 0
    for _ in range(duration_ms // 100):
        host.run_ms(100)
        worst = max(worst, dog(bench).hungry_ms if dog(bench) else 0)
    return worst


def test_the_dog_is_armed_only_in_a_session_of_ten_seconds() -> None:
    bench = Bench()
    bench.run_ms(60_000)
    assert not dog(bench)
    host = Host(bench)
    host.run_ms(9_000)
    assert not dog(bench)
    host.run_ms(5_000)
    assert dog(bench).timeout_ms == 8_000


def test_the_dog_does_not_bite_a_healthy_board_whatever_the_host_does() -> None:
    bench = Bench()
    host = Host(bench)
    host.run_ms(12_000)
    worst = hunger(bench, host, 20_000)
    bench.port.stalled = True
    worst = max(worst, hunger(bench, host, 30_000))
    bench.port.stalled, bench.port.pulled = False, True
    worst = max(worst, hunger(bench, host, 30_000))
    print(f"\nhungry for at most {worst} ms of 8000")
    assert worst <= 1_100


@pytest.mark.parametrize("number", [BVP, EDA, TEMP, ACC])
def test_a_chip_pulled_out_starves_nobody(number: int) -> None:
    bench = Bench()
    host = Host(bench)
    host.run_ms(12_000)
    bench.bus.failing.add(ADDRESS[number])
    assert hunger(bench, host, 20_000) <= 2_100


@pytest.mark.parametrize("number", [BVP, TEMP, ACC])
def test_a_sensor_that_answers_and_stands_still_starves_the_dog(number: int) -> None:
    bench = Bench()
    host = Host(bench)
    host.run_ms(12_000)
    freeze(bench, number)
    assert hunger(bench, host, 12_000) > 8_000


def test_a_sensor_that_never_worked_does_not_restart_the_board_for_ever() -> None:
    bench = Bench()
    freeze(bench, ACC)
    host = Host(bench)
    host.run_ms(12_000)
    assert hunger(bench, host, 20_000) <= 1_100
    assert bench.sampler.states[ACC] in (CHIP_SILENT, CHIP_OK)


def test_with_the_dog_armed_the_repl_is_reached_through_a_reset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bench = Bench()
    bench.app.watchdog.leave()  # not armed: just out
    host = Host(bench)
    host.run_ms(12_000)
    with pytest.raises(Reset):
        bench.app.watchdog.leave()
    assert (tmp_path / "repl-once").exists()


@pytest.mark.parametrize("interpreter", [next(iter(launch.interpreters())), "cpython"])
def test_from_a_session_to_a_repl_without_a_dog(interpreter: str, tmp_path: Path) -> None:
    """The whole program: `repl` after 15 s ends in a reset; the next start stops at the note, with no dog running."""
    frames = [wire.encode_frame(wire.pack("start", 7))] + [wire.encode_frame(wire.pack("ping", 1))] * 14
    frames.append(wire.encode_frame(wire.pack("repl")))
    script = b"".join(frame.rjust(32, b"\0") for frame in frames)  # 32 bytes a second of virtual time
    arguments, environment = launch.command(interpreter, {"clock": "virtual", "run_s": "60"})

    def power_up(said: bytes) -> tuple[int, bytes]:
        done = subprocess.run(
            arguments, input=said, capture_output=True, env=environment, cwd=tmp_path, timeout=60, check=False
        )
        return done.returncode, done.stdout

    status, stream = power_up(script)
    assert status == 42 and stream and (tmp_path / "repl-once").exists()
    assert power_up(b"") == (0, b"")
    assert not (tmp_path / "repl-once").exists()
