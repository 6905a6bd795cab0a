"""`somatone voices`: the instrument as a table, from the file that everything else reads too."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from somatone.voices import ControlSpec, Voice, find_voice, load_voices


def voices_command(name: str, markdown: bool) -> None:
    """All voices, or all controls of one."""
    print_rows = _markdown if markdown else _drawn
    if name:
        voice = find_voice(name)
        rows = [_control(spec) for spec in voice.controls.values()]
        print_rows(f"{name}: {voice.meaning}", ("control", "from", "to", "default", "unit", "spread", "what"), rows)
        return
    print_rows("voices", ("voice", "is", "what", "controls"), [_voice(voice) for voice in load_voices().values()])


def _voice(voice: Voice) -> tuple[str, ...]:
    kind = "note" if voice.kind == "note" and voice.stage == "source" else voice.stage
    return voice.name, kind, voice.meaning, ", ".join(voice.controls)


def _control(spec: ControlSpec) -> tuple[str, ...]:
    numbers = (f"{value:g}" for value in (spec.minimum, spec.maximum, spec.default))
    return spec.name, *numbers, spec.unit, spec.warp, spec.meaning


def _drawn(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(*heads, title=title)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _markdown(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    for row in (heads, ("---",) * len(heads), *rows):
        print(f"| {' | '.join(row)} |")
