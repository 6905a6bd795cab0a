"""Live's names, ranges, reordering and restarts: the plain object against the stand-in's song, clocks moved by hand."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.ableton import Device, Parameter, Song, Track, UnknownAddress
from live_set.example import example_piece, example_song, piece_of
from somatone.errors import PieceError
from somatone.pieces.outside import LIVE, NOTHING_OUTSIDE, LiveTarget
from somatone.pieces.piece import Piece
from somatone.sinks.live.facts import MARK, NAMES, Facts
from somatone.sinks.live.liveset import AWAY_S, LiveSet

TICK_S = 0.1
FILTER = "Breath/Auto Filter/Frequency"


class Conversation:
    """A set and a song, ten times a second; `lose` is the share of messages that are lost, both ways."""

    def __init__(self, piece: Piece, song: Song, lose: float = 0.0, seed: int = 1) -> None:
        self.set = LiveSet(piece.outside)
        self.song, self.lose = song, lose
        self.now_s, self.here, self.sent = 0.0, True, 0
        self.news: list[tuple[str, str]] = []
        self._chance = random.Random(seed)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.now_s += TICK_S
            for address, arguments in self.set.due(self.now_s):
                self.sent += 1
                if self.here and not self._lost():
                    self._ask(address, list(arguments))
            self.news += self.set.news
            self.set.news.clear()

    def say(self, address: str, *arguments: object) -> None:
        self.set.hear(address, arguments, self.now_s)

    def _ask(self, address: str, arguments: list[object]) -> None:
        try:
            replies = self.song.replies(address, arguments)
        except (UnknownAddress, IndexError, RuntimeError) as error:
            replies = [("/live/error", (str(error),))]
        for reply, answers in replies:
            if not self._lost():
                self.set.hear(reply, answers, self.now_s)

    def _lost(self) -> bool:
        return self._chance.random() < self.lose


@pytest.fixture
def piece(tmp_path: Path) -> Piece:
    made: Piece = example_piece(tmp_path)
    return made


def frequency(song: Song) -> float:
    return float(song.track("Breath").device("Auto Filter").parameter("Frequency").value)


def want_all(talk: Conversation, place: float) -> None:
    for label in talk.set.outside.live:
        talk.set.set(label, 90.0 if label == "tempo" else place)


def is_right(song: Song, place: float) -> bool:
    """Whether everything that the example names stands at `place`, in Live's own unit."""
    breath = song.track("Breath")
    found = [
        (frequency(song), 20 + 115 * place),
        (breath.device("Reverb").parameter("Dry/Wet").value, place),
        (breath.volume, place),
        (song.track("Cries").device("Beat Repeat").parameter("Chance").value, place),
        (song.track("Keyboard").device("Redux").parameter("Dry/Wet").value, place),
        (song.track("Keyboard").panning, 2 * place - 1),
        (song.track("Heart").device("Operator").parameter("Tone").value, place),
        (song.tempo, 90.0),
    ]
    return all(value == pytest.approx(wanted) for value, wanted in found)


def test_the_example_is_found_and_moved(piece: Piece) -> None:
    talk = Conversation(piece, example_song())
    talk.run(1.0)
    want_all(talk, 0.25)
    talk.run(0.3)
    assert is_right(talk.song, 0.25)
    assert talk.news == [("running", "Ableton Live answers.")]


def test_the_mapping_moves_live_as_it_moves_a_voice(piece: Piece) -> None:
    """Curves, smoothing and rest are those of every route; the parameters are controls of a voice named `live`."""
    from somatone.mapping.routes import Mapping  # noqa: PLC0415
    from somatone.records import Control, Level, Note, Validity  # noqa: PLC0415

    mapping = Mapping(piece)
    begun = {a.control: a.value for a in mapping.start(0.0) if isinstance(a, Control) and a.voice == LIVE}
    assert begun[FILTER] == pytest.approx(0.25)
    assert begun["tempo"] == pytest.approx(60.0)
    mapping.feed(Level("body", "eda.tonic", 1.0, 0.0, Validity.WORN, "test"))
    places = [a.value for k in range(300) for a in mapping.tick(k / 10) if isinstance(a, Control)]
    assert places == sorted(places)
    assert places[-1] == pytest.approx(0.8)
    from somatone.records import Gate  # noqa: PLC0415

    actions = mapping.feed(Gate("body", "pulse.beat", 1, 31.0, Validity.WORN, "test"))
    assert [dict(a.values) for a in actions if isinstance(a, Note) and a.voice == "live_clips"] == [
        {"clip Heart/stroke": 1.0}
    ]


