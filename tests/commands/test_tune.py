"""`somatone tune`: what it draws is what the path does, its scores are right where truth is known, and it keeps and
forgets what an artist tried.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gates.common import OPENED
from gates.eda import SkinResponses
from gates.pulse import PulseBeats
from somatone.cli.frame import app
from somatone.commands.tune import TuneOptions, tune_command
from somatone.errors import SomatoneError
from somatone.pieces.piece import find_piece
from somatone.recorded import open_session
from somatone.tuning.play import Played, Values, play
from somatone.tuning.references import DETECTORS, found_s, installed
from somatone.tuning.scores import agreement, gate_figures, matched, own_beats_s
from somatone.tuning.traces import Curve

LENGTH_S = 150
BEAT_S = 0.8
FIRST_RISE_S, RISE_EVERY_S = 40.0, 15.0


def waves() -> tuple[list[float], list[float]]:
    """A pulse of 75 beats a minute (each an upstroke of 0.15 s and a slow fall), and a conductance with responses."""
    phase = (np.arange(LENGTH_S * 64) / 64) % BEAT_S
    pulse = np.where(phase < 0.15, -np.cos(np.pi * phase / 0.15), np.cos(np.pi * (phase - 0.15) / (BEAT_S - 0.15))) * 40
    times_s = np.arange(LENGTH_S * 4) / 4
    skin = np.full(len(times_s), 2.0)
    for onset_s in np.arange(FIRST_RISE_S, LENGTH_S - 10, RISE_EVERY_S):
        since = np.clip(times_s - onset_s, 0, None)
        skin += 0.4 * (np.exp(-since / 4) - np.exp(-since / 0.7))
    return pulse.tolist(), skin.tolist()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An E4 session with those waves, still throughout; its own IBI.csv has every beat of the second minute."""
    folder = tmp_path_factory.mktemp("made")
    pulse, skin = waves()
    start = "1500000000.000000\n"
    (folder / "BVP.csv").write_text(start + "64.000000\n" + "".join(f"{v:.2f}\n" for v in pulse))
    (folder / "EDA.csv").write_text(start + "4.000000\n" + "".join(f"{v:.6f}\n" for v in skin))
    (folder / "TEMP.csv").write_text(start + "4.000000\n" + "33.00\n" * (LENGTH_S * 4))
    beats = [k * BEAT_S + 0.05 for k in range(int(60 / BEAT_S), int(120 / BEAT_S))]
    (folder / "IBI.csv").write_text("1500000000.000000, IBI\n" + "".join(f"{b:.6f},{BEAT_S:.6f}\n" for b in beats))
    return folder


def played(path: Path, settings: dict[str, dict[str, int]] | None = None) -> Played:
    piece = find_piece("correlations")
    session = open_session(path)
    signals = ("bvp", "eda", "temp", "acc")
    return play(session, piece, settings or {}, wearer="body", until_s=session.length_s, traced=signals)


@pytest.fixture(scope="module")
def as_it_is(archive: Path) -> Played:
    return played(archive)


def test_the_copies_open_where_the_path_opens(as_it_is: Played) -> None:
    """A rule alone, fed the same samples, opens at the moments that the path says, where the signal was usable."""
    for gate, rule, signal in (("pulse.beat", PulseBeats(64), "bvp"), ("eda.onset", SkinResponses(4), "eda")):
        seen = as_it_is.signals[signal]
        alone = []
        for at_s, x in zip(seen.times_s, seen.samples, strict=True):
            if rule.step(x) & OPENED:
                alone.append((at_s, at_s - rule.age_q8 / 256 / seen.rate_hz))
        said_s, began_s = np.array(alone).T
        assert as_it_is.starts_s(gate) == pytest.approx(began_s[seen.usable(said_s)], abs=1e-6)
        assert len(as_it_is.starts_s(gate)) > 5


def curve(seen_by: Played, signal: str, rule: str, kind: str) -> Values:
    found = [v for c, v in seen_by.signals[signal].curves([rule]).items() if c.kind == kind]
    return np.asarray(found[0])


