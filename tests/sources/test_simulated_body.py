"""The simulated body keeps its promises: equal seeds, any split, the record's layout, events where they were asked."""

from __future__ import annotations

import random
import struct
from dataclasses import replace

import numpy as np
import pytest

from somatone.sources.simulated_body import (
    CLEAN,
    RECORD_FORMAT,
    RECORD_SIZE,
    VISITORS,
    BodyProfile,
    SimulatedBody,
)

Rows = list[tuple[int, ...]]


def rows(data: bytes) -> Rows:
    return list(struct.iter_unpack(RECORD_FORMAT, data))


def test_layout() -> None:
    assert RECORD_SIZE == 22
    for ir, red, eda, temp, x, y, z, contact, flags in rows(SimulatedBody(1).records(0.0, 2.0)):
        assert 90_000 < ir < 110_000
        assert 70_000 < red < 95_000
        assert 500 < eda < 5_000
        assert 2_800 < temp < 3_600
        assert max(abs(x), abs(y), abs(z)) < 2_500
        assert (contact, flags) == (1, 0)


def test_any_split_and_any_run_give_the_same_bytes() -> None:
    whole = SimulatedBody(5, VISITORS).records(0.0, 90.0)
    assert len(whole) == 90 * 100 * RECORD_SIZE
    rng, body, parts, at = random.Random(2), SimulatedBody(5, VISITORS), [], 0
    while at < 9000:
        end = min(9000, at + rng.randint(0, 170))
        parts.append(body.records(at / 100, end / 100))
        at = end
    assert b"".join(parts) == whole
    assert SimulatedBody(6, VISITORS).records(0.0, 90.0) != whole


def test_reflectance_falls_at_systole() -> None:
    body = SimulatedBody(3, replace(CLEAN, wander=0.0, pulse_noise=0.0))
    ir = np.array([row[0] for row in rows(body.records(0.0, 60.0))])
    for beat_s in body.truth.beats_s[2:40]:
        before, after = (ir[round((beat_s + shift_s) * 100)] for shift_s in (-0.1, 0.08))
        assert before - after > 300


def test_truth_of_heart_and_breath() -> None:
    body = SimulatedBody(3, replace(CLEAN, heart_bpm=75.0))
    body.records(0.0, 300.0)
    intervals_s = np.diff(body.truth.beats_s)
    assert 60 / intervals_s.mean() == pytest.approx(75, abs=8)
    assert 0.01 < np.abs(np.diff(intervals_s)).mean() < 0.1
    assert len(body.truth.responses) == pytest.approx(25, abs=12)


def test_startle_raises_skin_and_heart() -> None:
    quiet = replace(CLEAN, responses_per_min=0.0, tonic_drift=0.0)
    calm, startled = SimulatedBody(4, quiet), SimulatedBody(4, quiet)
    for body in (calm, startled):
        body.records(0.0, 20.0)
    at_s = startled.startle(5.0)
    assert at_s == 20.0, "what has been drawn cannot be changed any more"
    before, after = (np.array([row[2] for row in rows(body.records(20.0, 40.0))]) for body in (calm, startled))
    assert after[0] == before[0]
    assert (after - before.astype(np.int64)).max() == pytest.approx(400, rel=0.05)
    assert startled.truth.responses[0].onset_s == 20.0
    beats = [sum(21 < beat_s < 32 for beat_s in body.truth.beats_s) for body in (calm, startled)]
    assert beats[1] > beats[0]


def test_taken_off_and_put_on() -> None:
    body = SimulatedBody(8, CLEAN)
    body.records(0.0, 10.0)
    assert body.take_off(12.5) == 12.5
    assert body.put_on(30.0) == 30.0
    seen = rows(body.records(10.0, 60.0))
    contact = [row[7] for row in seen]
    assert contact.index(0) == 250
    assert sum(contact) == len(contact) - 1750
    off = seen[260:1990]
    assert max(row[2] for row in off) < 50
    assert max(row[0] for row in off) < 2000
    assert seen[1900][3] < seen[240][3] - 300
    assert body.truth.worn_s == ((0.0, 12.5), (30.0, 60.0))
    assert not any(12.5 <= beat_s < 30 for beat_s in body.truth.beats_s)


def test_visitors_come_and_go() -> None:
    body = SimulatedBody(2, VISITORS)
    body.records(0.0, 900.0)
    worn_s = body.truth.worn_s
    assert 2 <= len(worn_s) <= 6
    assert all(100 <= end_s - start_s <= 260 for start_s, end_s in worn_s[:-1])


def test_movement_shakes_the_light_only_when_asked() -> None:
    restless = BodyProfile(bouts_per_min=20.0, bout_g=0.5)
    shaken, steady = (SimulatedBody(9, replace(restless, artefact=gain)) for gain in (1.0, 0.0))
    loud, quiet = (np.std([row[0] for row in rows(body.records(0.0, 60.0))]) for body in (shaken, steady))
    assert loud > 2 * quiet
    assert shaken.truth.bouts_s == steady.truth.bouts_s != ()


def test_memory_stays_bounded() -> None:
    body = SimulatedBody(1, BodyProfile(history_s=30.0, bouts_per_min=6.0))
    body.records(0.0, 300.0)
    truth = body.truth
    assert truth.beats_s[0] > 200.0
    assert len(truth.beats_s) < 150


def test_signals_for_the_rules() -> None:
    body = SimulatedBody(1)
    assert [len(body.bvp_64hz(10)), len(body.eda_4hz(10)), len(body.temp_4hz(10)), len(body.acc_32hz(10))] == [
        640,
        40,
        40,
        960,
    ]
