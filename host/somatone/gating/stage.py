"""The gates stage: one set of rules for every signal of every wearer, and the gate that says whether one is worn.

A wearer who has been away for `FORGET_S` is forgotten: the next visitor never inherits the last one's range.
"""

from __future__ import annotations

from somatone.gating.breath import BREATH_SIGNALS, BreathChoice
from somatone.gating.fused import FusedRules
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings
from somatone.records import Chunk, Event, Gate, Validity

FORGET_S = 10.0
NOT_WORN = (Validity.ABSENT, Validity.STALE)
WATCHED_S = 3.0  # after its last sample an accelerometer no longer vouches for stillness


class _Wearer:
    def __init__(self) -> None:
        self.breath = BreathChoice()
        self.rules: dict[str, FusedRules] = {}
        self.retired: dict[str, FusedRules] = {}  # by signal: until its next chunk
        self.validity: dict[tuple[str, str], Validity] = {}  # as it last was, by signal and source
        self.open = False
        self.away_since_s: float | None = None


class Gating:
    """Chunks in, gates and levels out."""

    def __init__(self, settings: RuleSettings = NO_SETTINGS) -> None:
        self._settings = settings
        self._wearers: dict[str, _Wearer] = {}

    def feed(self, chunk: Chunk) -> list[Event]:
        """Every event of one chunk, `contact.worn` first."""
        wearer = self._wearers.get(chunk.wearer)
        if wearer is None:
            wearer = self._wearers[chunk.wearer] = _Wearer()
        events: list[Event] = []
        lane = chunk.signal, chunk.source
        if wearer.validity.get(lane) is not chunk.validity:
            wearer.validity[lane] = chunk.validity
            events += self._contact(wearer, chunk)
        rules = wearer.rules.get(chunk.signal)
        if rules is None:
            if old := wearer.retired.pop(chunk.signal, None):
                events += old.retire(chunk)
            rules = wearer.rules[chunk.signal] = FusedRules(chunk.signal, self._settings)
        if chunk.signal == "acc" and chunk.samples and (pulse := wearer.rules.get("bvp")):
            pulse.watch(chunk.source, chunk.end_s + WATCHED_S)
        heard = rules.feed(chunk)
        if chunk.signal in BREATH_SIGNALS:
            heard = wearer.breath.heard(chunk, heard)
        return events + heard if events else heard

    def retune(self, settings: RuleSettings) -> None:
        """Go on with other parameters: the signals whose rules they are for begin anew, the others do not notice."""
        changed = {name for name in {*self._settings, *settings} if self._settings.get(name) != settings.get(name)}
        self._settings = settings
        for wearer in self._wearers.values():
            for signal in [name for name, rules in wearer.rules.items() if rules.uses(changed)]:
                wearer.retired[signal] = wearer.rules.pop(signal)

    def _contact(self, wearer: _Wearer, chunk: Chunk) -> list[Event]:
        worn = any(validity not in NOT_WORN for validity in wearer.validity.values())
        if worn == wearer.open:
            return []
        wearer.open = worn
        if not worn:
            wearer.away_since_s = chunk.end_s
        elif wearer.away_since_s is None or chunk.start_s - wearer.away_since_s >= FORGET_S:
            for rules in wearer.rules.values():
                rules.reset()
        validity = Validity.WORN if worn else chunk.validity
        return [Gate(chunk.wearer, "contact.worn", int(worn), chunk.start_s, validity, chunk.source)]
