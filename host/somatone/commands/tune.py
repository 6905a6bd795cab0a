"""`somatone tune`: a recording through its rules, other parameters beside the piece's own, in a table and in pictures.

What proves itself is kept as the artist's layer over the piece (`pieces/layer.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from somatone.commands.progress import progress_bar
from somatone.errors import PieceError, SessionError, UsageError
from somatone.gating.parameters import PARAMETERS
from somatone.gating.signal_rules import RuleSettings
from somatone.pieces.layer import Layer, forget, keep, layer_path, over
from somatone.pieces.piece import Piece, find_piece
from somatone.recorded import WEARER, Session, open_session, wearers
from somatone.tuning.catalogue import Watched, chosen, parameters_of, read_settings
from somatone.tuning.closeup import CloseUp, close_up
from somatone.tuning.compare import Tuned, by_signal
from somatone.tuning.play import play
from somatone.tuning.references import REFERENCED, installed
from somatone.tuning.report import coverage_row, rows


@dataclass(frozen=True, slots=True)
class TuneOptions:
    """What `somatone tune` was asked for."""

    path: Path | None
    piece: str = "correlations"
    rule: str | None = None
    settings: tuple[str, ...] = ()
    from_s: float | None = None
    to_s: float | None = None
    plot: Path | None = None
    wearer: str | None = None
    save: bool = False
    forget: bool = False
    list_all: bool = False


NOT_INSTALLED = (
    "NeuroKit2, HeartPy or SciPy is not here, so nothing is compared: install somatone with its [reference] extra "
    "to see what they find."
)
Stretch = tuple[float, float]  # seconds since the start of the recording


def tune_command(options: TuneOptions) -> None:
    """Try, show, and keep or forget. Raises `SomatoneError`, one sentence."""
    if options.plot and options.plot.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise UsageError(f"--plot {options.plot} must end in .png, .pdf or .svg.")
    piece = find_piece(options.piece)
    settings = read_settings(options.settings, options.rule)
    if options.save and not settings:
        raise UsageError("--save has nothing to keep: give --set NAME=NUMBER.")
    if options.forget:
        _forget(options, piece)
        return
    if piece.layer.problems:
        raise PieceError(piece.layer.problems[0])
    if options.list_all:
        _list(piece, options.rule)
    elif options.path:
        _tune(options, options.path, piece, settings)
    elif not options.save:
        raise UsageError("give a recording to tune with, or --list, or --forget.")
    if options.save:
        path = layer_path(piece.folder / "piece.toml")
        keep(path, settings)
        print(f"kept in {path}: from now on {piece.name} plays with it.")


def _forget(options: TuneOptions, piece: Piece) -> None:
    if options.rule is None or options.settings or options.save:
        raise UsageError("--forget takes a rule's settings out of the layer: give just --rule with it.")
    path, rule = layer_path(piece.folder / "piece.toml"), parameters_of(options.rule)
    if forget(path, rule):
        print(f"{rule} forgotten in {path}: {piece.name} plays with its own values again.")
    else:
        print(f"{path} holds nothing for {rule}: nothing was changed.")


def _list(piece: Piece, rule: str | None) -> None:
    """Every parameter, with what it is now."""
    for name in [parameters_of(rule)] if rule else PARAMETERS:
        known = PARAMETERS[name]
        table = Table(title=name, title_justify="left", title_style="bold")
        for column in ("parameter", "unit", "default", "now", "range", "meaning", "source"):
            table.add_column(column, justify="right" if column in ("default", "now", "range") else "left")
        for parameter in known.parameters:
            default = known.default(parameter.name)
            now = piece.rules.get(name, {}).get(parameter.name, default)
            table.add_row(
                parameter.name,
                parameter.unit,
                str(default),
                f"[bold]{now}[/]" if now != default else str(now),
                f"{parameter.low} .. {parameter.high}",
                parameter.about,
                parameter.source,
            )
        Console().print(table)


def _tune(options: TuneOptions, path: Path, piece: Piece, settings: RuleSettings) -> None:
    session = open_session(path)
    for problem in session.problems:
        print(f"{session.name}: {problem}.", file=sys.stderr)
    stretch_s = _stretch(options, session)
    asked = chosen(options.rule)
    tuned = _tuned(options, session, piece, settings, stretch_s, asked)
    if not tuned:
        what = f"{asked[0].signal} for {asked[0].name}" if options.rule else "signal that has rules"
        raise SessionError(f"{session.name} holds no {what}: choose another rule or recording.")
    Console().print(_table(session, tuned, stretch_s, settings))
    if options.plot:
        for out in _draw(options, session, piece, tuned, stretch_s, settings):
            print(f"drawn to {out}")


def _stretch(options: TuneOptions, session: Session) -> Stretch:
    """The stretch that was asked for, seconds since the start."""
    from_s = options.from_s if options.from_s is not None else 0.0
    to_s = min(options.to_s if options.to_s is not None else session.length_s, session.length_s)
    if not 0 <= from_s < to_s:
        raise UsageError(
            f"--from {from_s:g} --to {to_s:g} is empty: {session.name} goes from 0 to {session.length_s:.0f} s."
        )
    return from_s, to_s


def _wearer(options: TuneOptions, session: Session) -> str:
    found = wearers(session)
    if options.wearer in found:
        return options.wearer
    if options.wearer is not None or len(found) > 1:
        raise UsageError(f"{session.name} has several wearers or another: say --wearer with one of {', '.join(found)}.")
    return found[0] if found else WEARER


def _tuned(
    options: TuneOptions,
    session: Session,
    piece: Piece,
    settings: RuleSettings,
    stretch_s: Stretch,
    asked: list[Watched],
) -> list[Tuned]:
    """Play with what is tried, and where that is something as the piece is; then let the references look."""
    wearer = _wearer(options, session)
    signals = {rule.signal for rule in asked}
    with progress_bar(f"playing {session.name}") as advance:
        tried = over(piece.rules, Layer(rules=settings))
        played = play(session, piece, tried, wearer=wearer, until_s=stretch_s[1], traced=signals, progress=advance)
    before = None
    if settings:
        with progress_bar(f"playing {session.name} as the piece is") as advance:
            before = play(session, piece, piece.rules, wearer=wearer, until_s=stretch_s[1], progress=advance)
    if not installed() and any(rule.name in REFERENCED for rule in asked):
        print(NOT_INSTALLED, file=sys.stderr)
    with progress_bar("reference detectors") as advance:
        return by_signal(asked, played, before, session.ibi, stretch_s, advance)


def _table(session: Session, tuned: list[Tuned], stretch_s: Stretch, settings: RuleSettings) -> Table:
    """A section a rule; two columns where something is tried."""
    table = Table(title=f"{session.name}, {stretch_s[0]:.0f} to {stretch_s[1]:.0f} s", title_style="bold")
    table.add_column("rule")
    table.add_column("figure")
    table.add_column("piece as it is", justify="right")
    if settings:
        table.add_column("tried", justify="right")
    for group in tuned:
        table.add_row(group.rules[0].signal, *coverage_row(group.played.signals[group.rules[0].signal], stretch_s))
        table.add_section()
        for rule in group.rules:
            for k, (figure, *values) in enumerate(_rows(rule, group, stretch_s)):
                table.add_row("" if k else rule.name, figure, *values)
            table.add_section()
    return table


def _rows(rule: Watched, group: Tuned, stretch_s: Stretch) -> Iterator[tuple[str, ...]]:
    """Figure, value as the piece is, and where something is tried its value; what differs is bold."""
    now = dict(rows(rule, group.played, group.references, stretch_s))
    if group.before is None:
        yield from now.items()
        return
    was = dict(rows(rule, group.before, group.references, stretch_s))
    for figure in {**was, **now}:
        old, new = was.get(figure, ""), now.get(figure, "")
        yield figure, old, f"[bold]{new}[/]" if new != old else new


def _draw(
    options: TuneOptions, session: Session, piece: Piece, tuned: list[Tuned], stretch_s: Stretch, settings: RuleSettings
) -> Iterator[Path]:
    """One picture a signal: `OUT.png`, or `OUT-bvp.png` and so on where there are several."""
    from somatone.sinks.tune_picture import TunePicture  # noqa: PLC0415
    from somatone.sinks.tune_plot import draw_tuning  # noqa: PLC0415 - matplotlib takes a second to load

    assert options.plot
    tried = ", ".join(f"{rule} {name} = {value}" for rule, values in settings.items() for name, value in values.items())
    with progress_bar("drawing") as advance:
        for number, group in enumerate(tuned):
            signal = group.rules[0].signal
            out = options.plot
            if len(tuned) > 1:
                out = out.with_stem(f"{out.stem}-{signal}")
            names = ", ".join(rule.name for rule in group.rules)
            title = f"{session.name} · {piece.name} · {names}" + (f" · tried: {tried}" if tried else "")
            close = CloseUp(*stretch_s, "as asked") if _asked_stretch(options) else close_up(group, stretch_s)
            draw_tuning(TunePicture(title, group, stretch_s, close, session.tags_s), out)
            advance((number + 1) / len(tuned))
            yield out


def _asked_stretch(options: TuneOptions) -> bool:
    return options.from_s is not None or options.to_s is not None
