"""The visitor cycle: is each one usable within a minute, and does every gate of a state stay alive for every body?

Usable: within 60 s of being said to be worn every signal is valid, the levels are said and a beat was heard; and in the
minute that follows `eda.tonic` does not stick to an end. Rules were chosen on simulated people of seeds 920 to 955,
those here are 960 and up; the real ones are all five-minute stretches of the E4 sessions, seen while choosing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import fmean

from bench.figures import SHARED, Figure
from bench.visitor_cycle import AWAY_S, VISIT_S, Visitor, chunks, real, simulated
from somatone.path import Path
from somatone.pieces.piece import find_piece
from somatone.recorded import session_records
from somatone.records import Gate, Level, Validity
from somatone.sources.e4_files import read_session
from somatone.timeline.timeline import RecordingClock

SESSIONS = ("S01", "S06", "S17", "S29")
STATES = ("eda.high", "eda.rise", "eda.fall", "temp.rise", "temp.fall", "motion.active", "motion.still")
LEVELS = ("eda.tonic", "temp.level")
NEEDED = ("eda.tonic", "temp.level", "pulse.beat")
USABLE_S = 60.0
MIDDLE = 0.1 - 1 / 256, 0.9 + 1 / 256  # the ends are inside, and a level is said in steps of 1/256
PERIOD_S = VISIT_S + AWAY_S
Trace = list[tuple[float, float]]


class Visit:
    """What was said during one visit: gates and levels by name, times from the visit's begin, s."""

    def __init__(self) -> None:
        self.said: dict[str, Trace] = defaultdict(list)

    def share(self, name: str, low: float, high: float, from_s: float, to_s: float = VISIT_S) -> float:
        """Share of the time in which the value lay within low .. high."""
        total, value, since = 0.0, 0.0, from_s
        for said_s, new in [*self.said[name], (to_s, 0.0)]:
            at_s = min(max(said_s, from_s), to_s)
            total += (at_s - since) * (low <= value <= high)
            value, since = new, at_s
        return total / (to_s - from_s)

    @property
    def usable(self) -> bool:
        first = [min((t for t, _ in self.said[name]), default=1e9) for name in NEEDED]
        return max(first) <= USABLE_S and self.share("eda.tonic", 0.02, 0.98, 60.0, 120.0) >= 0.5


def visitors() -> Iterator[Figure]:
    """Simulated people, real stretches, and how fast loss of contact shuts every gate."""
    groups = {"simulated": simulated()}
    for session in SESSIONS:
        if (SHARED / "stress-predict" / session).is_dir():
            groups.setdefault("real", []).extend(real(session))
    for group, people in groups.items():
        visits = _play(people)
        usable = [visit.usable for visit in visits]
        yield Figure(
            f"visitors, {group}: usable within 60 s", ">= 90 %", f"{fmean(usable):.0%} of {len(usable)} visits"
        )
        kinds = list(dict.fromkeys(person.name for person in people))
        for name in STATES:
            yield Figure(
                f"visitors, {group}: duty of {name}", "10 .. 60 %", _by_kind(kinds, people, visits, name, 1, 1)
            )
        for name in LEVELS:
            yield Figure(
                f"visitors, {group}: {name} in its middle 80 %", "", _by_kind(kinds, people, visits, name, *MIDDLE)
            )
        yield Figure(f"visitors, {group}: eda.responds", "", _by_kind(kinds, people, visits, "eda.responds", 1, 1))
    for session in ("S17", "S29"):
        if (SHARED / "stress-predict" / session).is_dir():
            yield _losses(session)


def _play(people: Sequence[Visitor]) -> list[Visit]:
    visits = [Visit() for _ in people]
    path = Path(find_piece("correlations"), RecordingClock)
    path.start(0.0)
    for now_s, chunk in chunks(people):
        path.advance(now_s)
        for record in path.feed(chunk):
            if not isinstance(record, Gate | Level) or (isinstance(record, Level) and not record.validity.usable):
                continue
            number, since_s = divmod(record.at_s - AWAY_S, PERIOD_S)
            if 0 <= number < len(visits):
                visits[int(number)].said[record.name].append((since_s, record.value))
    return visits


def _by_kind(
    kinds: Sequence[str], people: Sequence[Visitor], visits: Sequence[Visit], name: str, low: float, high: float
) -> str:
    """Mean share over the visits of each kind and of all, without the first minute."""
    shares = [visit.share(name, low, high, USABLE_S) for visit in visits]
    parts = []
    for kind in kinds:
        of_kind = [share for share, person in zip(shares, people, strict=True) if person.name == kind]
        parts.append(f"{kind} {fmean(of_kind):.0%}")
    return f"{', '.join(parts)}; all {fmean(shares):.0%}"


def _losses(session: str) -> Figure:
    """Every stretch of 2.5 s and more below 0.05 uS: how long until no gate stood open; openings while invalid."""
    recording = read_session(SHARED / "stress-predict" / session)
    skin = [v for run in recording.streams["eda"].runs for v in run.samples]
    lost_s = [k / 4 for k in range(80, len(skin) - 10) if skin[k - 1] >= 50_000 and max(skin[k : k + 10]) < 50_000]
    open_now: set[str] = set()
    all_shut: Trace = [(0.0, 1.0)]
    wrong = 0
    for _, record in session_records(recording, find_piece("correlations")):
        if isinstance(record, Gate):
            wrong += bool(record.value) and record.validity not in (Validity.WORN, Validity.ESTIMATED)
            (open_now.add if record.value else open_now.discard)(record.name)
            all_shut.append((record.at_s, float(not open_now)))
    late = [_shut_after(all_shut, at_s) for at_s in lost_s]
    return Figure(
        f"E4 {session}: contact lost to all gates shut",
        "<= 3 s, 0 opened while invalid",
        f"at most {max(late, default=0.0):.2f} s over {len(late)} losses, {wrong} opened while invalid",
    )


def _shut_after(all_shut: Trace, lost_s: float) -> float:
    before = [shut for at_s, shut in all_shut if at_s <= lost_s]
    if before and before[-1]:
        return 0.0
    return min((at_s - lost_s for at_s, shut in all_shut if at_s > lost_s and shut), default=99.0)