def test_only_what_changed_is_sent(piece: Piece) -> None:
    talk = Conversation(piece, example_song())
    talk.run(1.0)
    want_all(talk, 0.5)
    talk.run(1.0)
    before = talk.song.set_count
    for _ in range(50):
        want_all(talk, 0.5)
        talk.run(0.1)
    assert talk.song.set_count == before


def test_a_fast_parameter_is_sent_no_oftener_than_live_can_take(piece: Piece) -> None:
    talk = Conversation(piece, example_song())
    talk.run(1.0)
    before = talk.song.set_count
    for k in range(1000):
        talk.now_s += 0.001
        talk.set.set(FILTER, k / 1000)
        for address, arguments in talk.set.due(talk.now_s):
            if "set" in address:
                talk.song.replies(address, list(arguments))
    assert talk.song.set_count - before <= 21
    talk.run(0.1)
    assert frequency(talk.song) == pytest.approx(20 + 115 * 0.999)  # the last one arrives


@given(order=st.permutations(range(6)), place=st.floats(0, 1), later=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_reordered_tracks_are_found_again(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], place: float, later: float
) -> None:
    """Whatever the order, all is right again within a second, and what is not named was never touched after that."""
    talk = Conversation(example_piece(tmp_path_factory.mktemp("piece")), example_song())
    talk.run(1.0)
    want_all(talk, place)
    talk.run(0.5)
    talk.song.tracks[:] = [talk.song.tracks[k] for k in order]
    talk.song.track("Breath").devices.reverse()
    talk.run(1.0)
    want_all(talk, later)
    talk.run(0.3)
    assert is_right(talk.song, later)
    assert not [news for news in talk.news if news[0] == "missing"]


def test_tracks_may_be_added_and_taken_away(piece: Piece) -> None:
    talk = Conversation(piece, example_song())
    talk.run(1.0)
    want_all(talk, 0.5)
    talk.song.tracks.insert(0, Track("New"))
    talk.run(1.0)
    want_all(talk, 0.75)
    talk.run(0.3)
    assert is_right(talk.song, 0.75)
    del talk.song.tracks[0:2]
    talk.run(1.0)
    want_all(talk, 0.1)
    talk.run(0.3)
    assert is_right(talk.song, 0.1)
    talk.song.tracks.remove(talk.song.track("Heart"))
    talk.run(1.5)
    assert [sentence for value, sentence in talk.news if value == "missing"] == [
        "'Heart' is no track in Live: did you mean 'Breath'?"
    ]


@pytest.mark.parametrize("announced", [True, False])
def test_after_a_restart_everything_is_sent_again_within_two_seconds(piece: Piece, announced: bool) -> None:
    talk = Conversation(piece, example_song())
    talk.run(1.0)
    want_all(talk, 0.75)
    talk.run(0.5)
    talk.here = False
    talk.run(5.0)
    talk.song = example_song()
    talk.song.tracks.reverse()
    talk.here = True
    if announced:
        talk.say("/live/startup")
    talk.run(1.9)
    assert is_right(talk.song, 0.75)
    assert [value for value, _ in talk.news] == ["running", "lost", "running"]


def test_a_set_that_is_opened_at_once_is_found_by_its_announcement(piece: Piece) -> None:
    """Opening another set starts the script anew without any silence."""
    talk = Conversation(piece, example_song())
    talk.run(1.0)
    want_all(talk, 0.75)
    talk.run(0.5)
    talk.song = example_song()
    talk.say("/live/startup")
    talk.run(1.9)
    assert is_right(talk.song, 0.75)