def test_the_threshold_drawn_is_the_one_that_decides(as_it_is: Played) -> None:
    """Just before each opening the upstroke stands above the threshold; most of the time it does not."""
    seen = as_it_is.signals["bvp"]
    upstroke = curve(as_it_is, "bvp", "pulse.beat", "compared")
    threshold = curve(as_it_is, "bvp", "pulse.beat", "threshold")
    above_s = seen.times_s[upstroke >= threshold]
    for start_s in as_it_is.starts_s("pulse.beat"):
        assert ((above_s > start_s) & (above_s < start_s + 0.25)).any()
    assert (upstroke >= threshold).mean() < 0.4


def test_a_parameter_moves_its_threshold(archive: Path, as_it_is: Played) -> None:
    tried = played(archive, {"eda.onset": {"least_slope": 1000}, "temp.rise": {"on_centi": 50}})
    assert curve(tried, "eda", "eda.onset", "threshold").min() >= 1000
    assert curve(as_it_is, "eda", "eda.onset", "threshold").min() < 20
    rise = {c: v for c, v in tried.signals["temp"].curves(["temp.rise"]).items() if c.label == "rise opens"}
    assert set(next(iter(rise.values()))) == {50.0}
    assert len(tried.starts_s("eda.onset")) < len(as_it_is.starts_s("eda.onset"))


def test_curves_belong_to_their_rule(as_it_is: Played) -> None:
    curves: list[Curve] = list(as_it_is.signals["eda"].curves(["eda.tonic"]))
    assert [c.kind for c in curves] == ["range", "range"]


def test_figures_of_a_known_pulse(as_it_is: Played) -> None:
    figures = gate_figures(as_it_is, "pulse.beat", as_it_is.signals["bvp"], (60.0, 120.0))
    assert figures.openings == 75
    assert figures.per_minute == pytest.approx(75, abs=0.5)
    assert 0 < figures.duty < 1 and figures.shortest_s is not None


@pytest.mark.skipif(not installed(), reason="the extra `reference` is not installed")
@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: d.name)
def test_references_find_what_is_there(as_it_is: Played, detector: object) -> None:
    """On a clean signal every reference and our rule name the same events."""
    known = next(d for d in DETECTORS if d is detector)
    seen = as_it_is.signals["bvp" if known.rule == "pulse.beat" else "eda"]
    theirs_s = found_s(known, seen.values, seen.times_s, seen.rate_hz)
    assert theirs_s is not None
    ours_s = as_it_is.starts_s(known.rule)
    inner = [events[(events > 45) & (events < LENGTH_S - 20)] for events in (ours_s, theirs_s)]
    assert agreement(inner[0], inner[1], known.tolerance_s).f1 >= 0.9


@pytest.mark.skipif(not installed(), reason="the extra `reference` is not installed")
@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: d.name)
def test_references_survive_a_flat_signal(detector: object) -> None:
    known = next(d for d in DETECTORS if d is detector)
    rate_hz = 64.0 if known.rule == "pulse.beat" else 4.0
    flat = np.full(int(60 * rate_hz), 500.0)
    events_s = found_s(known, flat, np.arange(len(flat)) / rate_hz, rate_hz)
    assert events_s is None or len(events_s) < 60


events = st.lists(st.floats(0, 100), max_size=30).map(lambda v: np.sort(np.array(v, dtype=np.float64)))


@given(events, events)
def test_matching_is_one_to_one_and_the_same_both_ways(a_s: Values, b_s: Values) -> None:
    a_has, b_has = matched(a_s, b_s, 0.5)
    again_b, again_a = matched(b_s, a_s, 0.5)
    assert a_has.sum() == b_has.sum() == again_a.sum() == again_b.sum()
    for at_s in a_s[a_has]:
        assert np.abs(b_s - at_s).min() <= 0.5


@given(st.integers(9, 60), st.floats(-0.14, 0.14))
def test_a_constant_lag_costs_nothing(count: int, lag_s: float) -> None:
    ours_s: Values = np.arange(count, dtype=np.float64) * 0.8
    score = agreement(ours_s, ours_s + lag_s, 0.15)
    assert score.f1 == 1.0
    assert score.lag_s == pytest.approx(lag_s, abs=1e-9)


