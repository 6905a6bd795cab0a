"""Where sound really comes from: energies of the channels that scsynth renders, layout by layout."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import pytest

from somatone.records import Control, Note
from somatone.space.directions import VIRTUAL
from somatone.space.layouts import LFE, find_layout

RATE_HZ = 48_000
STEP_S = 0.3
DOME = [list(direction) for direction in VIRTUAL]
Samples = npt.NDArray[np.float64]
Hear = Callable[..., Samples]


def strokes(hear: Hear, places: Iterable[tuple[float, float]], layout: object, **values: float) -> Samples:
    """One short stroke after the other at (azimuth, elevation): energies of shape (strokes, channels)."""
    at = list(places)
    same = {"level": 0.3, "decay": 0.08, "knock": 1.0} | values
    # In a control's own range: azimuth -180 .. 180.
    notes = [
        Note("pulse", 0.3 + STEP_S * index, same | {"azimuth": (azimuth + 180) % 360 - 180, "elevation": elevation})
        for index, (azimuth, elevation) in enumerate(at)
    ]
    samples = hear(notes, 0.3 + STEP_S * len(at), ["pulse"], layout)
    return windows(samples, len(at))


def windows(samples: Samples, count: int) -> Samples:
    begin, length = int(0.29 * RATE_HZ), int(STEP_S * RATE_HZ)
    cut = [samples[begin + i * length : begin + (i + 1) * length] for i in range(count)]
    energies: Samples = np.stack([np.square(part).sum(axis=0) for part in cut])
    return energies


def shares(energy: Samples) -> Samples:
    share: Samples = energy / energy.sum(axis=1, keepdims=True)
    return share


def test_a_stroke_comes_from_its_speaker_and_between_two_from_both(hear: Hear) -> None:
    found = shares(strokes(hear, [(22.5 * step, 0) for step in range(16)], "ring8"))
    for step in range(16):
        speaker, between = divmod(step, 2)
        if between:
            assert found[step, [speaker, (speaker + 1) % 8]] == pytest.approx([0.5, 0.5], abs=0.01), step
        else:
            assert found[step, speaker] > 0.999, step


def test_every_grain_is_placed_by_itself(hear: Hear) -> None:
    actions: list[Control | Note] = [
        Control("grains", name, value, 0.0)
        for name, value in {"spread": 0.0, "density": 60.0, "size": 0.04, "brightness": 16000.0, "level": 0.5}.items()
    ]
    actions += [
        Control("grains", "azimuth", (22.5 * step + 180) % 360 - 180, 0.25 + STEP_S * step) for step in range(16)
    ]
    samples = hear(actions, 0.3 + STEP_S * 16, ["grains"], "ring8")
    length = int(STEP_S * RATE_HZ)
    begin = int(0.32 * RATE_HZ)  # the grains that began at the place before have ended
    cut = [samples[begin + step * length :][: length * 3 // 4] for step in range(16)]
    found = shares(np.stack([np.square(part).sum(axis=0) for part in cut]))
    for step in range(16):
        speaker, between = divmod(step, 2)
        there = found[step, [speaker, (speaker + 1) % 8] if between else [speaker]]
        assert there.sum() > 0.99, step
        assert there == pytest.approx(1 / len(there), abs=0.02), step


def test_a_cloud_at_full_spread_is_all_around_and_partly_above(hear: Hear) -> None:
    values = {"spread": 1.0, "density": 300.0, "size": 0.1, "elevation": 20.0}
    samples = hear([Control("grains", name, value, 0.0) for name, value in values.items()], 5, ["grains"], DOME)
    found = np.square(samples[RATE_HZ:]).sum(axis=0) / np.square(samples[RATE_HZ:]).sum()
    print("shares of the twelve:", found.round(3))
    assert found[:8].min() > 0.03
    assert found[8:].min() > 0.03
    frames = np.square(samples[RATE_HZ : 5 * RATE_HZ].reshape(-1, 960, 12)).sum(axis=1)
    assert len({int(frame.argmax()) for frame in frames}) == 12  # and each of them speaks up at some time


def test_a_sweep_is_monotone_and_so_is_rising(hear: Hear) -> None:
    around = shares(strokes(hear, [(3.75 * step, 0) for step in range(13)], "ring8"))
    assert (np.diff(around[:, 0]) < 0).all()
    assert (np.diff(around[:, 1]) > 0).all()
    rising = shares(strokes(hear, [(45, 7.5 * step) for step in range(7)], DOME))
    assert (np.diff(rising[:, 1]) < 0).all()
    assert (np.diff(rising[:, 8]) > 0).all()
    assert rising[-1, 8] > 0.999
    zenith = shares(strokes(hear, [(0, 90)], DOME))[0]
    assert zenith[8:] == pytest.approx([0.25] * 4, abs=0.01)


@pytest.mark.parametrize("layout", ["stereo", "quad", "ring8", [[-45, 30], [45, 30], [135, 30], [225, 30]]])
def test_nothing_vanishes_on_the_way_round(hear: Hear, layout: object) -> None:
    energy = strokes(hear, [(15.0 * step, 0) for step in range(24)], layout, knock=0.0).sum(axis=1)
    level = 10 * np.log10(energy / energy.mean())
    print(f"{layout}: {level.min():+.2f} .. {level.max():+.2f} dB")
    assert np.abs(level).max() < 1


def test_stereo_keeps_sides_and_what_is_behind(hear: Hear) -> None:
    left, middle, right, behind = shares(strokes(hear, [(-90, 0), (0, 0), (90, 0), (180, 0)], "stereo"))
    assert left[0] > 0.999
    assert right[1] > 0.999
    assert middle == pytest.approx(behind, abs=0.01)
    assert middle == pytest.approx([0.5, 0.5], abs=0.01)


def test_the_subwoofer_plays_what_is_low(hear: Hear) -> None:
    lfe = find_layout("5.1").speakers.index(LFE)
    found = {}
    for pitch in (50.0, 160.0):
        energy = strokes(hear, [(0, 0), (120, 0)], "5.1", knock=0.0, pitch=pitch, decay=0.15)
        found[pitch] = energy[:, lfe] / np.delete(energy, lfe, axis=1).sum(axis=1)
    print("energy of the subwoofer to the others:", {pitch: share.round(3) for pitch, share in found.items()})
    assert (found[50.0] > 5 * found[160.0]).all()


def test_two_ears_hear_the_way_round_the_head(hear: Hear) -> None:
    hard = {"knock": 1.0, "decay": 0.08}
    notes = [Note("pulse", 0.3 + STEP_S * i, hard | {"azimuth": a}) for i, a in enumerate((90.0, 0.0, 180.0))]
    samples = hear(notes, 1.2, ["pulse"], "binaural")
    right, front, back = (samples[int((0.29 + STEP_S * i) * RATE_HZ) :][: int(0.05 * RATE_HZ)] for i in range(3))
    lags = np.correlate(right[:, 0], right[:, 1], "full")
    late_s = (int(lags.argmax()) - len(right) + 1) / RATE_HZ
    print(f"the far ear is {late_s * 1e6:.0f} us late; near to far {np.square(right).sum(axis=0).round(3)}")
    # Woodworth for 90 degrees and a head of 8.75 cm: 656 us. The shadow's low-pass delays what is low a little more.
    assert 0.0004 < late_s < 0.0011
    assert treble(right[:, 1]) > 4 * treble(right[:, 0])
    assert np.abs(front[:, 0] - front[:, 1]).max() < 1e-6
    assert treble(back[:, 0]) < treble(front[:, 0])


def treble(x: Samples) -> float:
    """Energy above 2 kHz."""
    power = np.square(np.abs(np.fft.rfft(x)))
    return float(power[int(2000 * len(x) / RATE_HZ) :].sum())
