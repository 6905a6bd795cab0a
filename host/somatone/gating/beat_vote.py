"""Beats heard by two devices: one clock for both sites, and a vote where both pulses are good.

The sites are not the same distance from the heart. The usual lag of each source behind the first one is learnt from the
differences of their beats (median of the last ones, within what a body can do) and taken off, so that a change of lead
does not shift the beat. In a vote a beat counts when two have it, or when it comes where the rhythm wants one.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median

from somatone.records import Chunk, Gate

COINCIDENT_S = 0.08
LONGEST_LAG_S = 0.3  # pulse transit between two sites of one body
LAG_BEATS = 32  # about half a minute: transit drifts
WAIT_S = 0.5  # for the other detector and the lag; only a beat off the rhythm has to wait
ON_RHYTHM = 0.12  # of the usual interval: the respiratory swing of a resting heart fits in
RHYTHM_BEATS = 8
SHORTEST_S = 0.25
ON_S = 0.125


class BeatVote:
    """Merges the beats of several sources; all its times are those of the first source that it heard."""

    def __init__(self, reference: str) -> None:
        self._reference = reference
        self.reset()

    def reset(self) -> None:
        """A new wearer: forget lags and rhythm."""
        self._lags: dict[str, deque[float]] = {}
        self._heard: dict[str, deque[float]] = {}  # each source's last beats, in its own time
        self._accepted: deque[float] = deque(maxlen=RHYTHM_BEATS + 1)
        self._waiting: list[tuple[str, Gate]] = []
        self._close_s: float | None = None

    def lag_s(self, source: str) -> float:
        """How much later than at the reference's site a beat comes at this one's, seconds."""
        lags = self._lags.get(source)
        return median(lags) if lags else 0.0

    def aligned(self, beat: Gate) -> Gate:
        """The beat at the reference's site; learns the lag from it. Call once for every beat of every source."""
        heard = self._heard.setdefault(beat.source, deque(maxlen=4))
        heard.append(beat.at_s)
        if beat.source == self._reference:
            for source, others in self._heard.items():
                self._learn(source, beat.at_s, others)
            return beat
        self._learn_from_reference(beat)
        return Gate(
            beat.wearer, beat.name, 1, beat.at_s - self.lag_s(beat.source), beat.validity, beat.source, beat.strength
        )

    def hear(self, beat: Gate, *, leads: bool, vote: bool) -> list[Gate]:
        """What an aligned beat decides: without a vote the lead is believed and others are not heard."""
        if not vote:
            return self._accept(beat) if leads else []
        if self._accepted and abs(beat.at_s - self._accepted[-1]) < COINCIDENT_S:
            return []
        for k, (source, waiting) in enumerate(self._waiting):
            if source != beat.source and abs(waiting.at_s - beat.at_s) <= COINCIDENT_S:
                del self._waiting[k]
                return self._accept(beat if leads else waiting)
        if leads and self._on_rhythm(beat.at_s):
            return self._accept(beat)
        self._waiting.append((beat.source, beat))
        return []

    def expire(self, chunk: Chunk) -> list[Gate]:
        """Beats that nobody confirmed: accepted where the rhythm wants one, else dropped; and the closing edge."""
        now_s = chunk.end_s
        out: list[Gate] = []
        for entry in [entry for entry in self._waiting if now_s - entry[1].at_s > WAIT_S]:
            self._waiting.remove(entry)
            if self._on_rhythm(entry[1].at_s):
                out += self._accept(entry[1])
        if self._close_s is not None and now_s >= self._close_s:
            out.append(Gate(chunk.wearer, "pulse.beat", 0, self._close_s, chunk.validity, chunk.source))
            self._close_s = None
        return out

    def _accept(self, beat: Gate) -> list[Gate]:
        """Say it, unless a beat so near before it cannot be; a gate that is still open closes first."""
        if self._accepted and beat.at_s - self._accepted[-1] < SHORTEST_S:
            return []
        closing = []
        if self._close_s is not None:
            closing = [Gate(beat.wearer, beat.name, 0, min(self._close_s, beat.at_s), beat.validity, beat.source)]
        self._accepted.append(beat.at_s)
        self._close_s = beat.at_s + ON_S
        return [*closing, beat]

    def _on_rhythm(self, at_s: float) -> bool:
        """Whether a beat is due about now, one or two usual intervals after the last."""
        if len(self._accepted) < 4 or at_s - self._accepted[-1] > 3.0:
            return True
        usual_s = median(b - a for a, b in pairwise(self._accepted))
        since_s = at_s - self._accepted[-1]
        beats = round(since_s / usual_s)
        return beats in (1, 2) and abs(since_s - beats * usual_s) <= ON_RHYTHM * usual_s

    def _learn(self, source: str, reference_s: float, others: deque[float]) -> None:
        if source == self._reference or not others:
            return
        nearest = min(others, key=lambda other_s: abs(other_s - reference_s))
        self._note(source, nearest - reference_s)

    def _learn_from_reference(self, beat: Gate) -> None:
        if references := self._heard.get(self._reference):
            nearest = min(references, key=lambda reference_s: abs(reference_s - beat.at_s))
            self._note(beat.source, beat.at_s - nearest)

    def _note(self, source: str, lag_s: float) -> None:
        if abs(lag_s) <= LONGEST_LAG_S:
            self._lags.setdefault(source, deque(maxlen=LAG_BEATS)).append(lag_s)
