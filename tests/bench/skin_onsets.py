"""Skin-conductance onsets: against the truth of simulated records, and beside other detectors on real ones.

Seeds: the rule was tuned on 100 to 107, every figure here comes from 900 to 907, which were looked at only to print it.
The truth's first and last 5 s do not count, for nobody. Two laboratory recordings come inside packages
(`pip install --no-deps systole==0.3.1 pyphysio==4.10.0`) and are read where those are installed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import fmean, median

import numpy as np

from bench.figures import SHARED, Figure
from bench.simulated_skin import SCENARIOS, SECONDS, SkinRecord, record
from bench.skin_methods import METHODS, OURS, Onsets, constant_offset_s, matches
from bench.skin_recordings import laboratory
from gates.common import CLOSED, OPENED
from gates.eda import RECOVERED, SkinResponses
from somatone.sources.e4_files import read_session

SCORED_SEEDS = range(900, 908)
EDGE_S = 5.0
SETTLE_S = 15.0  # of a real recording: filters of all methods
E4_SESSIONS = ("S01", "S06", "S17", "S29")
LONELY_S = 12.0  # no other response within: its recovery is its own


def skin_onsets() -> Iterator[Figure]:
    """Onset F1 and delay in seven scenarios, amplitude and recovery, and agreement on real recordings."""
    offsets = {name: constant_offset_s(method) for name, method in METHODS.items()}
    truths = {scenario: [record(scenario, seed) for seed in SCORED_SEEDS] for scenario in SCENARIOS}
    scores: dict[str, list[float]] = {name: [] for name in METHODS}
    delays_s: list[float] = []
    for scenario, records in truths.items():
        line, late = _scenario(records, offsets)
        delays_s += late
        for name, f1 in line.items():
            scores[name].append(f1)
        yield Figure(f"onsets, {scenario.name}", "", f"{_line(line)}; said after {_spread(late)}")
    means = {name: fmean(values) for name, values in scores.items()}
    yield Figure("onsets, mean F1 of the seven, +-1 s", "ours >= 0.88", _line(means))
    yield Figure("onset to its emission, all scenarios", "median <= 1 s", _spread(delays_s))
    yield from _sizes(truths[SCENARIOS[1]])
    for name, samples in laboratory():
        yield _agreement(f"agreement, {name}", samples, offsets, "ours >= others - 0.03")
    for session in E4_SESSIONS:
        if (SHARED / "stress-predict" / session).is_dir():
            runs = read_session(SHARED / "stress-predict" / session).streams["eda"].runs
            samples = [v // 1000 for run in runs for v in run.samples]
            yield _agreement(f"agreement, E4 {session}", samples, offsets, "no promise")


def _inside(found: Onsets, offset_s: float, end_s: float, edge_s: float = EDGE_S) -> Onsets:
    moved = [(at_s - offset_s, said_s) for at_s, said_s in found]
    return [(at_s, said_s) for at_s, said_s in moved if edge_s <= at_s <= end_s - EDGE_S]


def _scenario(records: Sequence[SkinRecord], offsets: dict[str, float]) -> tuple[dict[str, float], list[float]]:
    """F1 of every method over all records of a scenario, and our delays from the true onset, s."""
    scores, late = {}, []
    for name, method in METHODS.items():
        hits = count = 0
        for truth in records:
            true = [t for t in truth.onsets_s if EDGE_S <= t <= SECONDS - EDGE_S]
            found = _inside(method(truth.samples), offsets[name], SECONDS)
            pairs = matches([at_s for at_s, _ in found], true)
            hits, count = hits + len(pairs), count + len(found) + len(true)
            if name == OURS:
                late += [found[i][1] - true[j] for i, j in pairs]
        scores[name] = 2 * hits / count
    return scores, late


def _sizes(records: Sequence[SkinRecord]) -> Iterator[Figure]:
    """How well amplitude and half recovery of single responses are met."""
    heights, halves = [], []
    for truth in records:
        events = _responses(truth.samples)
        for i, j in matches([event[0] for event in events], truth.onsets_s):
            others = (abs(t - truth.onsets_s[j]) for k, t in enumerate(truth.onsets_s) if k != j)
            if min(others, default=99.0) < LONELY_S:
                continue
            heights.append(events[i][1] / truth.amplitudes_nsiemens[j])
            if events[i][2]:
                halves.append(events[i][2] - truth.halves_s[j])
    about = f"quiet wrist, responses {LONELY_S:.0f} s from any other"
    yield Figure(f"amplitude, {about}", "", f"{_percentiles(heights)} of the true height, {len(heights)} responses")
    yield Figure(f"half recovery, {about}", "", f"{_percentiles(halves)} s from the true time, {len(halves)} responses")


def _responses(samples: Sequence[int]) -> list[list[float]]:
    """[onset s, height nS, half recovery s or 0] of every response."""
    rule, events = SkinResponses(4), []
    for n, x in enumerate(samples):
        mask = rule.step(x)
        if mask & OPENED:
            events.append([n / 4 - rule.age_q8 / 1024, 0.0, 0.0])
        if mask & CLOSED:
            events[-1][1] = rule.amplitude_nsiemens
        if mask & RECOVERED:
            events[-1][2] = rule.recovery_samples / 4
    return events


def _agreement(what: str, samples: Sequence[int], offsets: dict[str, float], bar: str) -> Figure:
    """Mean F1 of ours with each method, beside that of the methods among each other."""
    end_s = len(samples) / 4
    found = {
        name: [at_s for at_s, _ in _inside(method(samples), offsets[name], end_s, SETTLE_S)]
        for name, method in METHODS.items()
    }
    others = [name for name in METHODS if name != OURS and found[name]]  # kim2004 fails on some records
    mine = [_f1(found[OURS], found[name]) for name in others]
    theirs = [_f1(found[a], found[b]) for a, b in combinations(others, 2)]
    counts = ", ".join(f"{len(times)}" for times in found.values())
    return Figure(what, bar, f"ours {fmean(mine):.2f}, others {fmean(theirs):.2f}; onsets {counts}")


def _f1(a: Sequence[float], b: Sequence[float]) -> float:
    return 2 * len(matches(a, b)) / (len(a) + len(b)) if a or b else 1.0


def _line(scores: dict[str, float]) -> str:
    return ", ".join(f"{name} {score:.3f}" for name, score in scores.items())


def _spread(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.2f} s (p95 {np.percentile(seconds, 95):.2f})"


def _percentiles(values: Sequence[float]) -> str:
    low, middle, high = np.percentile(values, [10, 50, 90])
    return f"{middle:.2f} (p10 {low:.2f}, p90 {high:.2f})"
