"""The artist's layer: over the piece, whole or not at all, and never in the way of the gallery."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from somatone.errors import PieceError
from somatone.gating.parameters import PARAMETERS
from somatone.pieces.layer import forget, keep, layer_path, read_layer
from somatone.pieces.piece import find_piece, load_piece

PIECE = 'name = "x"\nabout = "x"\nvoices = ["drone"]\n[rules."pulse.beat"]\non_ms = 200\nlearn_ms = 3000\n'


@pytest.fixture
def piece(tmp_path: Path) -> Path:
    file = tmp_path / "piece.toml"
    file.write_text(PIECE, encoding="utf-8")
    return file


def test_a_layer_lies_over_the_piece(piece: Path) -> None:
    keep(layer_path(piece), {"pulse.beat": {"on_ms": 300}, "eda.onset": {"least_amplitude": 50}})
    loaded = load_piece(piece)
    assert loaded.rules == {"pulse.beat": {"on_ms": 300, "learn_ms": 3000}, "eda.onset": {"least_amplitude": 50}}
    (said,) = loaded.layer.sentences()
    assert "is in force: pulse.beat (on_ms), eda.onset (least_amplitude)" in said
    assert forget(layer_path(piece), "pulse.beat")
    assert load_piece(piece).rules == {
        "pulse.beat": {"on_ms": 200, "learn_ms": 3000},
        "eda.onset": {"least_amplitude": 50},
    }
    assert not forget(layer_path(piece), "pulse.beat")


def test_without_a_layer_nothing_is_said(piece: Path) -> None:
    assert load_piece(piece).layer.sentences() == []
    assert not forget(layer_path(piece), "pulse.beat")
    assert not layer_path(piece).exists()


def test_a_shipped_piece_has_its_layer_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path))
    path = layer_path(find_piece("correlations").folder / "piece.toml")
    assert path == tmp_path / "pieces" / "correlations" / "layer.toml"
    keep(path, {"eda.onset": {"jump": 5000}})
    assert find_piece("correlations").rules["eda.onset"]["jump"] == 5000


def test_what_a_person_wrote_stays(piece: Path) -> None:
    path = layer_path(piece)
    path.write_text('# mine\n[rules."eda.onset"]\njump = 5000 # as in March\n\n[rest]\n"drone.swell" = 0.2\n')
    keep(path, {"pulse.beat": {"on_ms": 300}})
    text = path.read_text(encoding="utf-8")
    for line in ("# mine", "jump = 5000 # as in March", '"drone.swell" = 0.2', "on_ms = 300"):
        assert line in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[rules."pulse.beat"]\non_ms = 400\nrefractory = 3\n', "line 3: .* did you mean 'refractory_ms'"),
        ('[rules."pulse.beat"]\nrefractory_ms = 3\non_ms = 400\n', "line 2: .*3 lies outside"),
        (
            '[rules."pulse.beat"]\non_ms = 400\n[rules."pulse.beet"]\non_ms = 3\n',
            "line 4: .* did you mean 'pulse.beat'",
        ),
        ('[rules."pulse.beat"]\non_ms = 400\nlearn_ms = "long"\n', "line 3: .*'long' is no whole number"),
        ('[rulez]\n[rules."pulse.beat"]\non_ms = 400\n', "line 1: 'rulez' is not known here"),
    ],
)
def test_one_mistake_costs_itself_alone(piece: Path, text: str, said: str) -> None:
    layer_path(piece).write_text(text)
    loaded = load_piece(piece)
    assert loaded.rules == {"pulse.beat": {"on_ms": 400, "learn_ms": 3000}}
    (problem,) = loaded.layer.problems
    assert re.match(re.escape(f"{layer_path(piece)} ") + said, problem), problem


@pytest.mark.parametrize("data", [b"[rules\n", b"\xff\xfe", b"rules = 3\n", b'[rules]\n"pulse.beat" = 3\n'])
def test_a_broken_layer_never_stops_the_piece(piece: Path, data: bytes) -> None:
    layer_path(piece).write_bytes(data)
    loaded = load_piece(piece)
    assert loaded.rules == {"pulse.beat": {"on_ms": 200, "learn_ms": 3000}}
    (said,) = loaded.layer.sentences()
    assert str(layer_path(piece)) in said and "The piece's own value is used." in said
    assert "\n" not in said


def test_a_broken_layer_is_not_written_over(piece: Path) -> None:
    layer_path(piece).write_text("[rules\n")
    with pytest.raises(PieceError, match="mend the layer, or delete it"):
        keep(layer_path(piece), {"pulse.beat": {"on_ms": 300}})
    assert layer_path(piece).read_text() == "[rules\n"


def test_a_write_that_fails_leaves_the_old_layer(piece: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = layer_path(piece)
    keep(path, {"pulse.beat": {"on_ms": 300}})
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PieceError, match=r"cannot be written .No space left on device."):
        keep(path, {"pulse.beat": {"on_ms": 400}})
    assert path.read_bytes() == before


@st.composite
def valid_settings(draw: st.DrawFn) -> dict[str, dict[str, int]]:
    rules = draw(st.lists(st.sampled_from(sorted(PARAMETERS)), unique=True, min_size=1, max_size=4))
    chosen: dict[str, dict[str, int]] = {}
    for rule in rules:
        for parameter in draw(st.lists(st.sampled_from(PARAMETERS[rule].parameters), min_size=1, max_size=3)):
            chosen.setdefault(rule, {})[parameter.name] = draw(st.integers(parameter.low, parameter.high))
    return chosen


@settings(max_examples=40, deadline=None)
@given(valid_settings(), valid_settings())
def test_what_is_kept_is_read_and_what_is_forgotten_is_gone(
    tmp_path_factory: pytest.TempPathFactory, first: dict[str, dict[str, int]], second: dict[str, dict[str, int]]
) -> None:
    file = tmp_path_factory.mktemp("piece") / "piece.toml"
    path = layer_path(file)
    keep(path, first)
    keep(path, second)
    both = {rule: {**first.get(rule, {}), **second.get(rule, {})} for rule in {*first, *second}}
    layer = read_layer(file)
    assert (layer.rules, layer.problems) == (both, ())
    gone = sorted(both)[0]
    assert forget(path, gone)
    assert read_layer(file).rules == {rule: values for rule, values in both.items() if rule != gone}
