"""A wrong piece is one sentence that names the file, the key and the nearest valid name."""

from __future__ import annotations

from pathlib import Path

import pytest

from somatone.errors import PieceError, UsageError
from somatone.gating.names import GATES, LEVELS
from somatone.mapping.routes import Mapping
from somatone.pieces.piece import find_piece, load_piece
from somatone.sinks.sound.wiring import wire_piece
from somatone.voices import load_voices

HEAD = 'name = "t"\nabout = "t"\nvoices = ["grains", "pulse"]\n'
ROUTE = '[[routes]]\nfrom = "eda.onset"\nto = "grains.density"\n'


def test_the_shipped_piece_is_whole() -> None:
    piece = find_piece("correlations")
    assert {"grains", "drone", "pulse", "breath"} <= set(piece.voices)
    assert {route.source for route in piece.routes} <= {*GATES, *LEVELS}
    assert {route.to.partition(".")[0] for route in piece.routes} <= set(load_voices())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + 'abuot = "x"\n' + ROUTE, r"unknown key 'abuot': did you mean 'about'\?"),
        (HEAD + ROUTE + "up = 3\n", r"routes\[0\] has the unknown key 'up': did you mean 'up_s'\?"),
        (
            HEAD + ROUTE.replace("density", "densty"),
            r"routes\[0\].to: 'grains.densty' .* did you mean 'grains.density'",
        ),
        (HEAD + ROUTE.replace("eda.onset", "eda.onsets"), r"routes\[0\].from: .* did you mean 'eda.onset'"),
        (
            HEAD + ROUTE + "range = [5.0, 500.0]\n",
            r"routes\[0\].range: 500.0 lies outside 0.5 .. 400.0 1/s of 'density'",
        ),
        (HEAD + ROUTE + "curve = 0\n", r"routes\[0\].curve is 0"),
        (HEAD + ROUTE + "down_s = -1\n", r"routes\[0\].down_s is -1"),
        (HEAD + ROUTE + 'when_invalid = "sleep"\n', r"when_invalid"),
        (HEAD.replace("grains", "grain") + ROUTE, r"'grain' is no voice: did you mean 'grains'"),
        (HEAD + '[[notes]]\nfrom = "pulse.beat"\nvoice = "grains"\n' + ROUTE, r"notes\[0\].voice"),
        (HEAD + '[[notes]]\nfrom = "eda.tonic"\nvoice = "pulse"\n' + ROUTE, r"notes\[0\].from"),
        (HEAD + '[rest]\n"grains.size" = 9.0\n' + ROUTE, r"rest: grains.size: 9.0 lies outside"),
        (
            HEAD + '[rest]\n"drone.pitch" = 50.0\n' + ROUTE,
            r"rest: drone.pitch: 'drone.pitch' is no control of this piece",
        ),
        (HEAD + ROUTE + "range = 3\n", r"range"),
        (HEAD + 'layout = "ring9"\n' + ROUTE, r"layout: 'ring9' is no layout: did you mean 'ring8'"),
        (HEAD + "layout = [[0, 0], [90, 99]]\n" + ROUTE, r"layout: layout\[1\] is \[90.0, 99.0\]"),
        (HEAD + 'inserts = ["filtr"]\n' + ROUTE, r"inserts: 'filtr' is no insert: did you mean 'filter'"),
        (HEAD + 'inserts = ["filter"]\nthrough = ["grain"]\n' + ROUTE, r"through: .* did you mean 'grains'"),
        (HEAD + 'through = ["grains"]\n' + ROUTE, r"inserts: name each insert once, and at least one"),
        (HEAD.replace('["grains"', '["filter", "grains"') + ROUTE, r"voices: 'filter' is an insert"),
        ("name = \n", r"Invalid value"),
    ],
)
def test_wrong_pieces(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "piece.toml"
    file.write_text(text)
    with pytest.raises(PieceError, match=said) as raised:
        load_piece(file)
    assert str(raised.value).startswith(str(file))
    assert "\n" not in str(raised.value)


def test_an_unknown_piece_lists_the_shipped_ones() -> None:
    with pytest.raises(UsageError, match="correlations"):
        find_piece("no-such-piece")


def test_a_piece_says_its_room_and_what_passes_through_its_inserts(tmp_path: Path) -> None:
    file = tmp_path / "piece.toml"
    inserts = 'inserts = ["filter"]\nthrough = ["grains"]\n'
    file.write_text(HEAD + "layout = [[-45, 0], [45, 0], [180, 0]]\n" + inserts + '[rest]\n"filter.cutoff" = 900\n')
    piece = load_piece(file)
    assert "filter" in piece.voices
    wiring = wire_piece(piece)
    assert (wiring.layout.channels, wiring.inserts, wiring.through) == (3, ("filter",), ("grains",))
    assert wire_piece(piece, "ring8").layout.name == "ring8"
    assert Mapping(piece).start(0.0)


def test_a_bed_is_seen_from_the_pieces_folder(tmp_path: Path) -> None:
    path = tmp_path / "piece.toml"
    path.write_text('bed = "long/sea.wav"\n' + HEAD.replace('"pulse"', '"bed"') + ROUTE)
    assert wire_piece(load_piece(path)).bed == tmp_path / "long" / "sea.wav"
    path.write_text('bed = "long/sea.wav"\n' + HEAD + ROUTE)
    with pytest.raises(PieceError, match="bed: name the voice that plays it"):
        load_piece(path)
