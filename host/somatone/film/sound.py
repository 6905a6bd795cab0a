"""The sound of a part of a recording: scsynth's own offline rendering, begun with the controls as they stood there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from somatone.film.span import Span, spanned
from somatone.options import ReplayOptions
from somatone.pieces.outside import OUTSIDE_VOICES
from somatone.recorded import Session, session_records
from somatone.records import Action
from somatone.replay import emitted


def render_span(
    session: Session,
    options: ReplayOptions,
    span: Span,
    buffers: Mapping[str, Path],
    out: Path,
    progress: Callable[[float], None],
) -> float:
    """Write what sounds from `span.begin_s` to `span.to_s` to `out`; the peak (1 is full scale)."""
    from somatone.sinks.sound.score import render  # noqa: PLC0415 - a still needs no sound
    from somatone.sinks.sound.wiring import wire_piece  # noqa: PLC0415

    def actions() -> Iterator[Action]:
        for host_s, record in session_records(session, options.piece):
            if isinstance(record, Action) and record.voice not in OUTSIDE_VOICES:
                yield emitted(record, host_s)

    report = render(
        spanned(actions(), span),
        span.to_s - span.begin_s,
        out,
        options.piece.voices,
        buffers,
        options.seed,
        progress,
        wire_piece(options.piece, options.sound.layout),
    )
    return report.peak
