"""A still and a short film of a real recording, with the real stage, scsynth and ffmpeg."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.figures import reference_session
from somatone.errors import SomatoneError
from somatone.film.agreement import lightness
from somatone.film.frames import stage_frames
from somatone.film.make import make_film, make_still
from somatone.film.span import Span
from somatone.library.synthesise import ensure_library
from somatone.options import ReplayOptions
from somatone.pieces.piece import find_piece
from somatone.recorded import Session
from somatone.sinks.page.frame import unpack
from somatone.sources.e4_files import read_session


@pytest.fixture(scope="module")
def session() -> Session:
    path = reference_session()
    if path is None:
        pytest.skip("the real E4 sessions are not beside this checkout")
    return read_session(path)


@pytest.fixture(scope="module")
def options() -> ReplayOptions:
    return ReplayOptions(find_piece("correlations"), Path("unused"))


def test_frames_are_the_same_twice_and_on_time(session: Session, options: ReplayOptions) -> None:
    span = Span(20.0, 21.0)
    once, twice = (list(stage_frames(session, options.piece, span)) for _ in range(2))
    assert once == twice
    assert len(once) == 1 + span.run_in + 30
    assert all(abs(unpack(frame)[0].t_s - at_s) < 1e-3 for at_s, frame in once)


def test_a_still_is_the_same_twice(session: Session, options: ReplayOptions, tmp_path: Path) -> None:
    stills = [tmp_path / "a.png", tmp_path / "b.png"]
    for still in stills:
        make_still(session, options, 1.0, still, lambda share: None)
    first, second = (still.read_bytes() for still in stills)
    assert first.startswith(b"\x89PNG") and len(first) > 20_000
    assert first == second


def test_a_film_has_pictures_and_sound_of_one_length(session: Session, options: ReplayOptions, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    library = ensure_library(tmp_path / "library")
    report = make_film(session, options, Span(0.0, 1.5), film, library, lambda share: None)
    assert report.frames == 45
    probe = [
        "ffprobe",
        "-v",
        "error",
        "-show_entries",
        "stream=codec_type,duration,nb_frames",
        "-of",
        "json",
        str(film),
    ]
    streams = {s["codec_type"]: s for s in json.loads(subprocess.check_output(probe))["streams"]}
    assert streams["video"]["nb_frames"] == "45"
    assert abs(float(streams["video"]["duration"]) - float(streams["audio"]["duration"])) < 0.03
    assert lightness(film).max() > 1
    assert list(tmp_path.glob("somatone-film-*")) == []


@pytest.mark.parametrize("missing", ["chromium", "ffmpeg"])
def test_a_tool_that_is_missing_is_one_sentence(
    session: Session, options: ReplayOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    which: Callable[[str], str | None] = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if "chrom" in name or name == missing else which(name))
    if missing == "ffmpeg":
        monkeypatch.setattr(shutil, "which", lambda name: None if name == missing else which(name))
    with pytest.raises(SomatoneError, match=f"apt-get install -y --no-install-recommends {missing}"):
        make_film(session, options, Span(0.0, 1.0), tmp_path / "f.mp4", {}, lambda share: None)
