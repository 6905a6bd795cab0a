"""The later voices: each control moves what it says, nothing clicks, nothing stays broken, nothing is too loud.

One render for each voice, in a room that has just the twelve virtual loudspeakers: every control in turn stands low,
then high, then at its default again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from somatone.commands.voices import voices_command
from somatone.errors import SomatoneError, SoundError
from somatone.records import Control, Note
from somatone.sinks.sound.disk import BUFFERS, FIRST_BUFFER, TURNS, Disk
from somatone.sinks.sound.osc import pack_bundle, pack_message
from somatone.sinks.sound.score import render
from somatone.sinks.sound.state import State
from somatone.sinks.sound.wiring import Wiring
from somatone.space.directions import VIRTUAL
from somatone.space.layouts import find_layout
from somatone.voices import load_voices

RATE_HZ = 48_000
Samples = npt.NDArray[np.float64]
Measure = Callable[[Samples], float]
Act = Control | Note
DOME = find_layout([list(place) for place in VIRTUAL])
STEREO = find_layout("stereo")
HELD_S, SKIPPED_S, FIRST_S = 1.6, 0.5, 1.0
STEPS = ("bed", "organ", "clicks", "noise", "drive", "crush", "stutter")  # sound all the time
NOTES = ("bell", "tick")
THROUGH = {"drive": "organ", "crush": "organ", "stutter": "noise"}


def loudness(x: Samples) -> float:
    return float(np.sqrt(np.square(x).sum(axis=1).mean()))


def _power(x: Samples) -> tuple[Samples, Samples]:
    mono = x.sum(axis=1) * np.hanning(len(x))
    hz = np.asarray(np.fft.rfftfreq(len(mono), 1 / RATE_HZ), np.float64)
    return np.asarray(np.square(np.abs(np.fft.rfft(mono))) * (hz > 20), np.float64), hz


def centroid(x: Samples) -> float:
    power, hz = _power(x)
    return float((power * hz).sum() / power.sum())


def pitch(x: Samples) -> float:
    power, hz = _power(x)
    return float(hz[power.argmax()])


def bandwidth(x: Samples) -> float:
    power, hz = _power(x)
    centre = (power * hz).sum() / power.sum()
    return float(np.sqrt((power * (hz - centre) ** 2).sum() / power.sum()))


def lines(x: Samples) -> float:
    """How much of the power lies in the strongest hundredth of the spectrum: much for tones, little for noise."""
    power, _ = _power(x)
    return float(np.sort(power)[-len(power) // 100 :].sum() / power.sum())


def partials(x: Samples) -> float:
    """Spectral lines within 30 dB of the strongest."""
    power, _ = _power(x)
    tops = (power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:]) & (power[1:-1] > power.max() / 1000)
    return float(tops.sum())


def _envelope(x: Samples) -> Samples:
    whole = x[: len(x) // 240 * 240]
    envelope: Samples = np.sqrt(np.square(whole).sum(axis=1).reshape(-1, 240).mean(axis=1))
    return envelope


def unevenness(x: Samples) -> float:
    envelope = _envelope(x)
    return float(envelope.std() / envelope.mean())


def attacks(x: Samples) -> float:
    """How often loudness doubles within 10 ms."""
    envelope = _envelope(x)
    envelope = envelope + envelope.max() / 30
    rises = envelope[2:] > 2 * envelope[:-2]
    return float((rises[1:] & ~rises[:-1]).sum())


def lopsided(x: Samples) -> float:
    """How much further the wave goes to one side than to the other: even harmonics."""
    front = x[:, 0] - x[:, 0].mean()
    return float(abs((front**3).mean()) / np.square(front).mean() ** 1.5)


def silence(x: Samples) -> float:
    """Share of time that is 30 dB below the loudest."""
    envelope = _envelope(x)
    return float((envelope < envelope.max() / 32).mean())


def gap(x: Samples) -> float:
    """The longest silence, in 5 ms."""
    loud = np.flatnonzero(_envelope(x) > _envelope(x).max() / 32)
    return float(np.diff(loud).max())


def behind(x: Samples) -> float:
    energy = np.square(x).sum(axis=0)
    return float(energy[[3, 4, 5, 9, 10]].sum() / energy.sum())


def right(x: Samples) -> float:
    energy = np.square(x).sum(axis=0)
    return float(energy[[1, 2, 3, 8, 9]].sum() / energy.sum())


def above(x: Samples) -> float:
    energy = np.square(x).sum(axis=0)
    return float(energy[8:].sum() / energy.sum())


def spread(x: Samples) -> float:
    share = np.square(x).sum(axis=0) / np.square(x).sum()
    return float(1 / np.square(share).sum())


def pace(x: Samples) -> float:
    """Middle of the spectrum of the loudness's movement, Hz, where all is heard in one point."""
    envelope = _envelope(x.sum(axis=1, keepdims=True))
    power = np.square(np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(len(envelope)))))
    hz = np.fft.rfftfreq(len(envelope), 0.005)
    return float((power * hz)[hz < 30].sum() / power[hz < 30].sum())


