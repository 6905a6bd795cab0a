"""Every control of every voice moves what its meaning says, measured in what the real scsynth renders."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from somatone.records import Control, Note
from somatone.space.directions import VIRTUAL
from somatone.voices import load_voices

RATE_HZ = 48_000
Samples = npt.NDArray[np.float64]
Hear = Callable[..., Samples]  # (actions, seconds, voices, layout, inserts, through) -> (frames, channels)
DOME = [list(direction) for direction in VIRTUAL]  # a room that has just the virtual loudspeakers
Measure = Callable[[Samples], float]


def loudness(x: Samples) -> float:
    return float(np.sqrt(np.square(x).mean()))


def centroid(x: Samples) -> float:
    power, hz = _power(x)
    return float((power * hz).sum() / power.sum())


def bandwidth(x: Samples) -> float:
    power, hz = _power(x)
    centre = (power * hz).sum() / power.sum()
    return float(np.sqrt((power * (hz - centre) ** 2).sum() / power.sum()))


def width(x: Samples) -> float:
    return float(np.square(x[:, 0] - x[:, 1]).sum() / np.square(x).sum())


def right(x: Samples) -> float:
    return float(np.square(x[:, 1]).sum() / np.square(x).sum())


def behind(x: Samples) -> float:
    """Share of the energy that comes from the back half of the dome."""
    energy = np.square(x).sum(axis=0)
    return float(energy[[3, 4, 5, 9, 10]].sum() / energy.sum())


def above(x: Samples) -> float:
    energy = np.square(x).sum(axis=0)
    return float(energy[8:].sum() / energy.sum())


def unevenness(x: Samples) -> float:
    envelope = _envelope(x)
    return float(envelope.std() / envelope.mean())


def pace(x: Samples) -> float:
    """Middle of the envelope's own spectrum, Hz: how fast loudness moves."""
    envelope = _envelope(x)
    power = np.square(np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(len(envelope)))))
    hz = np.fft.rfftfreq(len(envelope), 0.02)
    near = hz < 20
    return float((power * hz)[near].sum() / power[near].sum())


def tempo(x: Samples) -> float:
    """The strongest period of the envelope, as a frequency in Hz."""
    envelope = _envelope(x)
    power = np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(len(envelope))))
    return float(np.fft.rfftfreq(len(envelope), 0.02)[power.argmax()])


def attack(x: Samples) -> float:
    """Energy of the first 15 ms of a stroke against the whole."""
    return float(np.square(x[:720]).sum() / np.square(x).sum())


def lateness(x: Samples) -> float:
    energy = np.square(x).sum(axis=1)
    return float((energy * np.arange(len(energy))).sum() / energy.sum() / RATE_HZ)


def _power(x: Samples) -> tuple[Samples, Samples]:
    mono = x.mean(axis=1)
    hz = np.asarray(np.fft.rfftfreq(len(mono), 1 / RATE_HZ), np.float64)
    return np.asarray(np.square(np.abs(np.fft.rfft(mono))) * (hz > 20), np.float64), hz


