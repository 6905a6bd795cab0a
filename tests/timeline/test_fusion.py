"""Two devices on one body: who leads, how a change of lead is heard, and that it is worth having both."""

from __future__ import annotations

from bench.fusion import beats, scores
from bench.two_devices import TwoDevices, chunks, contact_loss, f1, moderate_motion
from somatone.path import Path
from somatone.pieces.piece import find_piece
from somatone.records import Gate, Level, NativeChunk, Record, Status, Validity
from somatone.timeline.timeline import RecordingClock


def played(pair: TwoDevices) -> list[tuple[float, Record]]:
    path = Path(find_piece("correlations"), RecordingClock)
    path.start(0.0)
    out: list[tuple[float, Record]] = []
    for chunk in chunks(pair):
        out += path.advance(chunk.arrival_s)
        out += [(chunk.arrival_s, record) for record in path.feed(chunk)]
    return out


def test_contact_loss_is_bridged() -> None:
    """Seeds that nothing was tuned on; the whole dozen is in the bench."""
    first, second, both = scores(contact_loss, range(600, 603))
    print(f"\ncontact loss: first {first:.3f}, second {second:.3f}, fused {both:.3f}")
    assert both >= max(first, second) + 0.02


def test_moderate_motion_is_no_worse_than_the_better_device() -> None:
    first, second, both = scores(moderate_motion, range(600, 603))
    print(f"\nmoderate motion: first {first:.3f}, second {second:.3f}, fused {both:.3f}")
    assert both >= max(first, second) - 0.02


def test_the_lead_changes_within_two_seconds_of_the_loss_and_comes_back() -> None:
    pair = contact_loss(601)
    lost_s = [k / 4 for k in range(1, len(pair.first_eda)) if pair.first_eda[k] < 50_000 <= pair.first_eda[k - 1]]
    switches = [(r.at_s, r.value) for _, r in played(pair) if isinstance(r, Status) and r.name == "eda.source"]
    away = [at_s for at_s, to in switches if to == "board"]
    assert len(away) == len(lost_s)
    for at_s, loss_s in zip(away, lost_s, strict=True):
        assert 0 < at_s - loss_s <= 2.5, f"lost at {loss_s}, taken over at {at_s}"
    assert [to for _, to in switches][-1] == "e4"


def test_a_change_of_lead_is_not_heard_as_an_event() -> None:
    """No level jumps, no gate says the same twice, every event names its source."""
    last: dict[str, tuple[float, float]] = {}
    is_open: dict[str, int] = {}
    for _, record in played(contact_loss(602)):
        if isinstance(record, Gate):
            assert record.value != is_open.get(record.name, 0), record
            is_open[record.name] = record.value
            assert record.source in ("e4", "board")
        elif isinstance(record, Level) and record.validity.usable and record.name == "eda.tonic":
            if record.name in last:
                value, at_s = last[record.name]
                assert abs(record.value - value) <= 0.1 * max(record.at_s - at_s, 0.25) + 0.02, record
            last[record.name] = (record.value, record.at_s)


def test_fused_beats_are_in_one_site_s_time() -> None:
    """The second device's pulse comes 110 ms later; the fused beats do not."""
    pair = contact_loss(603)
    found, _ = beats(pair, "both")
    assert f1(found, pair.beats_s, tolerance_s=0.06) > 0.8


def test_one_device_alone_is_left_as_it_is() -> None:
    path = Path(find_piece("correlations"), RecordingClock)
    path.start(0.0)
    seen: list[Record] = []
    for chunk in chunks(contact_loss(604), which="first"):
        seen += path.feed(chunk)
    assert not [r for r in seen if isinstance(r, Status) and r.name.endswith(".source")]


def test_a_silent_device_hands_over() -> None:
    """The leading device's messages stop altogether."""
    pair = contact_loss(605)
    path = Path(find_piece("correlations"), RecordingClock)
    path.start(0.0)
    switches: list[Status] = []
    for chunk in chunks(pair):
        if chunk.source == "e4" and chunk.arrival_s > 12:
            continue
        said = [record for _, record in path.advance(chunk.arrival_s)] + path.feed(chunk)
        switches += [r for r in said if isinstance(r, Status) and r.name == "eda.source"]
    assert [(s.value, 12 < s.at_s < 16) for s in switches] == [("board", True)]


def test_movement_silences_the_pulse_and_nothing_else() -> None:
    """Shaken at a third of a g the pulse is `moving`: it opens no gate."""
    path = Path(find_piece("correlations"), RecordingClock)
    path.start(0.0)
    pair = contact_loss(606)
    said: list[Record] = []
    for chunk in chunks(pair, which="second"):
        second = chunk.arrival_s
        path.advance(second)
        said += path.feed(chunk)
        if chunk.signal == "eda":
            swing = 25 if 30 < second < 40 else 0
            axes = tuple(v for k in range(8) for v in (swing * (k % 2), 0, 60))
            acc = NativeChunk("body", "acc", "board", "e4.acc_64th_g", chunk.index * 8, axes, second, 3, chunk.ticks_us)
            said += path.feed(acc)
    moving = [r.at_s for r in said if isinstance(r, Status) and r.validity is Validity.MOVING]
    assert moving and 30 < moving[0] < 32
    assert not [r for r in said if isinstance(r, Gate) and r.name == "pulse.beat" and r.value and 32 < r.at_s < 39]
    assert [r for r in said if isinstance(r, Gate) and r.name == "pulse.beat" and r.value and r.at_s > 45]