def floor(x: Samples) -> float:
    """What lies between the lines of the spectrum, against the strongest."""
    power, hz = _power(x)
    return float(np.median(power[(hz > 100) & (hz < 3000)]) / power.max())


def lateness(x: Samples) -> float:
    energy = np.square(x).sum(axis=1)
    return float((energy * np.arange(len(energy))).sum() / energy.sum())


def _same(x: Samples) -> Samples:
    mono = x.sum(axis=1)[: len(x) // 12 * 12].reshape(-1, 12).mean(axis=1)
    same = np.fft.irfft(np.square(np.abs(np.fft.rfft(mono, 2 * len(mono)))))[: len(mono) // 2]
    return np.asarray(same[120:2000] / same[0], np.float64)


def likeness(x: Samples) -> float:
    """How like the sound is to what it was 0.03 to 0.5 s ago."""
    return float(_same(x).max())


def period(x: Samples) -> float:
    """When it is most like what it was."""
    return float(_same(x).argmax() + 120)


# control, low, high, measure, the ratio by which it must at least move (below 1: downwards)
Row = tuple[str, float, float, Measure, float]
PLACE: list[Row] = [
    ("azimuth", -90.0, 90.0, right, 2.5),
    ("elevation", 0.0, 90.0, above, 20),
    ("distance", 1.0, 10.0, loudness, 0.2),
    ("room", 0.02, 1.0, behind, 1.03),
]
MOVES: dict[str, list[Row]] = {
    "bed": [
        *PLACE,
        ("level", 0.3, 0.8, loudness, 4),
        ("start", 0.05, 0.8, pitch, 1.5),
        ("rate", 0.5, 2.0, pitch, 3),
        ("brightness", 250.0, 9000.0, bandwidth, 1.5),
        ("width", 10.0, 90.0, spread, 1.5),
    ],
    "organ": [
        *PLACE,
        ("level", 0.3, 0.8, loudness, 4),
        ("pitch", 60.0, 240.0, centroid, 3),
        ("interval", -12.0, 12.0, centroid, 1.1),
        ("chord", 0.0, 1.0, partials, 1.3),
        ("stops", 0.0, 1.0, centroid, 1.8),
        ("reed", 0.0, 1.0, centroid, 1.1),
        ("beating", 0.3, 7.0, pace, 2),
        ("wind", 0.0, 1.0, floor, 3),
        ("tremulant", 0.0, 1.0, unevenness, 1.2),
        ("width", 10.0, 150.0, behind, 10),
    ],
    "clicks": [
        *PLACE,
        ("level", 0.3, 0.8, loudness, 3),
        ("density", 4.0, 40.0, attacks, 3),
        ("pitch", 300.0, 6000.0, centroid, 5),
        ("ring", 0.002, 0.1, silence, 0.85),
        ("scatter", 0.0, 1.0, unevenness, 1.1),
        ("burst", 0.0, 1.0, gap, 1.8),
        ("grit", 0.0, 1.0, bandwidth, 1.3),
        ("width", 0.0, 180.0, spread, 2),
    ],
    "noise": [
        *PLACE,
        ("level", 0.3, 0.8, loudness, 4),
        ("colour", 0.0, 1.0, centroid, 4),
        ("centre", 200.0, 5000.0, centroid, 3),
        ("focus", 0.0, 1.0, bandwidth, 0.4),
        ("crackle", 0.0, 1.0, unevenness, 3),
        ("width", 10.0, 150.0, behind, 10),
    ],
    "bell": [
        *PLACE,
        ("level", 0.3, 0.8, loudness, 4),
        ("pitch", 150.0, 900.0, centroid, 4),
        ("decay", 0.2, 4.0, silence, 0.5),
        ("strike", 0.0, 1.0, centroid, 1.5),
        ("metal", 0.0, 1.0, centroid, 0.8),
        ("size", 0.0, 1.0, spread, 3),
    ],
    "tick": [
        *PLACE,
        ("level", 0.3, 0.8, loudness, 4),
        ("pitch", 300.0, 6000.0, centroid, 5),
        ("ring", 0.003, 0.3, silence, 0.9),
        ("grit", 0.0, 1.0, lines, 0.9),
        ("repeats", 1.0, 9.0, attacks, 3),
        ("apart", 0.04, 0.3, lateness, 1.5),
        ("size", 0.0, 1.0, spread, 3),
    ],
    "drive": [
        ("amount", 0.0, 1.0, bandwidth, 1.5),
        ("bias", 0.0, 1.0, lopsided, 1.5),
        ("cross", 20.0, 2000.0, bandwidth, 0.9),
        ("brightness", 500.0, 9000.0, bandwidth, 1.1),
        ("mix", 0.0, 1.0, bandwidth, 1.1),
    ],
    "crush": [
        ("bits", 2.0, 14.0, bandwidth, 0.8),
        ("rate", 700.0, 48_000.0, bandwidth, 0.5),
        ("jitter", 0.0, 1.0, floor, 2),
        ("mix", 0.0, 1.0, bandwidth, 1.05),
    ],
    "stutter": [
        ("amount", 0.0, 1.0, likeness, 1.3),
        ("length", 0.05, 0.3, period, 3),
        ("repeats", 2.0, 16.0, likeness, 1.2),
    ],
}
SETTINGS: dict[str, dict[str, float]] = {
    "clicks": {"density": 20.0, "burst": 0.0, "room": 0.0},
    "drive": {"organ.wind": 0.0, "drive.amount": 0.6},
    "noise": {"width": 30.0},
    "crush": {"organ.wind": 0.0, "crush.rate": 15_000.0},
    "stutter": {"noise.crackle": 0.0, "stutter.amount": 1.0},
}


CALM = {"bed": {"brightness": 600.0}, "clicks": {"scatter": 0.0, "burst": 0.0, "density": 30.0}}


def test_every_control_of_the_new_voices_is_measured() -> None:
    old = {"grains", "drone", "pulse", "breath", "filter", "space", "speaker", "master"}
    new = {name: voice for name, voice in load_voices().items() if voice.synthdef not in old}
    assert {name: {row[0] for row in rows} for name, rows in MOVES.items()} == {
        name: set(voice.controls) for name, voice in new.items()
    }


@pytest.fixture(scope="session")
def rising(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stereo minute whose pitch says where one is: a tone and its octaves, from 200 Hz to 800 Hz."""
    path = tmp_path_factory.mktemp("bed") / "rising.wav"
    time_s = np.arange(60 * RATE_HZ) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(200 * 4 ** (time_s / 60)) / RATE_HZ
    tone = 0.1 * (np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.2 * np.sin(4 * phase))
    soundfile.write(path, np.stack([tone, tone], axis=1), RATE_HZ, subtype="PCM_16")
    return path


Heard = Callable[[str], Samples]


@pytest.fixture(scope="session")
def moved(library: Mapping[str, Path], rising: Path, tmp_path_factory: pytest.TempPathFactory) -> Heard:
    folder = tmp_path_factory.mktemp("moved")

    @cache
    def render_voice(name: str) -> Samples:
        acts = [Control(*_key(name, key), value, 0.0) for key, value in SETTINGS.get(name, {}).items()]
        at_s = FIRST_S
        for control, low, high, *_ in MOVES[name]:
            settings = {_key(name, key): value for key, value in SETTINGS.get(name, {}).items()}
            first = settings.get((name, control), load_voices()[name].controls[control].default)
            values = (low, high, first)
            acts += [Control(name, control, value, at_s + k * HELD_S) for k, value in enumerate(values)]
            at_s += 2 * HELD_S
        notes: list[Act] = []
        if name in NOTES:
            notes = [Note(name, FIRST_S + k * HELD_S + 0.55, {}) for k in range(2 * len(MOVES[name]))]
        wiring = _wiring(name, DOME, rising)
        out = folder / f"{name}.wav"
        render(
            sorted([*acts, *notes], key=lambda act: act.at_s),
            at_s + 0.1,
            out,
            [THROUGH.get(name, name), "space"],
            library,
            1,
            wiring=wiring,
        )
        samples: Samples = soundfile.read(out, always_2d=True)[0]
        return samples

    return render_voice


def _key(voice: str, key: str) -> tuple[str, str]:
    own, _, control = key.rpartition(".")
    return own or voice, control


def _wiring(name: str, layout: object, bed: Path) -> Wiring:
    through = (THROUGH[name],) if name in THROUGH else ()
    assert layout in (DOME, STEREO)
    return Wiring(DOME if layout is DOME else STEREO, (name,) if through else (), through, bed=bed)


@pytest.mark.parametrize(("voice", "index"), [(v, k) for v, rows in MOVES.items() for k in range(len(rows))])
def test_a_control_moves_its_measure(moved: Heard, needs_scsynth: None, voice: str, index: int) -> None:
    control, low, high, measure, ratio = MOVES[voice][index]
    samples, begin_s = moved(voice), FIRST_S + index * 2 * HELD_S
    parts = [
        samples[int((begin_s + k * HELD_S + SKIPPED_S) * RATE_HZ) :][: int((HELD_S - SKIPPED_S) * RATE_HZ)]
        for k in (0, 1)
    ]
    was, then = (measure(part) for part in parts)
    print(f"{voice}.{control} {low:g} -> {high:g}: {measure.__name__} {was:.4g} -> {then:.4g}")
    assert then > ratio * was + 1e-9 if ratio > 1 else then < ratio * was


@pytest.mark.parametrize("name", STEPS)
def test_no_step_of_a_control_clicks(
    library: Mapping[str, Path], rising: Path, needs_scsynth: None, tmp_path: Path, name: str
) -> None:
    """Each control leaps over its whole range and back: the sharpest 5 ms around the leap (by the wave's second
    difference) are no sharper than the sharpest of what stands before and after it."""
    calm_ones = CALM.get(name, {})
    acts, at_s = [Control(name, control, value, 0.0) for control, value in calm_ones.items()], 1.0
    controls = load_voices()[name].controls.values()
    for spec in controls:
        values = (spec.minimum, spec.maximum, spec.minimum, calm_ones.get(spec.name, spec.default))
        acts += [Control(name, spec.name, value, at_s + 0.7 * k) for k, value in enumerate(values)]
        at_s += 2.8
    out = tmp_path / "steps.wav"
    source = THROUGH.get(name, name)
    render(acts, at_s + 0.5, out, [source], library, 1, wiring=_wiring(name, STEREO, rising))
    bend = np.square(np.diff(soundfile.read(out, always_2d=True)[0], 2, axis=0)).sum(axis=1)
    sharp = bend[: len(bend) // 240 * 240].reshape(-1, 240).mean(axis=1)
    for number, spec in enumerate(controls):
        for step in range(1, 3):
            at = int((1.0 + 2.8 * number + 0.7 * step) * RATE_HZ / 240)
            calm = max(sharp[at - 130 : at - 2].max(), sharp[at + 60 : at + 138].max())
            leap = sharp[at - 1 : at + 30].max()
            print(f"{name}.{spec.name} {step}: {10 * np.log10((leap + 1e-12) / (calm + 1e-12)):.1f} dB")
            assert leap < 2.5 * calm + 1e-9, spec.name


@pytest.mark.parametrize("name", [*STEPS, *NOTES])
def test_loudness_is_of_one_kind_and_below_full_scale(
    library: Mapping[str, Path], needs_scsynth: None, tmp_path: Path, name: str
) -> None:
    """At its defaults, before the master too."""
    acts: list[Act] = [Note(name, k * 0.5, {}) for k in range(8)] if name in NOTES else []
    wiring = Wiring(STEREO, (name,) if name in THROUGH else (), (THROUGH[name],) if name in THROUGH else ())
    report = render(acts, 5.0, tmp_path / "x.wav", [THROUGH.get(name, name)], library, 1, wiring=wiring, stems=True)
    before = np.abs(soundfile.read(report.stems[0])[0]).max()
    decibels = 20 * np.log10(report.rms)
    print(f"{name}: rms {decibels:.1f} dBFS, peak before the master {20 * np.log10(before):.1f} dBFS")
    assert before < 1.0
    assert report.peak < 10 ** (-0.9 / 20)
    sparse = name in ("clicks", "tick")
    assert (-42 if sparse else -28) < decibels < -20


@pytest.mark.parametrize("insert", sorted(THROUGH))
def test_drive_and_crush_are_not_louder(
    library: Mapping[str, Path], needs_scsynth: None, tmp_path: Path, insert: str
) -> None:
    """All of it against nothing of it: within 2 dB."""
    if insert == "stutter":
        pytest.skip("what is said again is as loud as what was caught, and that is left to chance")
    worst, through = {"drive": ("amount", 1.0), "crush": ("bits", 2.0)}[insert], THROUGH[insert]
    wiring, loud = Wiring(STEREO, (insert,), (through,)), []
    for mix in (0.0, 1.0):
        acts = [Control(insert, *worst, 0.0), Control(insert, "mix", mix, 0.0)]
        loud.append(render(acts, 5.0, tmp_path / "x.wav", [through], library, 1, wiring=wiring).rms)
    print(f"{insert}: {20 * np.log10(loud[1] / loud[0]):+.2f} dB")
    assert abs(20 * np.log10(loud[1] / loud[0])) < 2


def test_an_infinity_in_a_recording_passes(library: Mapping[str, Path], needs_scsynth: None, tmp_path: Path) -> None:
    """Through every insert and the room: what comes after sounds as it would have."""
    tone = 0.2 * np.sin(2 * np.pi * 300 * np.arange(6 * RATE_HZ) / RATE_HZ)
    loud = []
    for broken in (False, True):
        if broken:
            tone[RATE_HZ], tone[RATE_HZ + 500], tone[RATE_HZ + 900] = np.inf, np.nan, 1e30
        path = tmp_path / "broken.wav"
        soundfile.write(path, tone, RATE_HZ, subtype="FLOAT")
        wiring = Wiring(STEREO, ("drive", "crush", "stutter", "filter"), ("bed",), bed=path)
        render(
            [Control("stutter", "amount", 0.0, 0.0)], 5.5, tmp_path / "x.wav", ["bed", "space"], {}, 1, wiring=wiring
        )
        samples = soundfile.read(tmp_path / "x.wav")[0]
        loud.append(np.sqrt(np.square(samples[-RATE_HZ:]).mean()))
        assert np.isfinite(samples).all()
    print(f"after: {20 * np.log10(loud[1] / loud[0]):+.2f} dB")
    assert abs(20 * np.log10(loud[1] / loud[0])) < 1


def test_a_bed_goes_round(needs_scsynth: None, tmp_path: Path, rising: Path) -> None:
    short = tmp_path / "short.wav"
    soundfile.write(short, soundfile.read(rising)[0][: 4 * RATE_HZ, 0], RATE_HZ)
    render([], 11.0, tmp_path / "x.wav", ["bed"], {}, 1, wiring=Wiring(STEREO, bed=short))
    samples = soundfile.read(tmp_path / "x.wav")[0]
    found = [pitch(samples[int(at * RATE_HZ) :][: RATE_HZ // 4]) for at in (1.0, 5.0, 9.0)]
    assert found == pytest.approx([found[0]] * 3, rel=0.02)
    quiet = min(np.sqrt(np.square(samples[k * 4800 :][:4800]).mean()) for k in range(10, 105))
    assert quiet > 0.01


def test_a_leap_is_one_message_that_reads_and_then_begins(rising: Path) -> None:
    state = State(["bed"], {}, 1, Wiring(STEREO, bed=rising))
    loads = [message for message in state.definitions() if str(message[0]).startswith("/b_")]
    assert [message[:2] for message in loads] == [
        *[("/b_alloc", FIRST_BUFFER + k) for k in range(BUFFERS)],
        ("/b_read", FIRST_BUFFER),
    ]
    assert loads[-1][2:] == (str(rising.resolve()), 0, 65536, 0, 1)
    assert ("/c_set", TURNS, 0.0) in state.ground()
    close = state.set("bed", "start", 0.5)
    assert close[:2] == ("/b_close", FIRST_BUFFER + 1)
    wanted = pack_message(("/b_read", FIRST_BUFFER + 1, str(rising.resolve()), 30 * RATE_HZ, 65536, 0, 1))
    read = close[2]
    assert isinstance(read, bytes)
    assert read[: wanted.index(b",")] == wanted[: wanted.index(b",")]
    begin = pack_bundle([("/c_set", TURNS, 1.0)])
    assert begin[16:] in read
    assert b"bed_2" in read
    assert state.set("bed", "start", 0.51)[0] == "/c_set", "a small move is no leap"
    again = State(["bed"], {}, 1, Wiring(STEREO, bed=rising))
    again.set("bed", "start", 0.5)
    assert next(m for m in again.definitions() if m[0] == "/b_read")[1:4:2] == (FIRST_BUFFER + 1, 30 * RATE_HZ)


def test_the_bed_is_the_longest_recording_unless_one_is_named(library: Mapping[str, Path], rising: Path) -> None:
    def read(wiring: Wiring, buffers: Mapping[str, Path]) -> str:
        return str(next(m for m in State(["bed"], buffers, 1, wiring).definitions() if m[0] == "/b_read")[2])

    longest = max(library.values(), key=lambda path: float(soundfile.info(path).duration))
    assert read(Wiring(STEREO), library) == str(longest.resolve())
    assert read(Wiring(STEREO, bed=rising), library) == str(rising.resolve())


@pytest.mark.parametrize(
    ("channels", "seconds", "telling"), [(4, 5.0, "4 channels"), (1, 1.0, "1.0 s"), (0, 0.0, "cannot be played")]
)
def test_a_bed_that_cannot_be_played_is_one_sentence(
    tmp_path: Path, channels: int, seconds: float, telling: str
) -> None:
    path = tmp_path / "bed.wav"
    if channels:
        soundfile.write(path, np.zeros((int(seconds * RATE_HZ), channels)), RATE_HZ)
    else:
        path.write_bytes(b"not a recording")
    with pytest.raises(SoundError, match=telling):
        Disk(path)
    with pytest.raises(SoundError, match="no file"):
        Disk(tmp_path / "none.wav")
    with pytest.raises(SoundError, match="names no bed"):
        State(["bed"], {}, 1)


def test_clouds_beside_each_other_are_told_by_themselves(library: Mapping[str, Path]) -> None:
    state = State(["grains", "grains_2", "grains_3"], library, 1)
    clouds = [node for node in state.nodes() if node[1] == "grains"]
    buses: Sequence[set[object]] = [{x for x in node if str(x).startswith("c")} for node in clouds]
    assert len(clouds) == 3
    assert not (buses[0] & buses[1] or buses[1] & buses[2] or buses[0] & buses[2])


def test_a_voice_like_another_has_its_controls(tmp_path: Path) -> None:
    path = tmp_path / "voices.toml"
    control = 'c = { min = 0.0, max = 1.0, default = 0.5, unit = "ratio", warp = "linear", meaning = "x" }'
    path.write_text(
        f'[a]\nkind = "note"\nstage = "source"\nmeaning = "x"\n[a.controls]\n{control}\n'
        '[b]\nlike = "a"\nmeaning = "y"\n'
    )
    voices = load_voices(path)
    assert (voices["b"].synthdef, voices["b"].meaning, voices["b"].controls) == ("a", "y", voices["a"].controls)
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(path.read_text() + '[c]\nlike = "none"\nmeaning = "z"\n')
    with pytest.raises(SomatoneError, match="c is like 'none'"):
        load_voices(wrong)


def test_the_table_of_voices_has_every_voice_and_every_control(capsys: pytest.CaptureFixture[str]) -> None:
    voices_command("", markdown=True)
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert {row[0]: row[3].split(", ") for row in rows} == {n: list(v.controls) for n, v in load_voices().items()}
    voices_command("organ", markdown=False)
    drawn = capsys.readouterr().out
    assert all(control in drawn for control in load_voices()["organ"].controls)
    with pytest.raises(SomatoneError, match="did you mean 'organ'"):
        voices_command("orgn", markdown=False)
