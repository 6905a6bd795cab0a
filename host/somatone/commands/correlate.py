"""`somatone correlate`: which streams of a recording move together, and what chance makes of the same streams."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from somatone.commands.progress import progress_bar
from somatone.errors import SomatoneError, UsageError
from somatone.pieces.piece import Piece
from somatone.recorded import Session, open_session, session_records
from somatone.records import Gate
from somatone.timeline.correlation.pair import Verdict, is_expected
from somatone.timeline.correlation.snapshot import Snapshot
from somatone.timeline.correlation.stage import SOURCE, Correlations
from somatone.timeline.correlation.streams import Key
from somatone.timeline.correlation.whole import LEAST_TICKS, TURNS, Whole, WholePair, whole_of

SNAPSHOT_S = 10


@dataclass(slots=True)
class Heard:
    """What the live stage made of a recording: codes by stream and second, and a snapshot every `SNAPSHOT_S`."""

    codes: dict[Key, dict[int, int]] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)

    def share(self, pair: WholePair) -> tuple[float, float]:
        """For how much of the time the live stage knew anything of a pair, and for how much of that it was above."""
        verdicts = Counter(
            view.verdict
            for snapshot in self.snapshots
            for view in snapshot.pairs
            if (view.first, view.second) == (pair.first, pair.second)
        )
        known = sum(verdicts.values()) - verdicts[Verdict.UNKNOWN]
        above = verdicts[Verdict.LIKELY] + verdicts[Verdict.UNLIKELY]
        return known / max(len(self.snapshots), 1), above / max(known, 1)


def correlate_command(path: Path, plot: Path | None, piece: Piece) -> None:
    """Print the table and, if asked, draw the picture. Raises `SessionError` for a path that is no session."""
    if plot and plot.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise UsageError(f"--plot {plot} must end in .png, .pdf or .svg.")
    session = open_session(path)
    with progress_bar(f"listening to {session.name}") as advance:
        heard = heard_in(session, piece, advance)
    whole = whole_of(heard.codes)
    if whole is None:
        raise SomatoneError(
            f"{session.name} is too short, or too little of it was measured on a body: "
            f"correlations need {LEAST_TICKS // 60} minutes of at least two signals."
        )
    for problem in session.problems:
        print(f"{session.name}: {problem}.", file=sys.stderr)
    Console(width=None if sys.stdout.isatty() else 120).print(_table(session, whole, heard))
    for line in summary(whole):
        print(line)
    if plot:
        from somatone.sinks.correlation_plot import draw_correlations  # noqa: PLC0415 - matplotlib takes a second

        draw_correlations(session.name, whole, heard.snapshots, plot)
        print(f"drawn to {plot}")


def heard_in(session: Session, piece: Piece, progress: Callable[[float], None] = lambda share: None) -> Heard:
    """Run a session through the path and listen beside it."""
    heard = Heard()

    def on_tick(tick: int, codes: dict[Key, int]) -> None:
        for key, code in codes.items():
            heard.codes.setdefault(key, {})[tick] = code
        if tick % SNAPSHOT_S == 0:
            heard.snapshots.append(listener.snapshot())

    listener = Correlations(on_tick)
    for host_s, record in session_records(session, piece, listener.chunk):
        progress(host_s / session.length_s)
        if isinstance(record, Gate) and record.source != SOURCE:
            listener.event(record)
        listener.advance(host_s)
    return heard


def verdict_of(whole: Whole, pair: WholePair) -> Verdict:
    """One word for the whole recording."""
    if not whole.above(pair):
        return Verdict.CHANCE
    return Verdict.LIKELY if is_expected(pair.first, pair.second) else Verdict.UNLIKELY


def summary(whole: Whole) -> list[str]:
    """The lines under the table."""
    above = sum(whole.above(pair) for pair in whole.pairs)
    return [
        f"{above} of {len(whole.pairs)} pairs move together by more than chance, over {whole.seconds / 60:.0f} minutes",
        f"whole recording: every circular shift of every pair, and {TURNS} turns of all streams for the threshold "
        "(99 % of the strongest pair and lag)",
        "live: the last 300 s against shifts of one to six minutes into the past; "
        "the last column is what a piece would hear",
        "r: of the seconds in which both moved clearly, those in which they agreed less those in which they opposed",
    ]


def _table(session: Session, whole: Whole, heard: Heard) -> Table:
    table = Table(title=f"{session.name}: who moves with whom")
    columns = ("pair", "who first", "r", "chance 99 %", "surprise", "whole recording", "live: found, of time known")
    for column in columns:
        table.add_column(column, justify="left" if column in ("pair", "who first", "whole recording") else "right")
    for pair in sorted(whole.pairs, key=lambda pair: -pair.score):
        known, above = heard.share(pair)
        table.add_row(
            pair_label(pair),
            leader(pair),
            f"{pair.r:+.2f}",
            f"{pair.r_of(whole.threshold):.2f}",
            f"{'> ' * pair.beyond}{pair.bits:.1f} bit",
            verdict_of(whole, pair).value,
            f"{above:.0%} of {known:.0%}" if known else "never known",
        )
    return table


def pair_label(pair: WholePair) -> str:
    """The pair, with its wearers where they are two."""
    (one, a), (other, b) = pair.first, pair.second
    return f"{a} + {b}" if one == other else f"{one} {a} + {other} {b}"


def leader(pair: WholePair) -> str:
    """Which of the two moves first, and by how much."""
    if pair.lag_s == 0:
        return "together"
    return f"{(pair.second if pair.lag_s > 0 else pair.first)[1]} by {abs(pair.lag_s)} s"