def test_agreement_counts_what_is_missing_and_what_is_added() -> None:
    ours_s: Values = np.arange(20, dtype=np.float64)
    assert agreement(ours_s, ours_s[::2], 0.15).f1 == pytest.approx(2 * 10 / 30)
    assert agreement(ours_s, np.array([]), 0.15).f1 == 0.0
    assert agreement(np.array([]), np.array([]), 0.15).f1 == 1.0


def test_ends_of_neighbouring_intervals_are_one_beat() -> None:
    assert own_beats_s([(1.8, 0.8), (2.600001, 0.8), (9.0, 0.9)]).tolist() == pytest.approx([1.0, 1.8, 2.6, 8.1, 9.0])
    assert not len(own_beats_s([]))


@pytest.fixture
def somatone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The command line in this process, with a home of its own."""
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path))
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_an_artist_tries_keeps_replays_and_forgets(archive: Path, tmp_path: Path, somatone: Callable[..., Any]) -> None:
    plot, layer = tmp_path / "eda.png", tmp_path / "pieces/correlations/layer.toml"
    done = somatone("tune", archive, "--rule", "eda.onset", "--set", "least_amplitude=5000", "--plot", plot, "--save")
    assert done.exit_code == 0, done.output
    assert "tried" in done.output and "kept in" in done.output
    assert plot.read_bytes().startswith(b"\x89PNG")
    tried = somatone("replay", archive, "--speed", "max", "--no-sound")
    assert f"the artist's layer {layer} is in force: eda.onset (least_amplitude)" in tried.output
    assert " 0 onsets" in tried.output
    assert somatone("tune", "--forget", "--rule", "eda.onset").exit_code == 0
    again = somatone("replay", archive, "--speed", "max", "--no-sound")
    assert "layer" not in again.output and " onsets" in again.output and " 0 onsets" not in again.output


def test_the_list_shows_what_is_set(somatone: Callable[..., Any]) -> None:
    assert somatone("tune", "--rule", "motion.still", "--set", "still_below=17", "--save").exit_code == 0
    listed = somatone("tune", "--list", "--rule", "motion.still").output
    (line,) = [line for line in listed.splitlines() if "still_below" in line]
    assert " 17 " in line and " 3 " in line


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ({"rule": "pulse.beet"}, 2, "did you mean 'pulse.beat'"),
        ({"rule": "pulse.beat", "settings": ("refractory_ms=3",)}, 1, "3 lies outside 200 .. 1000 ms"),
        ({"rule": "pulse.beat", "settings": ("refractory=300",)}, 1, "did you mean 'refractory_ms'"),
        ({"settings": ("refractory_ms=300",)}, 2, "say which with --rule"),
        ({"rule": "pulse.beat", "settings": ("refractory_ms",)}, 2, "write NAME=NUMBER"),
        ({"from_s": 60.0, "to_s": 60.0}, 2, "is empty"),
        ({"from_s": 500.0}, 2, "is empty"),
        ({"rule": "motion.active"}, 1, "holds no acc"),
        ({"plot": Path("x.txt")}, 2, "must end in"),
        ({"save": True}, 2, "nothing to keep"),
        ({"wearer": "ada"}, 2, "--wearer with one of body"),
        ({"forget": True}, 2, "just --rule"),
    ],
)
def test_mistakes_are_one_sentence(
    archive: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: dict[str, Any],
    status: int,
    said: str,
) -> None:
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path))
    with pytest.raises(SomatoneError) as raised:
        tune_command(TuneOptions(archive, **words))
    assert said in str(raised.value)
    assert raised.value.status == status
    assert "\n" not in str(raised.value)


def test_a_layer_that_cannot_be_written_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path))
    (tmp_path / "pieces").write_text("a file where the folder would be")
    with pytest.raises(SomatoneError, match="cannot be written"):
        tune_command(TuneOptions(None, rule="pulse.beat", settings=("on_ms=200",), save=True))
