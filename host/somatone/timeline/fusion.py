"""Several devices on one body: which of them leads each signal. Failover with hysteresis, never a mean of waveforms.

Every chunk goes on with its quality and with the answer to "does its source lead"; the rules run for all sources, so
that a change of lead finds them warm. The first source in `PREFERRED` leads while it is good. Another takes over when
the lead has been poor for `POOR_S` (at once, nearly, when it is not on the body at all), and hands back after `GOOD_S`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gates.common import OPENED, RunningMedian
from gates.pulse import PulseBeats
from somatone.records import Chunk, Status, Validity

FULL = 256  # quality is Q8
POOR = 128
GOOD = 154  # 0.6
MARGIN = 51  # 0.2: a source must be this much better to take over, and may be half as much worse to take back
POOR_S = 2.0
INVALID_S = 0.25
GOOD_S = 5.0
MOVING_QUALITY = 96
PREFERRED = ("e4", "archive", "board", "simulated")  # by the beginning of the source's name

REGULAR_Q8 = 31  # spread of the intervals, 1/256 of their median: 12 % and less is a rhythm ...
IRREGULAR_Q8 = 92  # ... 36 % and more is none (signals.md, 3.3)
LOST_BEAT_SAMPLES = 160  # 2.5 s at 64 Hz


class PulseQuality:
    """How far the pulse of one source is a rhythm, 0 .. 256: spread of its last eight intervals."""

    def __init__(self) -> None:
        self._beats = PulseBeats(64)
        self._intervals = RunningMedian(8)
        self._spread = RunningMedian(8)
        self._since = LOST_BEAT_SAMPLES
        self.value = 0

    def feed(self, chunk: Chunk) -> int:
        """The quality after these samples."""
        for x in chunk.samples:
            self._since = min(self._since + 1, LOST_BEAT_SAMPLES)
            if self._beats.step(x) & OPENED:
                self._beat()
        if self._since >= LOST_BEAT_SAMPLES or self._spread.count < 4:
            self.value = 0
        return self.value

    def _beat(self) -> None:
        self._since = 0
        interval = self._beats.interval_q8
        if not interval:
            return
        usual = self._intervals.value or interval
        self._intervals.add(interval)
        self._spread.add(min((abs(interval - usual) << 8) // usual, FULL))
        over = min(max(self._spread.value - REGULAR_Q8, 0), IRREGULAR_Q8 - REGULAR_Q8)
        self.value = FULL - (over << 8) // (IRREGULAR_Q8 - REGULAR_Q8)


@dataclass(slots=True)
class _Candidate:
    """One source of one signal."""

    rank: int
    quality: int = 0
    valid: bool = False
    heard_s: float = 0.0
    pulse: PulseQuality = field(default_factory=PulseQuality)


@dataclass(slots=True)
class _Race:
    """All sources of one signal of one wearer, and who leads."""

    candidates: dict[str, _Candidate] = field(default_factory=dict)
    lead: str = ""
    poor_since_s: float | None = None
    better_since_s: float | None = None


class Fusion:
    """Marks each chunk with its quality and whether its source leads; says each change of lead once."""

    def __init__(self) -> None:
        self._races: dict[tuple[str, str], _Race] = {}

    def feed(self, chunk: Chunk) -> tuple[Chunk, Status | None]:
        """The same chunk, marked. A lone source always leads and costs nothing."""
        race = self._races.setdefault((chunk.wearer, chunk.signal), _Race())
        candidate = race.candidates.get(chunk.source)
        if candidate is None:
            candidate = race.candidates[chunk.source] = _Candidate(_rank(chunk.source))
            race.lead = race.lead or chunk.source
        if len(race.candidates) == 1:
            return chunk, None
        candidate.valid = chunk.validity.usable or chunk.validity is Validity.MOVING
        candidate.quality = _quality(candidate, chunk)
        candidate.heard_s = chunk.end_s
        said = self._run(race, chunk)
        return _marked(chunk, candidate.quality, chunk.source == race.lead), said

    def _run(self, race: _Race, chunk: Chunk) -> Status | None:
        """Decide who leads, at the end of this chunk."""
        now_s = chunk.end_s
        lead = race.candidates[race.lead]
        best_name = max(race.candidates, key=lambda n: (_now(race.candidates[n], now_s), -race.candidates[n].rank))
        best = race.candidates[best_name]
        worth, lead_worth = _now(best, now_s), _now(lead, now_s)
        poor = lead_worth < POOR and worth >= lead_worth + MARGIN
        race.poor_since_s = _since(race.poor_since_s, poor, now_s)
        patience_s = POOR_S if lead.valid and now_s - lead.heard_s < INVALID_S else INVALID_S
        if race.poor_since_s is not None and now_s - race.poor_since_s >= patience_s:
            return self._hand_over(race, best_name, chunk, "it was poor")
        first_name = min(race.candidates, key=lambda n: race.candidates[n].rank)
        first_worth = _now(race.candidates[first_name], now_s)
        better = first_name != race.lead and first_worth >= GOOD and first_worth >= lead_worth - MARGIN // 2
        race.better_since_s = _since(race.better_since_s, better, now_s)
        if race.better_since_s is not None and now_s - race.better_since_s >= GOOD_S:
            return self._hand_over(race, first_name, chunk, "the first choice is good again")
        return None

    @staticmethod
    def _hand_over(race: _Race, name: str, chunk: Chunk, why: str) -> Status:
        before, race.lead = race.lead, name
        race.poor_since_s = race.better_since_s = None
        message = f"{chunk.signal} is now taken from {name} instead of {before}, because {why}"
        return Status(f"{chunk.signal}.source", name, chunk.end_s, message, wearer=chunk.wearer, source=name)


def _since(since_s: float | None, holds: bool, now_s: float) -> float | None:
    """Since when something holds without a break, None where it does not."""
    if not holds:
        return None
    return now_s if since_s is None else since_s


def _rank(source: str) -> int:
    return next((k for k, name in enumerate(PREFERRED) if source.startswith(name)), len(PREFERRED))


def _now(candidate: _Candidate, now_s: float) -> int:
    """Quality, or nothing where the source has fallen silent."""
    return candidate.quality if now_s - candidate.heard_s < INVALID_S + 2.0 else 0


def _quality(candidate: _Candidate, chunk: Chunk) -> int:
    """Q8. Only the pulse can be judged by its rhythm; the others are as good as their validity."""
    rhythm = candidate.pulse.feed(chunk) if chunk.signal == "bvp" else FULL
    if chunk.validity is Validity.MOVING:
        return min(rhythm, MOVING_QUALITY)
    return rhythm if chunk.validity.usable else 0


def _marked(chunk: Chunk, quality: int, leads: bool) -> Chunk:
    return Chunk(
        chunk.wearer,
        chunk.signal,
        chunk.source,
        chunk.index,
        chunk.samples,
        chunk.start_s,
        chunk.rate_hz,
        chunk.validity,
        chunk.width,
        quality,
        leads,
    )