def _envelope(x: Samples) -> Samples:
    mono = x[: len(x) // 960 * 960].mean(axis=1).reshape(-1, 960)
    envelope: Samples = np.sqrt(np.square(mono).mean(axis=1))
    return envelope


# voice, control, low, high, measure, the ratio by which it must at least move (below 1: downwards)
MOVES: list[tuple[str, str, float, float, Measure, float]] = [
    ("grains", "level", 0.3, 0.8, loudness, 4),
    ("grains", "density", 1.0, 80.0, unevenness, 0.4),
    ("grains", "position", 0.1, 0.32, centroid, 0.8),
    ("grains", "rate", 0.5, 2.0, centroid, 2.5),
    ("grains", "size", 0.03, 0.8, unevenness, 0.5),
    ("grains", "spread", 0.05, 0.9, width, 10),
    ("grains", "source", 0.0, 1.0, centroid, 0.6),
    ("grains", "brightness", 400.0, 9000.0, centroid, 1.5),
    ("drone", "level", 0.3, 0.8, loudness, 4),
    ("drone", "pitch", 40.0, 160.0, centroid, 3),
    ("drone", "lean", -4.0, 4.0, centroid, 1.4),
    ("drone", "beating", 0.2, 6.0, pace, 3),
    ("drone", "brightness", 0.0, 1.0, centroid, 1.8),
    ("drone", "swell", 0.0, 1.0, loudness, 0.8),
    ("pulse", "level", 0.3, 0.8, loudness, 4),
    ("pulse", "pitch", 40.0, 120.0, centroid, 2),
    ("pulse", "decay", 0.1, 1.2, loudness, 1.8),
    ("pulse", "knock", 0.0, 1.0, attack, 3),
    ("breath", "level", 0.2, 0.6, loudness, 5),
    ("breath", "brightness", 300.0, 4000.0, centroid, 4),
    ("breath", "focus", 0.0, 1.0, bandwidth, 0.4),
    ("breath", "rate", 12.0, 36.0, tempo, 2.5),
    ("breath", "depth", 0.0, 1.0, unevenness, 2),
    ("breath", "swell", 0.0, 1.0, loudness, 1.3),
    ("space", "level", 0.2, 0.8, loudness, 6),
    ("space", "decay", 0.5, 8.0, lateness, 1.5),
    ("space", "brightness", 500.0, 9000.0, centroid, 1.5),
    ("space", "echo", 0.0, 0.85, loudness, 1.1),
    ("space", "delay", 0.1, 1.1, lateness, 1.1),
    ("space", "width", 0.0, 1.0, width, 10),
    ("filter", "cutoff", 300.0, 9000.0, centroid, 1.5),
    ("filter", "resonance", 0.0, 1.0, bandwidth, 0.8),
    ("filter", "mix", 0.0, 1.0, centroid, 0.75),
    ("master", "level", 0.3, 0.8, loudness, 4),
]
# The same, in a room that has all twelve virtual loudspeakers.
PLACED: list[tuple[str, str, float, float, Measure, float]] = [
    ("grains", "width", 20.0, 180.0, behind, 10),
    ("grains", "motion", 0.0, 8.0, behind, 10),
    ("grains", "room", 0.02, 1.0, behind, 10),
    ("drone", "width", 10.0, 150.0, behind, 10),
    ("drone", "room", 0.02, 1.0, behind, 10),
    ("breath", "width", 10.0, 150.0, behind, 10),
    ("breath", "room", 0.02, 1.0, behind, 10),
    ("pulse", "size", 0.0, 1.0, behind, 10),
    ("pulse", "room", 0.02, 1.0, behind, 10),
]
SOURCES = ("grains", "drone", "breath", "pulse")
PLACES = ("azimuth", "elevation", "distance")
ELSEWHERE = {("grains", "judgement")}  # test_sound_judgement.py: it needs a library with a machine's renderings


def test_every_control_is_measured() -> None:
    moved = {(voice, control) for voice, control, *_ in MOVES + PLACED}
    assert moved | ELSEWHERE | {(voice, control) for voice in SOURCES for control in PLACES} == {
        (voice, control) for voice in {voice for voice, _ in moved} for control in load_voices()[voice].controls
    }


def scene(voice: str, control: str, value: float) -> tuple[list[Control | Note], float, list[str], float]:
    """Actions, seconds, voices, and from which second on to listen."""
    if voice == "pulse":
        return [Note("pulse", 0.5, {control: value})], 2.5, ["pulse"], 0.5
    if voice == "space":  # one grainy second, then only the room
        bursts: list[Control | Note] = [
            Control("grains", "level", 0.8, 0.0),
            Control("grains", "density", 30.0, 0.0),
            Control("space", "decay", 1.5, 0.0),
            Control("grains", "level", 0.0, 1.0),
        ]
        return [*bursts, Control(voice, control, value, 0.0)], 5, ["grains", "space"], 1.25
    if (voice, control) == ("breath", "rate"):
        return [Control(voice, "depth", 1.0, 0.0), Control(voice, control, value, 0.0)], 22, ["breath"], 2
    if voice == "master":
        return [Control(voice, control, value, 0.0)], 3, ["drone"], 1
    if voice == "filter":
        low = [Control(voice, "cutoff", 500.0, 0.0)] if control != "cutoff" else []
        return [*low, Control(voice, control, value, 0.0)], 5, ["grains"], 1
    return [Control(voice, control, value, 0.0)], 12 if voice == "drone" else 7, [voice], 2


@pytest.mark.parametrize(("voice", "control", "low", "high", "measure", "ratio"), MOVES, ids=lambda x: str(x)[:9])
def test_control_moves_its_measure(
    hear: Hear, voice: str, control: str, low: float, high: float, measure: Measure, ratio: float
) -> None:
    found = []
    for value in (low, high):
        actions, duration_s, voices, from_s = scene(voice, control, value)
        inserts = ("filter",) if voice == "filter" else ()
        found.append(
            measure(
                hear(actions, duration_s, voices, inserts=inserts, through=("grains",) if inserts else ())[
                    int(from_s * RATE_HZ) :
                ]
            )
        )
    moved = found[1] / max(found[0], 1e-9)
    print(f"{voice}.{control} {low:g} -> {high:g}: {measure.__name__} {found[0]:.4g} -> {found[1]:.4g}")
    assert moved > ratio if ratio > 1 else moved < ratio


def in_the_dome(hear: Hear, voice: str, values: dict[str, float], duration_s: float, room: bool) -> Samples:
    """The voice as a point in front, but for `values`."""
    point = {"azimuth": 0.0, "width": 0.0, "spread": 0.05 if "width" not in values else 1.0} | values
    known = {name: value for name, value in point.items() if name in load_voices()[voice].controls}
    actions: list[Control | Note] = [Control("space", "level", 1.0, 0.0)] if room else []
    if voice == "pulse":
        return hear([*actions, Note("pulse", 0.2, known)], duration_s, [voice, "space"] if room else [voice], DOME)
    actions += [Control(voice, name, value, 0.0) for name, value in known.items()]
    return hear(actions, duration_s, [voice, "space"] if room else [voice], DOME)


@pytest.mark.parametrize(("voice", "control", "low", "high", "measure", "ratio"), PLACED, ids=lambda x: str(x)[:9])
def test_control_moves_sound_in_the_dome(
    hear: Hear, voice: str, control: str, low: float, high: float, measure: Measure, ratio: float
) -> None:
    seconds = 5.0 if control == "motion" else 1.5
    found = [measure(in_the_dome(hear, voice, {control: v}, seconds, control == "room")) for v in (low, high)]
    print(f"{voice}.{control} {low:g} -> {high:g}: {measure.__name__} {found[0]:.4g} -> {found[1]:.4g}")
    assert found[1] > ratio * max(found[0], 1e-6)


@pytest.mark.parametrize("voice", SOURCES)
def test_azimuth_elevation_and_distance(hear: Hear, voice: str) -> None:
    near = in_the_dome(hear, voice, {"azimuth": -90.0, "elevation": 0.0, "distance": 1.0}, 2, False)
    far = in_the_dome(hear, voice, {"azimuth": 180.0, "elevation": 40.0, "distance": 8.0}, 2, False)
    print(f"{voice}: behind {behind(near):.3f} {behind(far):.3f}, above {above(near):.3f} {above(far):.3f}")
    assert behind(near) < 0.1
    assert behind(far) > 0.9
    assert above(near) < 0.1
    assert above(far) > 0.7
    assert loudness(far) < 0.25 * loudness(near)


@pytest.mark.parametrize("voice", ["grains", "drone", "breath", "space", "master"])
def test_a_jump_does_not_click(hear: Hear, voice: str) -> None:
    """A level that jumps bends the wave no sharper than the sound itself does, or less than can be heard (-60 dB)."""
    voices = {"space": ["drone", "space"], "master": ["drone"]}.get(voice, [voice])
    calm: list[Control | Note] = [Control("grains", "brightness", 300.0, 0.0)] if voice == "grains" else []
    calm += [Control("grains", "density", 60.0, 0.0)] if voice == "grains" else []
    calm += [Control("breath", "brightness", 200.0, 0.0)] if voice == "breath" else []
    jump = Control(voice, "level", 0.95, 2.0), Control(voice, "level", 0.1, 3.0)
    samples = hear([*calm, Control(voice, "level", 0.4, 0.0), *jump], 4, voices)
    steps = np.abs(np.diff(samples, 2, axis=0)).max(axis=1)
    around = max(steps[95_000:98_000].max(), steps[143_000:146_000].max())
    assert around < 1.5 * steps[110_000:140_000].max() + 0.001
