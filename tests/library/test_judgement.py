"""Judging, choosing and playing: what a person says lasts, can be taken back, and is all that a piece may play."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.made_gestures import make_recording
from somatone.errors import UsageError
from somatone.library.catalogue import Catalogue, Gesture, LibraryError
from somatone.library.judgement import Filter, Judgement
from somatone.library.scan import scan
from somatone.library.selection import select_kept, spread, twin_path
from somatone.sinks.library_map import draw_library


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalogue]:
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path / "home"))
    folder = tmp_path / "sounds"
    folder.mkdir()
    make_recording(folder / "a.wav", 701, 14, 22_050)
    opened = Catalogue.create("mine", folder)
    scan(folder, opened)
    yield opened
    opened.close()


def standing(catalogue: Catalogue) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(g.key, g.verdict, g.tags) for g in catalogue.gestures()]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["keep", "discard", "next", "wild", "soft"]), max_size=12))
def test_undo_goes_all_the_way_back(catalogue: Catalogue, said: list[str]) -> None:
    before = standing(catalogue)
    session = Judgement(catalogue)
    for word in said:
        if word in ("keep", "discard", "next"):
            getattr(session, word)()
        else:
            session.tag(word)
    later = Judgement(Catalogue.open("mine"))  # as after a restart
    while later.undo() is not None:
        pass
    assert standing(catalogue) == before


def test_it_resumes_where_it_stopped(catalogue: Catalogue) -> None:
    session = Judgement(catalogue)
    session.keep()
    session.next()
    there = session.current
    assert there
    again = Judgement(Catalogue.open("mine")).current
    assert again and again.id == there.id
    unjudged = Judgement(catalogue, Filter(unjudged=True))
    assert len(unjudged.gestures) == len(session.gestures) - 1
    novel = Judgement(catalogue, Filter(novel=True)).gestures
    assert [g.novelty for g in novel] == sorted((g.novelty for g in novel), reverse=True)
    with pytest.raises(UsageError, match="one word"):
        session.tag("two words")


def test_only_what_was_kept_is_played(catalogue: Catalogue) -> None:
    with pytest.raises(LibraryError, match="Nothing was kept in library 'mine'"):
        select_kept("mine")
    session = Judgement(catalogue)
    session.keep()
    session.discard()
    session.keep()
    selection = select_kept(str(catalogue.root))
    kept = catalogue.kept()
    assert len(selection.human) == len(kept) == 2 and not selection.machine
    assert {f"a {g.start_s:.2f} s #{g.id}" for g in kept} == set(selection.human)
    for path in selection.human.values():
        info = soundfile.info(path)
        assert (info.samplerate, info.channels) == (48_000, 1)
        assert info.duration >= 0.1
    twin = twin_path("mine", kept[0].key)
    twin.parent.mkdir()
    twin.write_bytes(next(iter(selection.human.values())).read_bytes())
    paired = select_kept("mine")
    assert list(paired.human) == list(paired.machine)
    assert list(paired.buffers().values()) == [*paired.human.values(), *paired.machine.values()]
    (catalogue.root / "a.wav").unlink()
    for path in selection.human.values():
        path.unlink()
    with pytest.raises(LibraryError, match="None of the"):
        select_kept("mine")


def test_more_than_fit_are_chosen_far_apart_and_of_every_tag(catalogue: Catalogue) -> None:
    model = catalogue.gestures()[0]

    def made(number: int) -> Gesture:
        tags = ("rare",) if number < 3 else ()
        return replace(
            model, id=number, key=f"{number}", tags=tags, duration_s=1.0, brightness_hz=200.0 + 7 * number,
            novelty=1.0 + number % 5,
        )  # fmt: skip

    many = [made(number) for number in range(900)]
    chosen = spread(many, 500)
    assert len(chosen) == len({g.key for g in chosen}) == 500
    assert sum("rare" in g.tags for g in chosen) == 3
    assert [g.brightness_hz for g in chosen] == sorted(g.brightness_hz for g in chosen)
    assert chosen[0].brightness_hz < 300 and chosen[-1].brightness_hz > 6300
    assert sum(g.duration_s for g in spread(many, 500, seconds=60)) <= 60


def test_the_map_is_drawn(catalogue: Catalogue, tmp_path: Path) -> None:
    draw_library("mine", catalogue.gestures(), tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_a_person_at_a_terminal(catalogue: Catalogue) -> None:
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "somatone", "library", "listen"], stdin=follower, stdout=subprocess.PIPE, text=True
    )
    os.close(follower)
    assert child.stdout
    said = ""
    while "k keep" not in said:
        said += child.stdout.readline()
    os.write(leader, b"ktsoft\nd u kq")
    said += child.communicate(timeout=60)[0]
    os.close(leader)
    assert child.returncode == 0
    assert "k keep" in said and "tags: soft" in said and "taken back" in said
    gestures = catalogue.gestures()
    assert [g.verdict for g in gestures[:3]] == ["keep", "keep", ""]
    assert gestures[1].tags == ("soft",)


def test_commands(catalogue: Catalogue, tmp_path: Path) -> None:
    def somatone(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "somatone", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert "1 kept" in somatone("library", "keep", 1).stdout
    assert somatone("library", "export", tmp_path / "out").returncode == 0
    assert len(list((tmp_path / "out").glob("*.wav"))) == 1
    wrong = somatone("library", "keep", 1, 99_999)
    assert wrong.returncode == 1 and "has no gesture 99999" in wrong.stderr and "Traceback" not in wrong.stderr
