"""One voice by itself, each of its controls in turn sweeping its whole range, and what of the sound followed it.

A control moved a descriptor when the sixths of its sweep differ in it: the share of the descriptor's variance that lies
between them (correlation ratio), and their reach against how the descriptor wanders when nothing is moved. What is too
slow or too much left to chance for one sweep is held low and high, 24 s each, and compared with low against low.
"""

from __future__ import annotations

import math
import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from scipy.stats import spearmanr

from bench.descriptors import Sound, describe, times_s
from bench.marked import rising
from bench.voice_claims import ELSEWHERE, SLOW, claimed
from somatone.records import Control, Note
from somatone.sinks.sound.score import RenderReport, render
from somatone.sinks.sound.wiring import CHAIN, Wiring
from somatone.space.directions import VIRTUAL
from somatone.space.layouts import find_layout
from somatone.voices import ControlSpec, Voice

STILL_S, SWEEP_S, REST_S, TICK_S, NOTES_S, HELD_S = 8.0, 6.0, 2.0, 0.05, 0.25, 24.0
SHORTEST_S = 60.0
PARTS = 6
FOLLOWS, REACHES = 0.5, 2.0  # least correlation ratio, least reach in spreads of the still sound
APART, APARTER = 0.6, 3.0  # held: least difference in standard deviations, and against that of low and low
CARRIER = {
    "filter": "noise",
    "drive": "organ",
    "crush": "organ",
    "stutter": "grains",
    "space": "clicks",
    "master": "organ",
}
# In what a control is heard: a filter that is open filters nothing, an echo needs something short, and to be let back.
SETTING: dict[str, dict[str, float]] = {
    "filter": {"filter.cutoff": 900.0, "noise.colour": 0.67, "noise.focus": 0.0},
    "space": {"clicks.density": 0.5, "clicks.scatter": 0.0, "clicks.burst": 0.0, "space.echo": 0.6},
    "stutter": {"stutter.amount": 1.0, "grains.density": 40.0},
    "drive": {"organ.wind": 0.0},
}

# Voices are tuned by other seeds (SEED=1) than they are scored by.
SEED = int(os.environ.get("SEED", "11"))

Act = Control | Note


@dataclass(frozen=True, slots=True)
class Moved:
    """What a control moved most: between the lowest and the highest of its sweep's sixths, or held low and high."""

    control: str
    descriptor: str
    low: float
    high: float
    follows: float  # correlation ratio, or difference in standard deviations where it was held
    held: bool = False
    trend: float = math.nan  # rank correlation with the control over the sweep; what goes round has none


@dataclass(slots=True)
class Sweep:
    """A voice's render and what was measured of it."""

    voice: Voice
    seconds: float
    times_s: Sound
    measured: Mapping[str, Sound]
    segments: dict[str, tuple[float, float]]
    report: RenderReport
    cpu_s: float  # the sound server's own
    moved: list[Moved] = field(default_factory=list)


def swept(voice: Voice, library: Mapping[str, Path], folder: Path) -> Sweep:
    """Renders and measures one voice; controls that the sweep does not show are held too."""
    acts, segments, seconds = _acts(voice)
    used = _child_cpu_s()
    report, measured = _heard(voice, acts, seconds, library, folder)
    cpu_s = _child_cpu_s() - used
    at_s = (np.arange(len(measured["loudness dB"])) + 1) * 0.1
    sweep = Sweep(voice, seconds, at_s, measured, segments, report, cpu_s)
    for control in voice.controls.values():
        if control.name in ELSEWHERE:
            continue
        slow = (voice.synthdef, control.name) in SLOW
        moved = None if slow else _followed(sweep, control)
        sweep.moved.append(moved or _held(voice, control, library, folder))
    return sweep


def _acts(voice: Voice) -> tuple[list[Act], dict[str, tuple[float, float]], float]:
    acts: list[Act] = list(_setting(voice))
    segments, at_s = dict[str, tuple[float, float]](), STILL_S
    for control in voice.controls.values():
        if control.name in ELSEWHERE:
            continue
        segments[control.name] = (at_s, at_s + SWEEP_S)
        for index in range(round(SWEEP_S / TICK_S)):
            place = control.map(index * TICK_S / SWEEP_S)
            acts.append(Control(voice.name, control.name, place, at_s + index * TICK_S))
        rest = SETTING.get(voice.name, {}).get(f"{voice.name}.{control.name}", control.default)
        acts.append(Control(voice.name, control.name, rest, at_s + SWEEP_S))
        at_s += SWEEP_S + REST_S
    seconds = max(at_s, SHORTEST_S)
    if voice.kind == "note":  # a note takes what its controls say when it begins
        acts += [Note(voice.name, index * NOTES_S + 0.01, {}) for index in range(int(seconds / NOTES_S) - 4)]
    acts.sort(key=lambda act: act.at_s)
    return acts, segments, seconds


def _setting(voice: Voice) -> list[Control]:
    given = SETTING.get(voice.name, {})
    told = ((key.split("."), value) for key, value in given.items())
    return [Control(name, control, value, 0.0) for (name, control), value in told]


