"""`somatone replay --still` and `--film`: pictures of a recording, made offline by the stage itself."""

from __future__ import annotations

from somatone.commands.progress import audio_library, progress_bar
from somatone.errors import UsageError
from somatone.options import ReplayOptions
from somatone.recorded import Session


def film_command(session: Session, options: ReplayOptions) -> None:
    """Make what was asked for, and say what it became."""
    from somatone.film.make import make_film, make_still  # noqa: PLC0415 - a replay without pictures stays light
    from somatone.film.span import checked_span  # noqa: PLC0415

    wish = options.film
    if options.render:
        raise UsageError("--render writes sound alone: make it and the film one after the other.")
    if wish.still:
        if wish.at_s > session.length_s:
            raise UsageError(f"--at {wish.at_s:g} lies outside the recording, which has {session.length_s:.0f} s.")
        with progress_bar(f"drawing {wish.still.name}") as advance:
            make_still(session, options, wish.at_s, wish.still, advance)
        print(f"{wish.still}: the stage of {options.piece.name} at {wish.at_s:g} s")
    if wish.film:
        span = checked_span(wish.from_s, wish.to_s, session.length_s)
        buffers = audio_library(options.piece, options.sound)
        with progress_bar(f"making {wish.film.name}") as advance:
            report = make_film(session, options, span, wish.film, buffers, advance)
        print(
            f"{wish.film}: {report.frames} pictures of {span.to_s - span.from_s:.1f} s; "
            f"the sound took {report.sound_s:.1f} s, the pictures {report.pictures_s:.1f} s"
        )
