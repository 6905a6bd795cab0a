"""Puts together what is compared: the rules of one signal as tried, as the piece is, and the references beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from somatone.tuning.catalogue import Watched
from somatone.tuning.play import Played, Progress, Seen, Values
from somatone.tuning.references import Detector, detectors, found_s

MARGIN_S = 30.0  # before and after the stretch, for the references' filters


@dataclass(frozen=True, slots=True)
class References:
    """Times (s) that the reference detectors found in one signal, None where one gave up; the E4's own intervals."""

    events: Mapping[Detector, Values | None]
    own: Sequence[tuple[float, float]] = ()

    def of(self, rule: str) -> list[tuple[Detector, Values | None]]:
        """Those that look for what this rule says."""
        return [(detector, found) for detector, found in self.events.items() if detector.rule == rule]


@dataclass(frozen=True, slots=True)
class Tuned:
    """Rules of one signal. `before` is the piece as it is, None where nothing else was tried."""

    rules: Sequence[Watched]
    played: Played
    before: Played | None
    references: References

    @property
    def signal(self) -> str:
        return self.rules[0].signal

    @property
    def seen(self) -> Seen:
        return self.played.signals[self.signal]


def by_signal(
    asked: Sequence[Watched],
    played: Played,
    before: Played | None,
    own: Sequence[tuple[float, float]],
    stretch_s: tuple[float, float],
    progress: Progress,
) -> list[Tuned]:
    """The asked rules signal by signal, as far as the recording has the signal, each with its references."""
    signals = [signal for signal in dict.fromkeys(rule.signal for rule in asked) if signal in played.signals]
    tuned: list[Tuned] = []
    for number, signal in enumerate(signals):
        rules = [rule for rule in asked if rule.signal == signal]
        looking = [detector for rule in rules for detector in detectors(rule.name)]
        events: dict[Detector, Values | None] = {}
        for k, detector in enumerate(looking):
            events[detector] = _found(detector, played.signals[signal], stretch_s)
            progress((number + (k + 1) / len(looking)) / len(signals))
        tuned.append(Tuned(rules, played, before, References(events, own)))
    return tuned


def _found(detector: Detector, seen: Seen, stretch_s: tuple[float, float]) -> Values | None:
    near = (seen.times_s >= stretch_s[0] - MARGIN_S) & (seen.times_s <= stretch_s[1] + MARGIN_S)
    return found_s(detector, seen.values[near], seen.times_s[near], seen.rate_hz)
