"""The artist's own layer over a piece: `layer.toml`, with what was tuned, and nothing of the piece itself.

A shipped piece's layer lies in the state folder (`pieces/<name>/layer.toml`), because an update replaces the shipped
folder; a piece that is given as a folder has its layer beside its `piece.toml`. Surprises: a broken layer never stops
the gallery. What cannot be used is left out, one sentence each, and the piece's own value holds; only whoever writes
the layer (`somatone tune`) gets an error. Comments and tables that this version does not know are kept when it is
written.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from somatone import paths
from somatone.errors import PieceError, SomatoneError
from somatone.gating.parameters import check_settings
from somatone.gating.signal_rules import NO_SETTINGS, RuleSettings

FILE = "layer.toml"
HEAD = "# The artist's layer over the piece, written by `somatone tune --save`; may be edited, or deleted.\n"


class Layer(msgspec.Struct, frozen=True):
    """What a layer sets, and one sentence for each thing in it that could not be used."""

    path: Path | None = None
    rules: RuleSettings = NO_SETTINGS
    problems: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """What a person should know when the piece starts: nothing where there is no layer."""
        said = [f"{problem} The piece's own value is used." for problem in self.problems]
        if self.rules:
            what = ", ".join(f"{rule} ({', '.join(map(str, values))})" for rule, values in self.rules.items())
            said.append(f"the artist's layer {self.path} is in force: {what}.")
        return said


NO_LAYER = Layer()


def layer_path(piece_toml: Path) -> Path:
    """Where the layer of the piece with this file lies. Raises `SomatoneError` where there is no state folder."""
    folder = piece_toml.resolve().parent
    if folder.parent == paths.pieces_dir().resolve():
        return paths.state_dir() / "pieces" / folder.name / FILE
    return folder / FILE


def read_layer(piece_toml: Path) -> Layer:
    """The layer of this piece, `NO_LAYER` where there is none. Never raises."""
    try:
        path = layer_path(piece_toml)
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return NO_LAYER
    except SomatoneError as error:
        return Layer(problems=(str(error),))
    except (OSError, UnicodeDecodeError) as error:
        return Layer(path, problems=(f"{path} cannot be read ({getattr(error, 'strerror', None) or error}).",))
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Layer(path, problems=(f"{path}: {str(error).rstrip('.')}.",))
    return _usable(path, text, tables)


def over(settings: RuleSettings, layer: Layer) -> RuleSettings:
    """The piece's settings with the layer's over them."""
    rules = {rule: dict(values) for rule, values in settings.items()}
    for rule, values in layer.rules.items():
        rules.setdefault(rule, {}).update(values)
    return rules


def keep(path: Path, rules: RuleSettings) -> None:
    """Write these settings into the layer, beside what stands there. Raises `PieceError`, one sentence."""

    def change(document: Any) -> None:
        import tomlkit  # noqa: PLC0415 - only whoever writes needs it

        kept = document.setdefault("rules", tomlkit.table(is_super_table=True))
        for rule, values in rules.items():
            kept.setdefault(rule, tomlkit.table()).update(values)

    _rewrite(path, change)


def forget(path: Path, rule: str) -> bool:
    """Take a rule's settings out of the layer; whether there were any. Raises `PieceError`, one sentence."""
    found = False

    def change(document: Any) -> None:
        nonlocal found
        kept = document.get("rules", {})
        found = rule in kept
        if found:
            del kept[rule]
        if "rules" in document and not kept:
            del document["rules"]

    if path.is_file():
        _rewrite(path, change)
    return found


def _usable(path: Path, text: str, tables: Mapping[str, Any]) -> Layer:
    """Entry by entry, so that one mistake does not cost the others."""
    problems: list[str] = []
    rules: dict[str, dict[str, int]] = {}
    for key in tables.keys() - {"rules"}:
        problems.append(f"{path} line {_line(text, key)}: {key!r} is not known here, there is only 'rules'.")
    given = tables.get("rules", {})
    if not isinstance(given, Mapping):
        return Layer(path, problems=(f'{path} line {_line(text, "rules")}: write [rules."pulse.beat"].',))
    for rule, values in given.items():
        if not isinstance(values, Mapping):
            problems.append(f'{path} line {_line(text, rule)}: write [rules."{rule}"] and below it NAME = NUMBER.')
            continue
        for name, value in values.items():
            if said := _wrong(rule, name, value):
                problems.append(f"{path} line {_line(text, rule, name)}: {said}")
            else:
                rules.setdefault(rule, {})[name] = value
    return Layer(path, rules, tuple(problems))


def _wrong(rule: str, name: str, value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return f"rules.{rule}.{name}: {value!r} is no whole number."
    try:
        check_settings({rule: {name: value}})
    except SomatoneError as error:
        return str(error)
    return ""


def _line(text: str, table: str, key: str = "") -> int:
    """The line where a table, or a key in it, stands; a person looks there."""
    inside = False
    best = 1
    for number, line in enumerate(text.splitlines(), 1):
        if not inside and re.search(rf"(^|[\[\".]){re.escape(table)}\b", line):
            inside, best = True, number
        if inside and key and re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line):
            return number
    return best


def _rewrite(path: Path, change: Callable[[Any], None]) -> None:
    """Read, change, and write whole or not at all (temporary file, fsync, rename)."""
    import tomlkit  # noqa: PLC0415
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    temporary = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8") if path.exists() else HEAD
        document = tomlkit.parse(text)
        change(document)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(tomlkit.dumps(document))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise PieceError(
            f"the layer {path} cannot be written ({error.strerror}): choose another SOMATONE_HOME."
        ) from None
    except (TOMLKitError, UnicodeDecodeError, AttributeError, TypeError) as error:
        raise PieceError(f"{path}: {str(error).rstrip('.')}: mend the layer, or delete it.") from None


def _sync_folder(folder: Path) -> None:
    """Make the rename last: without it a power cut may bring the old layer back."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