def test_thirty_per_cent_loss_both_ways_and_a_hundred_restarts(piece: Piece) -> None:
    """After each restart (announced or not, as chance has it) all is right within two seconds."""
    talk = Conversation(piece, example_song(), lose=0.3, seed=1)
    talk.run(5.0)
    late = []
    for k in range(100):
        want_all(talk, 0.5 + k / 400)
        talk.run(1.0)
        talk.here = False
        talk.run(3.0)
        talk.song = example_song()
        talk.song.tracks.insert(k % 6, Track("New"))
        talk.here = True
        if not talk._lost():
            talk.say("/live/startup")
        talk.run(1.9)
        if not is_right(talk.song, 0.5 + k / 400):
            late.append(k)
        talk.run(1.0)
        assert is_right(talk.song, 0.5 + k / 400)
    assert not late


def test_a_person_who_holds_a_parameter_is_left_alone(piece: Piece) -> None:
    talk = Conversation(piece, example_song())
    talk.run(1.0)
    talk.set.set(FILTER, 0.5)
    talk.run(3.0)
    talk.song.track("Breath").device("Auto Filter").parameter("Frequency").value = 33.0
    talk.run(10.0)
    assert frequency(talk.song) == 33.0
    talk.set.set(FILTER, 0.6)
    talk.run(0.2)
    assert frequency(talk.song) == pytest.approx(89.0)


def test_steps_are_rounded(tmp_path: Path) -> None:
    body = '[[live]]\nfrom = "eda.tonic"\ntrack = "Cries"\ndevice = "Beat Repeat"\nparameter = "Grid"\n'
    talk = Conversation(piece_of(tmp_path, body), example_song())
    talk.run(1.0)
    talk.set.set("Cries/Beat Repeat/Grid", 0.51)
    talk.run(0.5)
    assert talk.song.track("Cries").device("Beat Repeat").parameter("Grid").value == 8.0


def test_clips_scenes_and_transport_are_launched_once(tmp_path: Path) -> None:
    body = (
        '[[live_clips]]\nfrom = "pulse.beat"\ntrack = "Cries"\nclip = "cry"\n'
        '[[live_clips]]\nfrom = "pulse.beat"\nscene = "arrival"\n'
        '[[live_clips]]\nfrom = "pulse.beat"\ntransport = "start"\n'
        '[[live_clips]]\nfrom = "pulse.beat"\nscene = "departure"\n'
    )
    for old in (False, True):
        song = example_song()
        song.scene_address = "/live/song/get/" + ("scene_names" if old else "scenes/name")
        talk = Conversation(piece_of(tmp_path, body), song)
        talk.run(1.0)
        for label in talk.set.outside.clips:
            talk.set.fire(label)
        talk.run(3.0)
        assert talk.song.fired == [("clip", "Cries", "cry"), ("scene", "arrival"), ("start_playing",)]
        assert talk.set.lost == 1
        assert ("missing", "'departure' is no scene in Live: there are , arrival.") in talk.news
        talk.here = False
        talk.run(AWAY_S + 1)
        talk.set.fire("clip Cries/cry")
        talk.here = True
        talk.run(3.0)
        assert len(talk.song.fired) == 3  # a clip that could not be launched in time is not launched late


def test_wrong_names_offer_the_nearest(tmp_path: Path) -> None:
    body = (
        '[[live]]\nfrom = "eda.tonic"\ntrack = "Breth"\nparameter = "volume"\n'
        '[[live]]\nfrom = "eda.tonic"\ntrack = "Breath"\ndevice = "Autofilter"\nparameter = "Frequency"\n'
        '[[live]]\nfrom = "eda.tonic"\ntrack = "Breath"\ndevice = "Auto Filter"\nparameter = "Freq"\n'
    )
    talk = Conversation(piece_of(tmp_path, body), example_song())
    talk.run(3.0)
    assert sorted(sentence for value, sentence in talk.news if value == "missing") == [
        "'Autofilter' is no device on Live's track 'Breath': did you mean 'Auto Filter'?",
        "'Breth' is no track in Live: did you mean 'Breath'?",
        "'Freq' is no parameter of Live's device 'Auto Filter': did you mean 'Frequency'?",
    ]
    talk.song.track("Breath").name = "Breth"
    talk.song.tracks.append(
        Track("Breath", [device_named("Autofilter", "Frequency"), device_named("Auto Filter", "Freq")])
    )
    talk.run(3.0)
    assert talk.news[-1] == ("running", "Ableton Live has everything that the piece names.")


