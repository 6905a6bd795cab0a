"""A piece sets a rule's parameters; what no rule knows or bears is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from somatone.errors import PieceError
from somatone.gating.parameters import PARAMETERS
from somatone.pieces.piece import load_piece

HEAD = 'name = "x"\nabout = "x"\nvoices = ["drone"]\n'


def written(tmp_path: Path, rules: str) -> Path:
    path = tmp_path / "piece.toml"
    path.write_text(HEAD + rules, encoding="utf-8")
    return path


def test_a_piece_sets_a_parameter(tmp_path: Path) -> None:
    piece = load_piece(written(tmp_path, '[rules."pulse.beat"]\nrefractory_ms = 400\n'))
    assert piece.rules == {"pulse.beat": {"refractory_ms": 400}}


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ('[rules."pulse.beet"]\nrefractory_ms = 400\n', "did you mean 'pulse.beat'"),
        ('[rules."pulse.beat"]\nrefractory = 400\n', "did you mean 'refractory_ms'"),
        ('[rules."pulse.beat"]\nrefractory_ms = 4\n', "4 lies outside 200 .. 1000 ms"),
    ],
)
def test_what_no_rule_bears_is_one_sentence(tmp_path: Path, rules: str, sentence: str) -> None:
    with pytest.raises(PieceError, match=sentence):
        load_piece(written(tmp_path, rules))


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_default_exists_and_lies_in_its_range(name: str) -> None:
    rule = PARAMETERS[name]
    for parameter in rule.parameters:
        assert parameter.low <= rule.default(parameter.name) <= parameter.high, parameter.name
