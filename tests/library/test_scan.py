"""Scanning: onsets against known truth, the same however it is read, killed at any moment, unreadable files."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.made_gestures import Truth, f1, make_recording, matched
from somatone.errors import UsageError
from somatone.library.catalogue import Catalogue, LibraryError, find_library
from somatone.library.judgement import judge
from somatone.library.onsets import Cut, OnsetCutter
from somatone.library.scan import scan
from somatone.library.spectrum import BandLevels

SEEDS = (501, 502)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[Truth]]]:
    folder = tmp_path_factory.mktemp("recordings")
    truth = {f"{seed}.wav": make_recording(folder / f"{seed}.wav", seed, 45) for seed in SEEDS}
    truth["low.flac"] = make_recording(folder / "low.flac", 503, 20, 22_050)
    (folder / "broken.wav").write_bytes(b"RIFF but no more")
    return folder, truth


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"


def cuts_of(sound: np.ndarray, rate_hz: int, blocks: list[int]) -> list[Cut]:
    levels = BandLevels(rate_hz)
    cutter = OnsetCutter(levels.sigma_db, levels.hop_s)
    cuts: list[Cut] = []
    at = turn = 0
    while at < len(sound):
        size = blocks[turn % len(blocks)]
        cuts += cutter.feed(levels.feed(sound[at : at + size]))
        at, turn = at + size, turn + 1
    return [*cuts, *cutter.feed(levels.finish()), *cutter.finish()]


def contents(catalogue: Catalogue) -> list[list[tuple[object, ...]]]:
    return [catalogue.db.execute(f"SELECT * FROM {name} ORDER BY id").fetchall() for name in ("recording", "gesture")]


def test_gestures_are_found_where_they_begin(recordings: tuple[Path, dict[str, list[Truth]]], home: Path) -> None:
    folder, truth = recordings
    catalogue = Catalogue.create("t", folder)
    report = scan(folder, catalogue)
    assert report.recordings == 4
    assert len(report.problems) == 1 and report.problems[0].startswith("broken.wav cannot be read: ")
    pairs = wanted = found = 0
    for name, items in truth.items():
        onsets = sorted(item.onset_s for item in items)
        starts = [g.start_s for g in catalogue.gestures("r.path = ?", (name,))]
        pairs, wanted, found = pairs + matched(onsets, starts), wanted + len(onsets), found + len(starts)
    assert f1(pairs, wanted, found) >= 0.88  # few and short: the hour's figure is the bench's
    for gesture in catalogue.gestures():
        assert 0 <= gesture.noisiness <= 1 and 0 <= gesture.pitchedness <= 1 and gesture.novelty > 0
        assert gesture.duration_s == gesture.frames / gesture.rate_hz


def test_how_it_is_read_makes_no_difference(recordings: tuple[Path, dict[str, list[Truth]]]) -> None:
    sound, rate_hz = soundfile.read(recordings[0] / "501.wav", dtype="float32")
    sound = sound[: 20 * rate_hz]
    whole = cuts_of(sound, rate_hz, [len(sound)])
    assert whole == cuts_of(sound, rate_hz, [7001, 640, 48_001]) == cuts_of(sound, rate_hz, [100_000])


def test_nothing_is_found_in_noise_or_silence() -> None:
    noise = (np.random.default_rng(9).standard_normal(30 * 16_000) * 0.01).astype(np.float32)
    assert len(cuts_of(noise, 16_000, [16_000])) <= 1
    assert cuts_of(np.zeros(10 * 16_000, np.float32), 16_000, [16_000]) == []


def test_unchanged_is_skipped_changed_is_redone_and_verdicts_stay(
    recordings: tuple[Path, dict[str, list[Truth]]], home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    sound, rate_hz = soundfile.read(recordings[0] / "low.flac", dtype="float32")
    soundfile.write(folder / "a.wav", sound, rate_hz, subtype="FLOAT")
    catalogue = Catalogue.create("mine", folder)
    scan(folder, catalogue)
    before = catalogue.gestures()
    judge(catalogue, before[0].key, "keep")
    assert scan(folder, catalogue).skipped == 1
    (folder / "a.wav").rename(folder / "b.wav")
    soundfile.write(folder / "a.wav", sound[: len(sound) // 2], rate_hz, subtype="FLOAT")
    report = scan(folder, catalogue)
    assert (report.recordings, report.skipped) == (2, 0)
    kept = catalogue.kept()
    assert {g.path for g in kept} == {"a.wav", "b.wav"}  # the same sound, wherever it is now
    assert {g.key for g in kept} == {before[0].key}


SCAN = "import sys; from pathlib import Path; from somatone.library.catalogue import Catalogue; \
from somatone.library.scan import scan; print('up', flush=True); \
scan(Path(sys.argv[1]), Catalogue.create('k', Path(sys.argv[1])))"


def test_killed_at_any_moment_it_ends_as_if_it_had_not_been(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for seed in range(8):
        make_recording(folder / f"{seed}.wav", 600 + seed, 6, 16_000)
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path / "whole"))
    begun = time.monotonic()
    scan(folder, whole := Catalogue.create("k", folder))
    took_s = time.monotonic() - begun
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path / "killed"))
    moments, killed = random.Random(3), 0
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", SCAN, str(folder)], stdout=subprocess.PIPE, env={**os.environ}, text=True
        )
        assert child.stdout and child.stdout.readline() == "up\n"
        try:
            child.wait(moments.uniform(0, took_s))
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            killed += 1
        child.wait()
        child.stdout.close()
    assert killed
    after = Catalogue.create("k", folder)
    scan(folder, after)
    assert after.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert contents(after) == contents(whole)


def test_mistakes_are_sentences(home: Path, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="no library yet"):
        find_library()
    with pytest.raises(UsageError, match="holds no recordings"):
        scan(tmp_path, Catalogue.create("x", tmp_path))
    with pytest.raises(LibraryError, match=r"no library 'nope': there are x"):
        find_library("nope")
    path = Catalogue.create("x", tmp_path).path
    path.write_bytes(b"this is no database, whatever it is called" * 40)
    with pytest.raises(LibraryError, match=r"cannot be read"):
        find_library("x")