def device_named(name: str, parameter: str) -> Device:
    return Device(name, [Parameter(parameter)])


@given(chunk=st.integers(2, 60), count=st.integers(1, 120))
@settings(max_examples=40, deadline=None)
def test_long_answers_come_in_chunks(chunk: int, count: int) -> None:
    big = Device("Rack", [Parameter(f"Macro {k}", float(k), float(k + 1)) for k in range(count)])
    song = Song([Track("A"), Track("Rack", [big])], [])
    song.chunk = chunk
    target = LiveTarget("Rack", "Rack", f"Macro {count - 1}")
    talk = Conversation(_piece_with(target), song)
    talk.run(2.0)
    talk.set.set(target.label, 0.5)
    talk.run(0.5)
    assert big.parameters[-1].value == pytest.approx(count - 0.5)
    assert talk.set.errors == 0


def _piece_with(target: LiveTarget) -> Piece:
    import msgspec  # noqa: PLC0415

    outside = msgspec.structs.replace(NOTHING_OUTSIDE, live={target.label: target})
    return Piece(Path(), "t", "t", (), (), {}, (), outside=outside)


def test_a_lost_chunk_is_asked_again_and_never_read_as_something_else() -> None:
    facts = Facts([LiveTarget("Rack", "Rack", "x")], [])
    assert facts.hear(NAMES, (MARK, 0, 0, "a", "b")) is None
    assert facts.hear(NAMES, (0, 0, "x", "y")) is None  # the end was lost: this looks like the middle
    facts.drop_chunks()
    assert facts.hear(NAMES, ("b", "c", MARK)) is None  # a late end
    assert facts.hear(NAMES, (0.5, 1.0, 1.0)) is None  # the middle of a list of numbers
    assert facts.hear(NAMES, (0, 0, "x", "y")) == (NAMES, (0, 0))


@given(
    st.text(max_size=12), st.lists(st.one_of(st.integers(), st.floats(), st.text(max_size=4), st.none()), max_size=6)
)
def test_rubbish_from_the_reply_port_does_no_harm(address: str, arguments: list[object]) -> None:
    talk = Conversation(_piece_with(LiveTarget("Breath", "Auto Filter", "Frequency")), example_song())
    talk.run(0.5)
    for prefix in ("/live/track/get/devices/name", "/live/song/get/num_tracks", NAMES, address):
        talk.say(prefix, *arguments)
    talk.run(2.0)
    talk.set.set(FILTER, 0.5)
    talk.run(0.5)
    assert frequency(talk.song) == pytest.approx(77.5)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('[[live]]\nfrom = "eda.tonic"\ndevice = "X"\nparameter = "Y"\n', "name the track that the device"),
        ('[[live]]\nfrom = "eda.tonic"\nparameter = "tempoo"\n', "only the parameter 'tempo'"),
        ('[[live]]\nfrom = "eda.tonic"\ntrack = "X"\nparameter = "Y"\n', "only 'volume' and 'panning'"),
        ('[[live]]\nfrom = "eda.tonik"\nparameter = "tempo"\n', r"live\[0\].from: 'eda.tonik'.*'eda.tonic'"),
        ('[[live]]\nfrom = "eda.tonic"\nparameter = "tempo"\nrange = [0.0, 1.0]\n', "outside 20.0 .. 999.0 bpm"),
        ('[[live]]\nfrom = "eda.tonic"\nparametr = "tempo"\n', "did you mean 'parameter'"),
        ('[[live_clips]]\nfrom = "eda.onset"\nclip = "X"\n', "a clip needs its track"),
        ('[[live_clips]]\nfrom = "eda.onset"\nscene = "X"\ntransport = "stop"\n', "exactly one of"),
        ('[[live_clips]]\nfrom = "eda.tonic"\nscene = "X"\n', r"live_clips\[0\].from"),
    ],
)
def test_wrong_keys_are_one_sentence(tmp_path: Path, body: str, sentence: str) -> None:
    with pytest.raises(PieceError, match=sentence):
        piece_of(tmp_path, body)