def _heard(
    voice: Voice, acts: list[Act], seconds: float, library: Mapping[str, Path], folder: Path, seed: int = SEED
) -> tuple[RenderReport, Mapping[str, Sound]]:
    """The render as it is heard, and what is measured of the voice's own stem."""
    source = CARRIER.get(voice.name, voice.name)
    inserts = (voice.name,) if voice.stage == "insert" else ()
    wiring = Wiring(
        find_layout([list(place) for place in VIRTUAL]),
        inserts,
        (source,) if inserts else (),
        bed=rising(folder / "rising.wav", 60),
    )
    stems = voice.stage != "master"
    report = render(acts, seconds, folder / "swept.wav", [source, "space"], library, seed, wiring=wiring, stems=stems)
    stem = {path.stem.removeprefix("swept-"): path for path in report.stems}
    own = stem.get(CHAIN if inserts else voice.name, report.path)
    sound = soundfile.read(own, always_2d=True, dtype="float32")[0]
    measured = dict(describe(sound))
    if voice.stage == "source":
        room = soundfile.read(stem["space"], always_2d=True, dtype="float32")[0]
        measured["room dB"] = _loud(room) - _loud(sound)
    return report, measured


def _loud(sound: Sound) -> Sound:
    """Loudness over a second around each frame: a room answers late."""
    total = np.concatenate([[0.0], np.cumsum(np.square(sound).sum(axis=1))])
    at = (times_s(sound) * 48_000).astype(int)
    first, last = np.maximum(at - 24_000, 0), np.minimum(at + 24_000, len(sound))
    loud: Sound = 10 * np.log10((total[last] - total[first]) / (last - first) + 1e-12)
    return loud


def _followed(sweep: Sweep, control: ControlSpec) -> Moved | None:
    """The descriptor that followed the sweep furthest beyond its own wandering; None when none did."""
    begin_s, end_s = sweep.segments[control.name]
    best: tuple[float, Moved] | None = None
    for name in claimed(sweep.voice.synthdef, control.name):
        if name not in sweep.measured:
            continue
        values = sweep.measured[name]
        still = values[(sweep.times_s > 1) & (sweep.times_s < STILL_S)]
        during = values[(sweep.times_s > begin_s + 0.3) & (sweep.times_s < end_s)]
        parts = [part[np.isfinite(part)] for part in np.array_split(during, PARTS)]
        if min(map(len, parts)) < 3 or not np.isfinite(still).any():
            continue
        ratio = _correlation_ratio(parts)
        middles = [float(np.median(part)) for part in parts]
        wander = max(float(np.nanstd(still)), 1e-3 * abs(float(np.nanmean(still))), 1e-6)
        reach = (max(middles) - min(middles)) / wander
        if ratio >= FOLLOWS and reach >= REACHES and (best is None or ratio * min(reach, 30) > best[0]):
            moved = Moved(control.name, name, *_ends(middles), ratio, trend=_trend(during))
            best = ratio * min(reach, 30), moved
    return best[1] if best else None


def _ends(middles: list[float]) -> tuple[float, float]:
    """The lowest and the highest, the earlier first: what goes round comes back to where it began."""
    low, high = middles.index(min(middles)), middles.index(max(middles))
    return middles[min(low, high)], middles[max(low, high)]


def _trend(values: Sound) -> float:
    fine = np.isfinite(values)
    return float(spearmanr(np.flatnonzero(fine), values[fine]).statistic)


def _correlation_ratio(parts: list[Sound]) -> float:
    whole = np.concatenate(parts)
    between = sum(len(part) * (part.mean() - whole.mean()) ** 2 for part in parts)
    return float(between / max(float(np.square(whole - whole.mean()).sum()), 1e-18))


def _held(voice: Voice, control: ControlSpec, library: Mapping[str, Path], folder: Path) -> Moved:
    """Held low, high, and low with other chance."""
    found = []
    for value, seed in ((control.map(0.1), SEED), (control.map(0.95), SEED), (control.map(0.1), SEED + 1)):
        acts: list[Act] = [*_setting(voice), Control(voice.name, control.name, value, 0.0)]
        if voice.kind == "note":
            acts += [Note(voice.name, k * 2.0 + 0.01, {}) for k in range(11)]
        found.append(_heard(voice, acts, HELD_S, library, folder, seed)[1])
    best = Moved(control.name, "nothing", 0.0, 0.0, 0.0, True)
    for name in claimed(voice.synthdef, control.name):
        plain = name.removeprefix("unrest of ")
        low, high, again = (values[plain][10:][np.isfinite(values[plain][10:])] for values in found)
        if min(len(low), len(high), len(again)) < 10:
            continue
        unrest = plain != name
        one, other, chance = (_unrest(x) if unrest else x for x in (low, high, again))
        apart = _apart(one, other)
        if apart > max(APART, APARTER * _apart(one, chance), best.follows):
            take = np.std if unrest else np.mean
            best = Moved(control.name, name, float(take(low)), float(take(high)), apart, True)
    return best


def _unrest(values: Sound) -> Sound:
    """How far from the middle, as the ear takes distances: by ratio."""
    distance: Sound = np.log(np.abs(values - np.median(values)) + 1e-6)
    return distance


def _apart(one: Sound, other: Sound) -> float:
    spread = np.sqrt((one.var() + other.var()) / 2)
    return float(abs(one.mean() - other.mean()) / max(float(spread), 1e-3 * abs(float(one.mean())), 1e-9))


def _child_cpu_s() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
