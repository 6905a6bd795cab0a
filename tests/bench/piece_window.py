"""A stretch of a session as the piece plays it: the actions, the gates, and what stood when it began."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from somatone.path import Path as SignalPath
from somatone.pieces.outside import OUTSIDE_VOICES
from somatone.pieces.piece import Piece
from somatone.records import Action, Control, Gate, NativeChunk, Note, Record
from somatone.replay import emitted
from somatone.sources.simulated_body import LIVELY, SimulatedBody
from somatone.timeline.timeline import RecordingClock
from somatone.voices import load_voices

Timed = tuple[float, Record]
LEAD_S, STEP_S = 60.0, 10.0  # rules need a while; how finely a stretch is looked for


@dataclass(slots=True)
class Window:
    """Times are seconds from the beginning of the stretch; `begin_s` is where that lies in the session."""

    begin_s: float
    seconds: float
    actions: list[Control | Note] = field(default_factory=list)
    gates: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    beats_s: list[float] = field(default_factory=list)

    def frozen(self, voice: str, control: str, value: float) -> list[Control | Note]:
        """The actions, but one control stands still."""
        rest = [a for a in self.actions if isinstance(a, Note) or (a.voice, a.control) != (voice, control)]
        return [Control(voice, control, value, 0.0), *rest]

    def values(self, voice: str, control: str, at_s: np.ndarray) -> np.ndarray:
        """Where a control stands at these times."""
        steps = [
            (a.at_s, a.value)
            for a in self.actions
            if isinstance(a, Control) and (a.voice, a.control) == (voice, control)
        ]
        index = np.searchsorted([t for t, _ in steps], at_s, side="right") - 1
        return np.array([steps[max(i, 0)][1] for i in index])


def liveliest(records: list[Timed], seconds: float) -> float:
    """Where the stretch begins in which most is said: onsets, and movement that comes and goes, while it is worn."""
    weights = {"eda.onset": 4.0, "motion.active": 3.0, "temp.rise": 2.0, "motion.still": 2.0, "pulse.beat": 0.02}
    said = [(at, weights[r.name]) for at, r in records if isinstance(r, Gate) and r.name in weights]
    end_s = max(at for at, _ in records) - seconds
    starts = np.arange(LEAD_S, max(end_s, LEAD_S + 1), STEP_S)
    times, worth = (np.array(column) for column in zip(*said, strict=True))
    return float(max(starts, key=lambda begin: worth[(times >= begin) & (times < begin + seconds)].sum()))


def liveliest_for(records: list[Timed], voice: str, control: str, seconds: float, fallback_s: float) -> float:
    """Where the stretch begins in which this control moves furthest by its own scale; `fallback_s` where it moves at
    least half as far there."""
    spec = load_voices()[voice].controls[control]
    told = [(at, emitted(r, at)) for at, r in records if isinstance(r, Action) and r.voice == voice]
    steps = [(at, spec.unmap(act.value)) for at, act in told if isinstance(act, Control) and act.control == control]
    if not steps:
        return fallback_s
    at_s, places = (np.array(column) for column in zip(*steps, strict=True))

    def reach(begin_s: float) -> float:
        first, last = np.searchsorted(at_s, (begin_s, begin_s + seconds))
        return float(np.ptp(places[max(first - 1, 0) : max(last, 1)]))

    starts = np.arange(LEAD_S, max(float(at_s[-1]) - seconds, LEAD_S + 1), STEP_S)
    best_s = float(max(starts, key=reach))
    return fallback_s if reach(fallback_s) >= reach(best_s) / 2 else best_s


def window(records: Iterable[Timed], begin_s: float, seconds: float) -> Window:
    """Cuts a stretch; every control begins where it stood."""
    cut, standing, opened = Window(begin_s, seconds), dict[tuple[str, str], Control](), dict[str, float]()
    for host_s, record in records:
        at_s = host_s - begin_s
        if at_s >= seconds:
            break
        if isinstance(record, Action) and record.voice not in OUTSIDE_VOICES:
            action = emitted(record, max(at_s, 0.0))
            if isinstance(action, Control) and at_s < 0:
                standing[action.voice, action.control] = action
            elif at_s >= 0:
                cut.actions.append(action)
        elif isinstance(record, Gate):
            _gate(cut, opened, record, at_s)
    for name, from_s in opened.items():
        cut.gates.setdefault(name, []).append((from_s, seconds))
    cut.actions[:0] = [Control(c.voice, c.control, c.value, 0.0) for c in standing.values()]
    return cut


def _gate(cut: Window, opened: dict[str, float], gate: Gate, at_s: float) -> None:
    if gate.name == "pulse.beat":
        if gate.value and at_s >= 0:
            cut.beats_s.append(at_s)
    elif gate.value:
        opened.setdefault(gate.name, max(at_s, 0.0))
    elif gate.name in opened:
        from_s = opened.pop(gate.name)
        if at_s > 0:
            cut.gates.setdefault(gate.name, []).append((from_s, at_s))


def simulated_records(piece: Piece, seed: int, seconds: int, tail_s: float = 0.0) -> Iterator[Timed]:
    """A simulated wearer, in the E4's formats, through the whole path; after `tail_s` of nothing it ends."""
    body = SimulatedBody(seed, LIVELY)
    signals = {
        "bvp": ("e4.bvp_hundredths", 64, 1, [min(max(v, -131_071), 131_071) for v in body.bvp_64hz(seconds)]),
        "eda": ("e4.eda_picosiemens", 4, 1, [v * 1000 for v in body.eda_4hz(seconds)]),
        "temp": ("e4.temp_centicelsius", 4, 1, body.temp_4hz(seconds)),
        "acc": ("e4.acc_64th_g", 32, 3, body.acc_32hz(seconds)),
    }
    path = SignalPath(piece, RecordingClock)
    yield from ((0.0, record) for record in path.start(0.0))
    for quarter in range(seconds * 4):
        end_s = (quarter + 1) / 4
        yield from path.advance(end_s)
        for signal, (form, rate, width, samples) in signals.items():
            n = rate // 4
            part = tuple(samples[quarter * n * width : (quarter + 1) * n * width])
            chunk = NativeChunk("body", signal, "simulated", form, quarter * n, part, end_s, width, quarter * 250_000)
            yield from ((end_s, record) for record in path.feed(chunk))
    yield from path.advance(seconds + tail_s)
