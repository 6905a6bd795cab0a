"""Which rules a person may name for `somatone tune`, what belongs to each, and how `--set` is read.

Surprise: two gates may share one rule (rise and fall, active and still); the parameters then stand under the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from somatone.errors import UsageError
from somatone.gating.parameters import PARAMETERS, check_settings
from somatone.gating.rules import RULES
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings
from somatone.voices import unknown

SHARED = {"fall": "rise", "still": "active"}  # of the same signal


@dataclass(frozen=True, slots=True)
class Watched:
    """One rule as a person names it: a gate, or a level with parameters. `parameters` is its name in PARAMETERS."""

    name: str
    signal: str
    gate: bool
    parameters: str


def watched_rules() -> dict[str, Watched]:
    """Every rule that can be watched, in the order of the signals."""
    found: dict[str, Watched] = {}
    for signal, make in RULES.items():
        rules = make(NO_SETTINGS)
        for name in (*rules.gates, *rules.levels):
            key = _parameters(name)
            if name in rules.gates or key in PARAMETERS:
                found[name] = Watched(name, signal, name in rules.gates, key if key in PARAMETERS else "")
    return found


def chosen(rule: str | None) -> list[Watched]:
    """The rule of that name, or all. Raises `UsageError` with the nearest valid name."""
    known = watched_rules()
    if rule is None:
        return list(known.values())
    if rule not in known:
        raise UsageError(f"--rule: {unknown('rule', rule, known)}")
    return [known[rule]]


def parameters_of(rule: str) -> str:
    """The name under which a rule's parameters stand. Raises `UsageError` where there is no such rule."""
    if _parameters(rule) not in PARAMETERS:
        raise UsageError(f"--rule: {unknown('rule with parameters', rule, PARAMETERS)}")
    return _parameters(rule)


def _parameters(rule: str) -> str:
    signal, _, kind = rule.rpartition(".")
    return rule if rule in PARAMETERS else f"{signal}.{SHARED.get(kind, kind)}"


def read_settings(words: Iterable[str], rule: str | None) -> RuleSettings:
    """`NAME=NUMBER` of one rule, or `RULE.NAME=NUMBER`; checked. Raises `SomatoneError`, one sentence."""
    settings: dict[str, dict[str, int]] = {}
    for word in words:
        key, mark, text = word.partition("=")
        try:
            value = int(text)
        except ValueError:
            mark = ""
        if not mark:
            raise UsageError(f"--set {word!r}: write NAME=NUMBER with a whole number, as refractory_ms=320.")
        owner, _, name = key.strip().rpartition(".")
        owner = owner or rule or _owner(name)
        owner = parameters_of(owner)
        settings.setdefault(owner, {})[name] = value
    check_settings(settings)
    return settings


def _owner(name: str) -> str:
    """The only rule that has a parameter of this name."""
    owners = [rule for rule, known in PARAMETERS.items() if name in {p.name for p in known.parameters}]
    if len(owners) == 1:
        return owners[0]
    if not owners:
        names = dict.fromkeys(p.name for known in PARAMETERS.values() for p in known.parameters)
        raise UsageError(f"--set: {unknown('parameter', name, names)}")
    raise UsageError(
        f"--set {name}: {', '.join(owners)} have it: say which with --rule, or write {owners[0]}.{name}=..."
    )
